//! Points of a session's history as arguments: a sequence number or a time.

use crate::manager::Moment;
use crate::vocabulary::{Clock as _, NotATime, SystemClock};

/// The moment that an argument stands for.
pub(super) fn parse(argument: &str) -> Result<Moment, NotATime> {
    Moment::parse(argument, SystemClock.now())
}

/// Two moments as `A..B`.
pub(super) fn parse_range(argument: &str) -> Result<(Moment, Moment), NotATime> {
    let (from, to) = argument.split_once("..").ok_or(NotATime)?;
    Ok((parse(from)?, parse(to)?))
}
