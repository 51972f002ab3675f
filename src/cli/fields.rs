//! Custom fields as arguments: `KEY=VALUE`, where a value is JSON or text.

use serde_json::Value;

use crate::vocabulary::{FieldName, LabelError};

/// An argument is no field.
#[derive(Debug, thiserror::Error)]
pub(super) enum FieldFault {
    /// There is no `=` in it.
    #[error("write KEY=VALUE")]
    NoValue,
    /// The part before the `=` breaks the rule for names.
    #[error(transparent)]
    Name(#[from] LabelError),
}

/// A field and its value from `KEY=VALUE`.
pub(super) fn parse(argument: &str) -> Result<(FieldName, Value), FieldFault> {
    let (key, value) = argument.split_once('=').ok_or(FieldFault::NoValue)?;
    Ok((key.parse()?, value_of(value.to_owned())))
}

/// The value that an argument stands for: JSON where it reads as JSON, otherwise itself as text.
pub(super) fn value_of(argument: String) -> Value {
    serde_json::from_str(&argument).unwrap_or(Value::String(argument))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_json_where_they_read_as_json() {
        let cases = [
            ("n=1", json!(1)),
            ("n=true", json!(true)),
            ("n=[1,2]", json!([1, 2])),
            ("n=\"1\"", json!("1")),
            ("n=plain text", json!("plain text")),
            ("n=", json!("")),
            ("n=a=b", json!("a=b")),
            ("n=007", json!("007")),
        ];
        for (argument, value) in cases {
            assert_eq!(parse(argument).unwrap().1, value, "{argument}");
        }
    }

    #[test]
    fn an_argument_without_key_or_value_is_refused() {
        assert!(matches!(parse("key"), Err(FieldFault::NoValue)));
        assert!(matches!(parse("=value"), Err(FieldFault::Name(_))));
        assert!(matches!(parse("a b=value"), Err(FieldFault::Name(_))));
    }
}
