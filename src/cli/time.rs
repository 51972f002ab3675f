//! Moments as people write and read them.

use std::time::Duration;

use crate::vocabulary::{Clock as _, NotATime, SystemClock, Timestamp, parse_moment};

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
