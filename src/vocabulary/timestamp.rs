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
    /// Length of the text form, in characters.
    pub const TEXT_LEN: usize = 27;

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
        Self::from_canonical(text.as_bytes()).ok_or_else(|| not_a_time(text))
    }

    /// The same of bytes, of which it is not known yet that they are a text.
    #[must_use]
    pub fn from_canonical(text: &[u8]) -> Option<Self> {
        Self::from_micros(micros_of(text.try_into().ok()?)?).ok()
    }
}

/// The moment that the fixed-width form stands for. A journal has one in each line, so it is read
/// without a parser of all that RFC 3339 allows.
fn micros_of(text: &[u8; Timestamp::TEXT_LEN]) -> Option<i64> {
    let [
        y3,
        y2,
        y1,
        y0,
        b'-',
        mo1,
        mo0,
        b'-',
        d1,
        d0,
        b'T', //
        h1,
        h0,
        b':',
        mi1,
        mi0,
        b':',
        s1,
        s0,
        b'.',
        f5,
        f4,
        f3,
        f2,
        f1,
        f0,
        b'Z',
    ] = *text
    else {
        return None;
    };
    let year = number([y3, y2, y1, y0])?;
    let (month, day) = (number([mo1, mo0])?, number([d1, d0])?);
    let (hour, minute, second) = (number([h1, h0])?, number([mi1, mi0])?, number([s1, s0])?);
    // A leap second has no number of its own, and would not be written back as it was.
    let is_time = hour < 24 && minute < 60 && second < 60;
    let is_date = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    let seconds = ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    let micros = seconds * 1_000_000 + number([f5, f4, f3, f2, f1, f0])?;
    (is_date && is_time).then_some(micros)
}

fn number<const DIGITS: usize>(digits: [u8; DIGITS]) -> Option<i64> {
    let is_number = digits.iter().all(u8::is_ascii_digit);
    let number = digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit & 0xf));
    is_number.then_some(number)
}

fn days_in(year: i64, month: i64) -> i64 {
    let is_leap_year = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(is_leap_year),
        _ => 31,
    }
}

/// Days from the beginning of 1970 to a date of the Gregorian calendar (Hinnant, "chrono-Compatible
/// Low-Level Date Algorithms", `days_from_civil`): a year that begins in March ends with the leap day.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    const DAYS_OF_AN_ERA: i64 = 146_097;
    const DAYS_TO_1970: i64 = 719_468;
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_OF_AN_ERA + day_of_era - DAYS_TO_1970
}

fn not_a_time(text: &str) -> TimestampError {
    TimestampError { text: text.chars().take(64).collect() }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(moment) = Self::parse_canonical(text) {
            return Ok(moment);
        }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What jiff makes of a text that has the shape of the fixed-width form.
    fn read_by_jiff(text: &str) -> Option<i64> {
        let parsed: jiff::Timestamp = text.parse().ok()?;
        Some(parsed.as_microsecond()).filter(|micros| (MICROS_MIN..=MICROS_MAX).contains(micros))
    }

    proptest! {
        #[test]
        fn every_moment_is_read_as_it_was_written(micros in MICROS_MIN..=MICROS_MAX) {
            let moment = Timestamp::from_micros(micros).unwrap();
            prop_assert_eq!(Timestamp::parse_canonical(&moment.to_string()), Ok(moment));
        }

        #[test]
        fn what_has_the_shape_of_a_moment_is_read_as_another_reader_does(
            text in "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-5][0-9][.][0-9]{6}Z",
        ) {
            let read = Timestamp::parse_canonical(&text).ok().map(Timestamp::as_micros);
            prop_assert_eq!(read, read_by_jiff(&text));
        }
    }

    #[test]
    fn the_days_around_the_end_of_each_february_are_told_apart() {
        for year in 0..=9998 {
            for day in ["02-28", "02-29", "02-30", "03-01"] {
                let text = format!("{year:04}-{day}T00:00:00.000000Z");
                let read = Timestamp::parse_canonical(&text).ok().map(Timestamp::as_micros);
                assert_eq!(read, read_by_jiff(&text), "{text}");
            }
        }
    }
}
