//! Bytes and values: how records, snapshots, store files and anchors are written and read.
//!
//! `docs/format.md` is the specification; this is its implementation, without any input or output.
//! Everything read here is bounded before it is believed: see [`bounds`].

pub mod anchor;
pub mod bounds;
pub mod canonical;
pub mod catalog;
mod chain;
mod checksum;
mod compact;
mod cursor;
pub mod frames;
mod header;
mod journal_id;
pub mod layout;
mod line;
mod segment;
mod snapshot;
mod store;

pub use canonical::Canonical;
pub use chain::link_of;
pub use checksum::Seed;
pub use header::Header;
pub use journal_id::{JournalId, JournalIdError};
pub use line::{
    DataView, Encoded, Envelope, LineFault, LineSpans, LineView, encode, parse, parse_prefix,
    parse_spans, parse_spans_knowing, seed_of, verify_checksum,
};
pub use segment::{Sealed, Segment, SegmentName, SegmentNameError};
pub use snapshot::{Snapshot, SnapshotFault};
pub use store::{StoreFault, StoreFile};
