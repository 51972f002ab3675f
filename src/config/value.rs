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
    /// An address that begins with `http://`.
    HttpAddress(Place<Option<String>>),
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
            Self::HttpAddress(_) => "an address that begins with http://".to_owned(),
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
            Self::HttpAddress(_) if !is_http_address(text) => return Err(wrong()),
            Self::HttpAddress(place) | Self::Text(place) => *place(config) = Some(text.to_owned()),
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
            Self::HttpAddress(place) | Self::Text(place) => place(config).clone(),
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

/// Whether a text is `http://`, a host, perhaps a port, and perhaps a path. What else addresses may
/// have is none of them: a password would be shown by `annals config`.
fn is_http_address(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("http://") else { return false };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            if port.parse::<u16>().is_err() {
                return false;
            }
            host
        }
        _ => authority,
    };
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && !b"@?#\"<>\\".contains(&byte);
    !host.is_empty() && rest.bytes().all(is_allowed)
}

/// The value, if it is within its bounds. What is no number, as NaN, is beyond any.
fn within<T: PartialOrd + ToString>(value: T, min: T, max: T, found: &str) -> Result<T, Objection> {
    if min <= value && value <= max {
        return Ok(value);
    }
    let (min, max) = (min.to_string(), max.to_string());
    Err(Objection::Bounds { min, max, found: found.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::is_http_address;

    #[test]
    fn an_http_address_has_a_host_and_no_secrets() {
        for address in
            ["http://localhost:4318", "http://[::1]:4318/", "http://a.b/otlp", "http://[::1]"]
        {
            assert!(is_http_address(address), "{address}");
        }
        for other in [
            "",
            "localhost:4318",
            "https://localhost",
            "http://",
            "http://:4318",
            "http:///v1",
            "http://host:port",
            "http://host:65536",
            "http://user:word@host",
            "http://host/?token=1",
            "http://host/#1",
            "http://ho st",
        ] {
            assert!(!is_http_address(other), "{other}");
        }
    }
}
