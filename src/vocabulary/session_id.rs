//! The name of a session, safe to use as a directory name on every platform.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::bounds::SESSION_ID_BYTES_MAX;

/// Names that Windows reserves for devices, whatever their extension.
const RESERVED_STEMS: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// A session's id: 1 to 128 bytes of ASCII letters, digits, `-`, `_` and `.`, beginning with a
/// letter or a digit, not ending in `.`, and not a device name of Windows.
///
/// The rules make an id usable as one component of a path everywhere: it can hold no separator,
/// no NUL, no `..`, and cannot be taken for an option.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionId(Box<str>);

/// Why a text is not a session id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionIdError {
    /// The text has no characters.
    #[error("a session id cannot be empty")]
    Empty,
    /// The text is longer than [`SESSION_ID_BYTES_MAX`].
    #[error("a session id has at most {SESSION_ID_BYTES_MAX} bytes, and this one has {bytes}")]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// A character is not allowed where it stands.
    #[error(
        "a session id is made of ASCII letters, digits, '-', '_' and '.', begins with a letter or \
         digit and does not end in '.'; {character:?} at byte {offset} breaks that"
    )]
    Character {
        /// The offending character.
        character: char,
        /// Where it stands, in bytes from the start.
        offset: usize,
    },
    /// The name belongs to a device on Windows.
    #[error("{id:?} is a device name on Windows and cannot be a session id")]
    Reserved {
        /// The id asked for.
        id: String,
    },
}

impl SessionId {
    /// A new id that sorts by the time of its making: a UUIDv7.
    #[must_use]
    pub fn generate() -> Self {
        Self(uuid::Uuid::now_v7().to_string().into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn check(text: &str) -> Result<(), SessionIdError> {
        if text.is_empty() {
            return Err(SessionIdError::Empty);
        }
        if text.len() > SESSION_ID_BYTES_MAX {
            return Err(SessionIdError::TooLong { bytes: text.len() });
        }
        let last = text.len() - 1;
        let misplaced = text.char_indices().find(|&(offset, character)| {
            let inside = matches!(character, '-' | '_') && offset > 0
                || character == '.' && offset > 0 && offset < last;
            !(character.is_ascii_alphanumeric() || inside)
        });
        if let Some((offset, character)) = misplaced {
            return Err(SessionIdError::Character { character, offset });
        }
        let stem = text.split('.').next().unwrap_or(text);
        if RESERVED_STEMS.iter().any(|reserved| stem.eq_ignore_ascii_case(reserved)) {
            return Err(SessionIdError::Reserved { id: text.to_owned() });
        }
        Ok(())
    }
}

impl FromStr for SessionId {
    type Err = SessionIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::check(text).map(|()| Self(text.into()))
    }
}

impl TryFrom<String> for SessionId {
    type Error = SessionIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::check(&text).map(|()| Self(text.into_boxed_str()))
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> Self {
        id.0.into()
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}
