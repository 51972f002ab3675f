//! Heads written down elsewhere: `SESSION SEQ LINK`, a line each.

use std::str::FromStr;

use super::bounds::ANCHOR_LINE_BYTES_MAX;
use crate::vocabulary::{Link, SessionId};

/// The head of a session's journal at some moment.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Head {
    /// The session.
    pub session: SessionId,
    /// The record it is the link of.
    pub seq: u64,
    /// The link.
    #[serde(rename = "link", alias = "head")]
    pub head: Link,
}

/// A line is not a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a head is written as SESSION SEQ LINK, or as `annals head --json` prints it")]
pub struct HeadError;

impl FromStr for Head {
    type Err = HeadError;

    fn from_str(line: &str) -> Result<Self, HeadError> {
        if line.len() > ANCHOR_LINE_BYTES_MAX {
            return Err(HeadError);
        }
        if line.starts_with('{') {
            return serde_json::from_str(line).map_err(|_| HeadError);
        }
        let mut words = line.split_ascii_whitespace();
        let (Some(session), Some(seq), Some(head), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(HeadError);
        };
        Ok(Self {
            session: session.parse().map_err(|_| HeadError)?,
            seq: seq.parse().map_err(|_| HeadError)?,
            head: head.parse().map_err(|_| HeadError)?,
        })
    }
}

impl std::fmt::Display for Head {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {} {}", self.session, self.seq, self.head)
    }
}
