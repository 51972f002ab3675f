//! Moments as people write and read them.

use std::time::Duration;

use crate::vocabulary::{Clock as _, NotATime, SystemClock, Timestamp, parse_moment};

const MICROS_PER_SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Older moments are shown as a date: "94d ago" tells a person less than the day does.
const RELATIVE_DAYS_MAX: i64 = 30;

/// The moment that a command-line argument stands for, seen from now.
///
/// # Errors
///
/// The text is none of the forms that [`NotATime`] lists.
pub(super) fn parse_argument(text: &str) -> Result<Timestamp, NotATime> {
    parse_moment(text, SystemClock.now())
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
        if self.exact { moment.to_string() } else { relative(moment, self.now) }
    }

    /// A moment in a chronicle, where neighbours must be told apart: to the second, or exactly.
    pub(super) fn to_the_second(self, moment: Timestamp) -> String {
        let exact = moment.to_string();
        if self.exact { exact } else { truncated(&exact, 19).replace('T', " ") }
    }

    /// A moment with both: when it was, and how long ago.
    pub(super) fn both(self, moment: Timestamp) -> String {
        if self.exact {
            moment.to_string()
        } else {
            format!("{} UTC ({})", self.to_the_second(moment), relative(moment, self.now))
        }
    }
}

fn truncated(text: &str, len: usize) -> &str {
    text.get(..len).unwrap_or(text)
}

fn relative(moment: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_micros().saturating_sub(moment.as_micros()).div_euclid(MICROS_PER_SECOND);
    match seconds {
        // Clocks of two machines may differ a little.
        _ if seconds.abs() < MINUTE => "just now".to_owned(),
        MINUTE..HOUR => format!("{}m ago", seconds / MINUTE),
        HOUR..DAY => format!("{}h ago", seconds / HOUR),
        _ if (0..=RELATIVE_DAYS_MAX * DAY).contains(&seconds) => format!("{}d ago", seconds / DAY),
        _ => truncated(&moment.to_string(), 10).to_owned(),
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
    fn ages_are_told_in_the_unit_that_fits() {
        let cases = [
            ("2026-11-22T13:45:00Z", "just now"),
            ("2026-11-22T13:45:30Z", "just now"),
            ("2026-11-22T13:40:04Z", "5m ago"),
            ("2026-11-22T00:45:04Z", "13h ago"),
            ("2026-11-20T13:45:04Z", "2d ago"),
            ("2026-02-12T14:11:56Z", "2026-02-12"),
            ("2027-01-01T00:00:00Z", "2027-01-01"),
        ];
        for (moment, expected) in cases {
            assert_eq!(relative(at(moment), at(NOW)), expected, "{moment}");
        }
    }
}
