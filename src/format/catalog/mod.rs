//! The files of the catalog: which ones there are, what is told to a feed, and rows in blocks.
//!
//! All of it is derived. Whatever does not prove itself is thrown away and made again from the
//! journals, so a reader here answers with `None` and no reason.

mod base;
mod current;
mod entry;

pub use base::{BaseWriter, Block, BlockIndex, row_key};
pub use current::{BaseFile, Current, file_name};
pub use entry::{Entry, Looked, Row, Stamp, Timing};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{JournalId, Seed, line, verify_checksum};

/// What the checksums of the catalog start from, so that no line of a journal is taken for one.
const SEED_ID: JournalId = JournalId::from_bytes(*b"annals.catalog.1");

/// An object as a line that proves itself, without its line feed.
fn seal(value: &impl Serialize) -> Option<Vec<u8>> {
    let json = serde_json::to_vec(value).ok()?;
    let mut bytes = b"{\"crc\":\"00000000\",".to_vec();
    bytes.extend_from_slice(json.strip_prefix(b"{")?);
    line::seal(Seed::of(SEED_ID), &mut bytes);
    Some(bytes)
}

/// What a line holds, if it proves itself.
fn unseal<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    verify_checksum(Seed::of(SEED_ID), line).ok()?;
    serde_json::from_slice(line).ok()
}
