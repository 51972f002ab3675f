//! Kinds of values: how each is read, checked and shown.

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;

use super::{Config, Objection, Secret};
use crate::repository::Durability;

/// What stands between the words of a list.
const SEPARATOR: char = ',';

/// Where the value of a key is kept.
type Place<T> = fn(&mut Config) -> &mut T;

/// What kind of value a key has, where it is kept, and its bounds.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// `on` or `off`; `true` and `false` do as well.
    Switch(Place<bool>),
    /// A whole number.
    Count {
        /// Where it is kept.
        place: Place<u64>,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A number.
    Number {
        /// Where it is kept.
        place: Place<f64>,
        /// The least.
        min: f64,
        /// The most.
        max: f64,
    },
    /// `sync` or `buffered`.
    Durability(Place<Durability>),
    /// An IP address and a port.
    Address(Place<SocketAddr>),
    /// A path, or another name that only the system has to understand.
    Path(Place<Option<OsString>>),
    /// Any text.
    Text(Place<Option<String>>),
    /// Words between commas, or a list of them.
    Words(Place<Vec<String>>),
    /// A text that is never shown.
    Secret(Place<Option<Secret>>),
}

impl Kind {
    /// What may be written.
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            Self::Switch(_) => "on or off".to_owned(),
            Self::Count { min, max, .. } => format!("a whole number from {min} to {max}"),
            Self::Number { min, max, .. } => format!("a number from {min} to {max}"),
            Self::Durability(_) => "sync or buffered".to_owned(),
            Self::Address(_) => "an address with a port".to_owned(),
            Self::Path(_) => "a path".to_owned(),
            Self::Text(_) => "a text".to_owned(),
            Self::Words(_) => "words between commas".to_owned(),
            Self::Secret(_) => "a secret text".to_owned(),
        }
    }

    /// Whether the value is never shown.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::Secret(_))
    }

    /// Puts a value where it is kept.
    ///
    /// # Errors
    ///
    /// It is no value of this kind, or out of bounds.
    pub(super) fn set(&self, config: &mut Config, raw: &OsStr) -> Result<(), Objection> {
        if let Self::Path(place) = self {
            *place(config) = Some(raw.to_owned());
            return Ok(());
        }
        let text = raw.to_str().ok_or(Objection::NotUtf8)?;
        let wrong = || Objection::Kind { expected: self.expected(), found: text.to_owned() };
        match self {
            Self::Switch(place) => *place(config) = switch(text).ok_or_else(wrong)?,
            Self::Count { place, min, max } => {
                // One that does not fit is beyond the bounds, not of another kind.
                let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                let count = text.parse().unwrap_or(u64::MAX);
                if !is_number {
                    return Err(wrong());
                }
                *place(config) = within(count, *min, *max, text)?;
            }
            Self::Number { place, min, max } => {
                let number = text.parse().map_err(|_| wrong())?;
                *place(config) = within(number, *min, *max, text)?;
            }
            Self::Durability(place) => *place(config) = durability(text).ok_or_else(wrong)?,
            Self::Address(place) => *place(config) = text.parse().map_err(|_| wrong())?,
            Self::Text(place) => *place(config) = Some(text.to_owned()),
            Self::Secret(_) if text.is_empty() => return Err(wrong()),
            Self::Secret(place) => *place(config) = Some(Secret::new(text)),
            Self::Words(place) => {
                let words = text.split(SEPARATOR).map(str::trim).filter(|word| !word.is_empty());
                *place(config) = words.map(str::to_owned).collect();
            }
            Self::Path(_) => {}
        }
        Ok(())
    }

    /// The value as people write it; `None` where there is none.
    pub(super) fn shown(&self, config: &Config) -> Option<String> {
        // The places are those of a configuration that may be changed; this one is not.
        let config = &mut config.clone();
        match self {
            Self::Switch(place) => Some(if *place(config) { "on" } else { "off" }.to_owned()),
            Self::Count { place, .. } => Some(place(config).to_string()),
            Self::Number { place, .. } => Some(place(config).to_string()),
            Self::Durability(place) => Some(match place(config) {
                Durability::Sync => "sync".to_owned(),
                Durability::Buffered => "buffered".to_owned(),
            }),
            Self::Address(place) => Some(place(config).to_string()),
            Self::Path(place) => place(config).as_ref().map(|path| path.to_string_lossy().into()),
            Self::Text(place) => place(config).clone(),
            Self::Secret(place) => place(config).as_ref().map(|_| "set".to_owned()),
            Self::Words(place) => {
                let words = place(config).join(&SEPARATOR.to_string());
                Some(words).filter(|words| !words.is_empty())
            }
        }
    }
}

fn switch(text: &str) -> Option<bool> {
    match text {
        "on" | "true" => Some(true),
        "off" | "false" => Some(false),
        _ => None,
    }
}

fn durability(text: &str) -> Option<Durability> {
    match text {
        "sync" => Some(Durability::Sync),
        "buffered" => Some(Durability::Buffered),
        _ => None,
    }
}

/// The value, if it is within its bounds. What is no number, as NaN, is beyond any.
fn within<T: PartialOrd + ToString>(value: T, min: T, max: T, found: &str) -> Result<T, Objection> {
    if min <= value && value <= max {
        return Ok(value);
    }
    let (min, max) = (min.to_string(), max.to_string());
    Err(Objection::Bounds { min, max, found: found.to_owned() })
}
