//! What a state shows of the data of one event.

use serde_json::Value;

use super::SessionMetadata;

/// A state without what it may have from the data of an event: the texts, tags and fields that
/// stand in them, unless other records have them too. Counts, times and the status stay.
///
/// `data` is `None` where nobody knows the data any more: then only those stay that are `proved`,
/// which is the state that all other records come to by themselves.
#[must_use]
pub fn without_traces(
    state: &SessionMetadata,
    data: Option<&Value>,
    proved: &SessionMetadata,
) -> SessionMetadata {
    let is_trace = |text: &str| data.is_none_or(|data| has_text(data, &|held| held == text));
    // Only its beginning goes into the state.
    let is_beginning =
        |text: &str| data.is_none_or(|data| has_text(data, &|held| held.starts_with(text)));
    let is_value = |value: &Value| data.is_none_or(|data| has_value(data, value));
    let or_proved = |text: Option<String>, proved: &Option<String>| {
        text.filter(|text| !is_trace(text)).or_else(|| proved.clone())
    };
    let mut left = state.clone();
    left.first_message = left.first_message.filter(|text| !is_beginning(text));
    left.first_message = left.first_message.or_else(|| proved.first_message.clone());
    left.name = left.name.filter(|name| !is_trace(name.as_str())).or_else(|| proved.name.clone());
    left.cwd = or_proved(left.cwd, &proved.cwd);
    left.source = or_proved(left.source, &proved.source);
    left.tags.retain(|tag| !is_trace(tag.as_str()) || proved.tags.contains(tag));
    left.fields.retain(|key, value| {
        !(is_trace(key.as_str()) || is_value(value)) || proved.fields.get(key) == Some(value)
    });
    left
}

fn has_text(data: &Value, is_it: &impl Fn(&str) -> bool) -> bool {
    match data {
        Value::String(text) => is_it(text),
        Value::Array(values) => values.iter().any(|value| has_text(value, is_it)),
        Value::Object(fields) => {
            fields.iter().any(|(key, value)| is_it(key) || has_text(value, is_it))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn has_value(data: &Value, sought: &Value) -> bool {
    data == sought
        || match data {
            Value::Array(values) => values.iter().any(|value| has_value(value, sought)),
            Value::Object(fields) => fields.values().any(|value| has_value(value, sought)),
            _ => false,
        }
}
