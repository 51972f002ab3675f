//! A moment in UTC with microsecond precision.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in UTC, kept in whole microseconds, between the years 0 and 9999.
///
/// Its text form has a fixed width: `2026-11-22T13:45:04.123456Z`. Any RFC 3339 text is read; what
/// is finer than a microsecond is dropped.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    micros: i64,
}

/// Why a text or a number is not a moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a time: write RFC 3339, such as 2026-11-22T13:45:04Z")]
pub struct TimestampError {
    /// What was read, cut to 64 characters.
    pub text: String,
}

/// 0000-01-01T00:00:00Z and 9999-12-30T22:00:00Z (jiff's own last moment, cut to a whole second):
/// beyond them the fixed-width form would not do.
const MICROS_MIN: i64 = -62_167_219_200_000_000;
const MICROS_MAX: i64 = 253_402_207_200_000_000;

impl Timestamp {
    /// The beginning of 1970.
    pub const EPOCH: Self = Self { micros: 0 };

    /// A moment from microseconds since 1970.
    ///
    /// # Errors
    ///
    /// Before the year 0 or after the year 9999.
    pub fn from_micros(micros: i64) -> Result<Self, TimestampError> {
        if (MICROS_MIN..=MICROS_MAX).contains(&micros) {
            Ok(Self { micros })
        } else {
            Err(TimestampError { text: micros.to_string() })
        }
    }

    /// Microseconds since 1970.
    #[must_use]
    pub fn as_micros(self) -> i64 {
        self.micros
    }

    /// This moment moved by a number of microseconds, kept inside the bounds.
    #[must_use]
    pub fn saturating_add_micros(self, micros: i64) -> Self {
        Self { micros: self.micros.saturating_add(micros).clamp(MICROS_MIN, MICROS_MAX) }
    }

    fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.micros).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// Reads the fixed-width form alone, which is what every record holds.
    ///
    /// # Errors
    ///
    /// Any other form, even one that RFC 3339 allows.
    pub fn parse_canonical(text: &str) -> Result<Self, TimestampError> {
        let parsed: Self = text.parse()?;
        let shape_holds = text.len() == 27
            && text.ends_with('Z')
            && text.as_bytes().get(10) == Some(&b'T')
            && text.as_bytes().get(19) == Some(&b'.')
            // Read as second 59, a leap second would not be written back as it was.
            && text.get(17..19) != Some("60");
        if shape_holds { Ok(parsed) } else { Err(not_a_time(text)) }
    }
}

fn not_a_time(text: &str) -> TimestampError {
    TimestampError { text: text.chars().take(64).collect() }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed: jiff::Timestamp = text.parse().map_err(|_| not_a_time(text))?;
        Self::from_micros(parsed.as_microsecond()).map_err(|_| not_a_time(text))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.6}", self.to_jiff())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
