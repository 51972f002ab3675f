//! Moments as people write and read them.

use std::time::Duration;

use crate::vocabulary::{Clock as _, SystemClock, Timestamp};

/// A text is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a time: write RFC 3339 (2026-11-22T13:45:04Z), a date (2026-11-22), or how long ago (2h, 3d, 1w)"
)]
pub(super) struct NotATime;

/// The moment that a command-line argument stands for, seen from now.
///
/// # Errors
///
/// The text is none of the forms that [`NotATime`] lists.
pub(super) fn parse_argument(text: &str) -> Result<Timestamp, NotATime> {
    parse(text, SystemClock.now())
}

fn parse(text: &str, now: Timestamp) -> Result<Timestamp, NotATime> {
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    if let Ok(local) = text.parse::<jiff::civil::DateTime>() {
        let utc = local.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| NotATime)?;
        return Timestamp::from_micros(utc.timestamp().as_microsecond()).map_err(|_| NotATime);
    }
    let age = parse_age_micros(text)?;
    Ok(now.saturating_add_micros(age.saturating_neg()))
}

/// An age in microseconds; days are 24 hours and weeks 7 days. Months have no fixed length.
fn parse_age_micros(text: &str) -> Result<i64, NotATime> {
    let span: jiff::Span = text.parse().map_err(|_| NotATime)?;
    let days = jiff::SpanRelativeTo::days_are_24_hours();
    let age = span.to_duration(days).map_err(|_| NotATime)?.abs();
    i64::try_from(age.as_micros()).map_err(|_| NotATime)
}

/// A text is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a length of time: write 500ms, 10s, 2m or the like")]
pub(super) struct NotADuration;

/// A length of time as a command-line argument.
///
/// # Errors
///
/// The text is none, or a negative one.
pub(super) fn parse_duration(text: &str) -> Result<Duration, NotADuration> {
    let signed: jiff::SignedDuration = text.parse().map_err(|_| NotADuration)?;
    Duration::try_from(signed).map_err(|_| NotADuration)
}

/// How moments are written on standard output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// RFC 3339 with microseconds, for scripts and for people who asked.
    pub(super) exact: bool,
    /// What relative times are relative to.
    pub(super) now: Timestamp,
}

impl Times {
    /// A moment in a listing: how long ago, or exactly.
    pub(super) fn ago(self, moment: Timestamp) -> String {
        if self.exact { moment.to_string() } else { moment.ago(self.now) }
    }

    /// A moment in a chronicle, where neighbours must be told apart: to the second, or exactly.
    pub(super) fn to_the_second(self, moment: Timestamp) -> String {
        if self.exact { moment.to_string() } else { moment.to_the_second() }
    }

    /// A moment with both: when it was, and how long ago.
    pub(super) fn both(self, moment: Timestamp) -> String {
        if self.exact {
            moment.to_string()
        } else {
            format!("{} UTC ({})", moment.to_the_second(), moment.ago(self.now))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const NOW: &str = "2026-11-22T13:45:04.123456Z";

    #[test]
    fn every_documented_form_is_read() {
        let cases = [
            ("2026-11-22T13:45:04Z", "2026-11-22T13:45:04.000000Z"),
            ("2026-11-22T13:45:04+02:00", "2026-11-22T11:45:04.000000Z"),
            ("2026-11-22", "2026-11-22T00:00:00.000000Z"),
            ("2026-11-22T13:45", "2026-11-22T13:45:00.000000Z"),
            ("2h", "2026-11-22T11:45:04.123456Z"),
            ("3d", "2026-11-19T13:45:04.123456Z"),
            ("1w", "2026-11-15T13:45:04.123456Z"),
            ("1w ago", "2026-11-15T13:45:04.123456Z"),
            ("90 minutes", "2026-11-22T12:15:04.123456Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(
                parse(text, at(NOW)).map(|moment| moment.to_string()),
                Ok(expected.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "yesterday-ish", "12", "2026-13-01", "1mo", "99999999999999w", "3d\u{1b}"]
        {
            assert_eq!(parse(text, at(NOW)), Err(NotATime), "{text:?}");
        }
    }
}
