//! Telling a record of another journal from one that was damaged.

use crate::disk::{DiskError, DiskFile};
use crate::format::bounds::LINE_BYTES_MAX;
use crate::format::{Header, Seed, parse, verify_checksum};
use crate::vocabulary::SessionId;

/// Lines looked at in one damaged range: an append by the wrong program writes a few.
const LINES_MAX: usize = 64;

/// Whose record begins the damage at an offset, if it is intact in its own journal.
pub(super) fn owner(
    file: &dyn DiskFile,
    offset: u64,
    bytes: u64,
    others: &dyn Fn() -> Vec<(Seed, SessionId)>,
) -> Result<Option<String>, DiskError> {
    let length = usize::try_from(bytes).unwrap_or(LINE_BYTES_MAX).min(LINE_BYTES_MAX);
    let mut damaged = vec![0; length];
    let read = file.read_at(offset, &mut damaged)?;
    damaged.truncate(read);
    let mut seeds = None;
    for line in damaged.split(|&byte| byte == b'\n').take(LINES_MAX) {
        if let Ok((header, _)) = Header::decode(line) {
            return Ok(Some(header.session.to_string()));
        }
        if parse(line).is_err() {
            continue;
        }
        let known = seeds.get_or_insert_with(others);
        let owner = known.iter().find(|(seed, _)| verify_checksum(*seed, line).is_ok());
        if let Some((_, session)) = owner {
            return Ok(Some(session.to_string()));
        }
    }
    Ok(None)
}
