//! Short texts with rules: names, tags, field names, roles and keys.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::bounds;

/// Why a text cannot be a label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Nothing but white space.
    #[error("a {what} cannot be empty")]
    Empty {
        /// Which kind of label.
        what: &'static str,
    },
    /// Over its bound.
    #[error("a {what} has at most {max} {unit}, and this one has {actual}")]
    TooLong {
        /// Which kind of label.
        what: &'static str,
        /// The bound.
        max: usize,
        /// What is counted: characters or bytes.
        unit: &'static str,
        /// The length found.
        actual: usize,
    },
    /// A control character, or another one that the kind of label does not take.
    #[error("a {what} cannot contain {character:?}")]
    Character {
        /// Which kind of label.
        what: &'static str,
        /// The offending character.
        character: char,
    },
}

/// Defines one kind of label: a text whose only constructor checks the rule. Usual ones are not
/// allocated.
macro_rules! label {
    ($(#[$doc:meta])* $name:ident, $check:ident $(, $usual:literal)*) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Cow<'static, str>);

        impl $name {
            const USUAL: &[&str] = &[$($usual),*];

            /// The label as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = LabelError;

            fn from_str(text: &str) -> Result<Self, LabelError> {
                match Self::USUAL.iter().find(|usual| **usual == text) {
                    Some(usual) => Ok(Self(Cow::Borrowed(usual))),
                    None => $check(text).map(|()| Self(Cow::Owned(text.to_owned()))),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = LabelError;

            fn try_from(text: String) -> Result<Self, LabelError> {
                $check(&text).map(|()| Self(Cow::Owned(text)))
            }
        }

        impl From<$name> for String {
            fn from(label: $name) -> Self {
                label.0.into_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, formatter)
            }
        }
    };
}

label! {
    /// A session's name for people: 1 to 100 characters, not all white space, no control
    /// characters. Names need not be unique.
    SessionName, check_name
}
label! {
    /// A tag: 1 to 64 characters, no white space or control characters, no comma.
    Tag, check_tag
}
label! {
    /// The name of a custom field: 1 to 64 characters, no white space or control characters,
    /// no `=`.
    FieldName, check_field_name
}
label! {
    /// Who speaks in a message: 1 to 32 bytes of lowercase ASCII letters, digits, `-` and `_`.
    /// `user`, `assistant`, `system` and `tool` are the usual ones.
    Role, check_role, "user", "assistant", "system", "tool"
}
label! {
    /// What makes an append idempotent: 1 to 200 bytes of printable ASCII, without quotes or
    /// backslashes. annals makes a UUIDv7 where the caller gives none.
    Key, check_key
}

impl Role {
    /// The person.
    #[must_use]
    pub fn user() -> Self {
        Self(Cow::Borrowed("user"))
    }

    /// The model.
    #[must_use]
    pub fn assistant() -> Self {
        Self(Cow::Borrowed("assistant"))
    }

    /// What a tool answered.
    #[must_use]
    pub fn tool() -> Self {
        Self(Cow::Borrowed("tool"))
    }

    /// The program around the model.
    #[must_use]
    pub fn system() -> Self {
        Self(Cow::Borrowed("system"))
    }
}

impl Key {
    /// A key that nobody else has: a UUIDv7.
    #[must_use]
    pub fn generate() -> Self {
        Self(Cow::Owned(uuid::Uuid::now_v7().to_string()))
    }
}

fn check_name(text: &str) -> Result<(), LabelError> {
    check_printable("name", text, bounds::NAME_CHARS_MAX, |_| false)
}

fn check_tag(text: &str) -> Result<(), LabelError> {
    check_printable("tag", text, bounds::TAG_CHARS_MAX, |character| {
        character.is_whitespace() || character == ','
    })
}

fn check_field_name(text: &str) -> Result<(), LabelError> {
    check_printable("field name", text, bounds::FIELD_NAME_CHARS_MAX, |character| {
        character.is_whitespace() || character == '='
    })
}

fn check_role(text: &str) -> Result<(), LabelError> {
    check_ascii("role", text, bounds::ROLE_BYTES_MAX, |character| {
        !(character.is_ascii_lowercase()
            || character.is_ascii_digit()
            || matches!(character, '-' | '_'))
    })
}

fn check_key(text: &str) -> Result<(), LabelError> {
    check_ascii("key", text, bounds::KEY_BYTES_MAX, |character| {
        !character.is_ascii_graphic() || matches!(character, '"' | '\\')
    })
}

fn check_printable(
    what: &'static str,
    text: &str,
    max: usize,
    refused: impl Fn(char) -> bool,
) -> Result<(), LabelError> {
    if text.trim().is_empty() {
        return Err(LabelError::Empty { what });
    }
    let actual = text.chars().count();
    if actual > max {
        return Err(LabelError::TooLong { what, max, unit: "characters", actual });
    }
    match text.chars().find(|&character| character.is_control() || refused(character)) {
        Some(character) => Err(LabelError::Character { what, character }),
        None => Ok(()),
    }
}

fn check_ascii(
    what: &'static str,
    text: &str,
    max: usize,
    refused: impl Fn(char) -> bool,
) -> Result<(), LabelError> {
    if text.is_empty() {
        return Err(LabelError::Empty { what });
    }
    if text.len() > max {
        return Err(LabelError::TooLong { what, max, unit: "bytes", actual: text.len() });
    }
    match text.chars().find(|&character| refused(character)) {
        Some(character) => Err(LabelError::Character { what, character }),
        None => Ok(()),
    }
}
