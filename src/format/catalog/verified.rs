//! `verified`: which sessions were verified, and what their histories looked like then.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{seal, unseal};
use crate::format::bounds::{VERIFIED_BYTES_MAX, VERIFIED_FORMAT};
use crate::vocabulary::SessionId;

/// What stands for a look that is not known.
const UNKNOWN: &str = "-";

/// What is known of the sessions of a store from verifying them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// How many scrubs there have been.
    pub round: u64,
    /// The sessions that were verified.
    pub sessions: BTreeMap<SessionId, Checked>,
}

/// What is known of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// What its history looked like when nothing was wrong with it; `None` where something was.
    pub look: Option<u64>,
    /// The scrub that verified it.
    pub round: u64,
    /// Whether its history was damaged.
    pub is_damaged: bool,
}

/// The first line: what proves those behind it.
#[derive(Serialize, Deserialize)]
struct Head {
    format: u64,
    /// The start of the machine that it can be believed for: nothing of it is synced.
    boot: String,
    round: u64,
    bytes: u64,
    body_crc: u32,
}

impl Verified {
    /// The content of the file, or `None` where it would be over its bound.
    #[must_use]
    pub fn encode(&self, boot: &str) -> Option<Vec<u8>> {
        let mut body = String::new();
        for (session, Checked { look, round, is_damaged }) in &self.sessions {
            let look = look.map_or_else(|| UNKNOWN.to_owned(), |look| format!("{look:016x}"));
            // Writing to a string cannot fail.
            let _ = writeln!(body, "{session}\t{look}\t{round}\t{}", u8::from(*is_damaged));
        }
        let mut bytes = seal(&Head {
            format: VERIFIED_FORMAT,
            boot: boot.to_owned(),
            round: self.round,
            bytes: body.len() as u64,
            body_crc: crc32fast::hash(body.as_bytes()),
        })?;
        bytes.push(b'\n');
        bytes.extend_from_slice(body.as_bytes());
        (bytes.len() <= VERIFIED_BYTES_MAX).then_some(bytes)
    }

    /// Reads the file; `None` for one that is damaged, of another version, or of another start of
    /// the machine.
    #[must_use]
    pub fn decode(bytes: &[u8], boot: &str) -> Option<Self> {
        let (head, body) = bytes.split_at_checked(memchr::memchr(b'\n', bytes)?)?;
        let head: Head = unseal(head)?;
        let body = body.strip_prefix(b"\n")?;
        let is_whole = head.bytes == body.len() as u64 && head.body_crc == crc32fast::hash(body);
        if head.format != VERIFIED_FORMAT || head.boot != boot || !is_whole {
            return None;
        }
        let body = std::str::from_utf8(body).ok()?;
        let sessions = body.lines().map(read_line).collect::<Option<_>>()?;
        Some(Self { round: head.round, sessions })
    }
}

fn read_line(line: &str) -> Option<(SessionId, Checked)> {
    let mut columns = line.split('\t');
    let session = columns.next()?.parse().ok()?;
    let look = match columns.next()? {
        UNKNOWN => None,
        look => Some(u64::from_str_radix(look, 16).ok()?),
    };
    let round = columns.next()?.parse().ok()?;
    let is_damaged = columns.next()? == "1";
    Some((session, Checked { look, round, is_damaged }))
}
