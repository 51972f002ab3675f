//! The files of the catalog: which ones there are, what is told to a feed, and rows in blocks.
//!
//! All of it is derived. Whatever does not prove itself is thrown away and made again from the
//! journals, so a reader here answers with `None` and no reason.

mod base;
mod current;
mod entry;
mod measured;
mod row;
mod verified;

pub use base::{BaseWriter, Block, BlockIndex};
pub use current::{BaseFile, Current, file_name};
pub use entry::{Entry, Looked};
pub use measured::{Measured, Sum};
pub use row::{Row, Stamp};
pub use verified::{Checked, Verified};

use serde::{Deserialize, Serialize};

use super::bounds::CHECKSUM_PREFIX_BYTES;
use super::{JournalId, Seed, line, verify_checksum};

/// What the checksums of the catalog start from, so that no line of a journal is taken for one.
const SEED_ID: JournalId = JournalId::from_bytes(*b"annals.catalog.1");

/// An object as a line that proves itself, without its line feed.
fn seal(value: &impl Serialize) -> Option<Vec<u8>> {
    seal_json(&serde_json::to_string(value).ok()?)
}

/// The same of an object that is JSON already.
fn seal_json(json: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(json.len() + CHECKSUM_PREFIX_BYTES);
    bytes.extend_from_slice(b"{\"crc\":\"00000000\",");
    bytes.extend_from_slice(json.strip_prefix('{')?.as_bytes());
    line::seal(Seed::of(SEED_ID), &mut bytes);
    Some(bytes)
}

/// What a line holds, if it proves itself.
fn unseal<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Option<T> {
    verify_checksum(Seed::of(SEED_ID), line).ok()?;
    serde_json::from_slice(line).ok()
}
