//! The description of the API and the API are the same thing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use crate::client::ask;
use crate::schemas::{description, validate};
use crate::served::Place;

/// The addresses in the sources of the server, pages for people apart.
fn routed() -> BTreeSet<String> {
    let mut routed = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("dashboard") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(path).unwrap();
                let addresses = text.split(".route(").skip(1);
                let addresses = addresses.map(|rest| rest.split('"').nth(1).unwrap().to_owned());
                routed.extend(addresses);
            }
        }
    }
    routed
}

fn paths() -> BTreeMap<String, Value> {
    serde_json::from_value(description()["paths"].clone()).unwrap()
}

#[test]
fn every_address_is_described_and_every_description_has_its_address() {
    let described: BTreeSet<_> = paths().into_keys().collect();
    assert_eq!(described, routed());
    assert!(described.len() > 10);
}

#[test]
fn an_address_has_the_methods_that_are_described_and_no_others() {
    let place = Place::new();
    place.create("pear");
    let served = place.serve(&[]);
    for (template, described) in paths() {
        let path = template.replace("{id}", "pear");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            // A stream has no end to wait for.
            if template == "/events" && method == "GET" {
                continue;
            }
            let answer = ask(served.address, method, &path, &[], "");
            let is_described = !described[method.to_lowercase()].is_null();
            assert_eq!(answer.status != 405, is_described, "{method} {path}: {}", answer.status);
            assert_ne!(answer.status, 404, "{method} {path}");
        }
    }
}

#[test]
fn every_parameter_that_is_described_is_understood_and_no_other_one_is() {
    let place = Place::new();
    place.create("pear");
    let served = place.serve(&[]);
    let values = BTreeMap::from([
        ("status", "all"),
        ("search", "x"),
        ("tag", "x"),
        ("cwd", "/x"),
        ("since", "1h"),
        ("until", "1h"),
        ("sort", "name"),
        ("limit", "3"),
        ("at", "1"),
        ("from_seq", "1"),
        ("after", "pear"),
    ]);
    for (template, described) in paths().into_iter().filter(|(path, _)| path.starts_with("/api/v1"))
    {
        let path = template.replace("{id}", "pear");
        let parameters = described["get"]["parameters"].as_array().cloned().unwrap_or_default();
        for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            // A cursor is taken from a page: another test goes through pages.
            let Some(value) = values.get(name) else {
                assert_eq!(name, "cursor");
                continue;
            };
            served.get(&format!("{path}?{name}={value}")).expect(200);
        }
        if !parameters.is_empty() && !parameters.iter().all(|parameter| parameter["in"] == "path") {
            served.get(&format!("{path}?colour=red")).expect(400);
        }
    }
}

#[test]
fn the_description_is_served_as_it_is() {
    let served = Place::new().serve(&[]);
    assert_eq!(&served.get("/api/openapi.json").expect(200).json(), description());
}

#[test]
fn each_operation_is_described_as_it_is_understood() {
    let bodies = [
        json!({"op": "record", "role": "user", "text": "x", "model": "m", "key": "k", "expect": 1}),
        json!({"op": "rename", "name": null}),
        json!({"op": "set", "key": "a", "value": {"b": [1]}}),
        json!({"op": "unset", "key": "a"}),
        json!({"op": "tag", "tag": "a"}),
        json!({"op": "untag", "tag": "a"}),
        json!({"op": "archive", "expect": 2}),
    ];
    let schema = json!({"$ref": "#/components/schemas/ChangeRequest"});
    let place = Place::new();
    place.create("pear");
    let served = place.serve(&["--writable"]);
    for mut body in bodies {
        validate(&schema, &body, "a change");
        body["expect"] = Value::Null;
        served.post("/api/v1/sessions/pear/changes", &body).expect(200);
    }
    let variants = description()["components"]["schemas"]["ChangeRequest"]["oneOf"].clone();
    let described: BTreeSet<_> = variants
        .as_array()
        .unwrap()
        .iter()
        .map(|variant| variant["properties"]["op"]["const"].as_str().unwrap().to_owned())
        .collect();
    let there_are: BTreeSet<_> =
        annals::manager::ChangeLine::OPERATIONS.map(str::to_owned).into_iter().collect();
    assert_eq!(described, there_are);
}
