//! Every answer that a test gets is held against the description that the server gives of itself.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::client::Answer;

/// The description, as it is in the repository.
pub fn description() -> &'static Value {
    static DESCRIPTION: OnceLock<Value> = OnceLock::new();
    DESCRIPTION.get_or_init(|| {
        let text = include_str!("../../src/serve/api/openapi.json");
        serde_json::from_str(text).unwrap()
    })
}

/// The description of an address, by the part of it before `?`.
fn described(path: &str) -> Option<&'static Value> {
    let fits = |template: &str| {
        let (ours, theirs) = (path.split('/'), template.split('/'));
        ours.clone().count() == theirs.clone().count()
            && ours.zip(theirs).all(|(part, wanted)| part == wanted || wanted.starts_with('{'))
    };
    let paths = description()["paths"].as_object().unwrap();
    paths.iter().find(|(template, _)| fits(template)).map(|(_, path)| path)
}

/// Fails where an answer is not as it is described.
#[track_caller]
pub fn check(method: &str, path: &str, answer: &Answer) {
    // What is refused before it is read as a request has no more than a status.
    if answer.status == 431 || !answer.headers.contains_key("content-type") {
        return;
    }
    let path = path.split('?').next().unwrap();
    let Some(described) = described(path).map(|path| &path[method.to_lowercase()]) else { return };
    let responses = &described["responses"];
    let status = answer.status.to_string();
    let response = responses.get(&status).or_else(|| responses.get("default"));
    let Some(response) = response else {
        assert!(described.is_null(), "{method} {path} answers {status}");
        return;
    };
    let kind = answer.headers["content-type"].split(';').next().unwrap();
    let schema = &response["content"][kind]["schema"];
    assert!(!schema.is_null(), "{method} {path} answers {status} as {kind}");
    if kind == "application/json" {
        validate(schema, &answer.json(), &format!("{method} {path} {status}"));
    }
}

/// Fails where a value is not as a schema of the description says, or holds what it does not name.
#[track_caller]
pub fn validate(schema: &Value, value: &Value, what: &str) {
    let mut components = description()["components"].clone();
    close(&mut components);
    let validator = jsonschema::validator_for(&json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": components,
        "allOf": [schema],
    }));
    let validator = validator.unwrap_or_else(|error| panic!("{what}: {error}"));
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}\n{value}");
}

/// Allows objects nothing but what is named: clients are to expect more, the test is not.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            let names_all =
                map.contains_key("properties") && !map.contains_key("additionalProperties");
            if names_all && map.get("type").is_some_and(|kind| kind == "object") {
                map.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            map.values_mut().for_each(close);
        }
        Value::Array(values) => values.iter_mut().for_each(close),
        _ => {}
    }
}
