//! Points of a session's history as arguments: a sequence number or a time.

use super::time::{self, NotATime};
use crate::manager::Moment;

/// The moment that an argument stands for: only digits are a sequence number.
pub(super) fn parse(argument: &str) -> Result<Moment, NotATime> {
    match argument.parse() {
        Ok(seq) => Ok(Moment::Seq(seq)),
        Err(_) => time::parse_argument(argument).map(Moment::Time),
    }
}

/// Two moments as `A..B`.
pub(super) fn parse_range(argument: &str) -> Result<(Moment, Moment), NotATime> {
    let (from, to) = argument.split_once("..").ok_or(NotATime)?;
    Ok((parse(from)?, parse(to)?))
}
