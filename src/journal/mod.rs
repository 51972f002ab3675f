//! The records of one session on a medium: reading, writing, verifying, recovering.
//!
//! Everything here is plain synchronous Rust over [`Disk`](crate::disk::Disk). Readers take no lock
//! and change nothing; writers hold the session's lock while they append.

mod batch;
mod blobs;
pub mod catalog;
mod compaction;
mod creation;
mod error;
mod files;
mod history;
mod keys;
mod opening;
mod padding;
mod quarantine;
mod reader;
mod recognise;
mod recover;
mod redaction;
mod repair;
mod replay;
mod rewriting;
mod scan;
mod segments;
mod settings;
mod snapshot_due;
mod snapshots;
mod telling;
mod verify;
mod whole;
mod writer;

pub use blobs::read_blob;
pub use compaction::Compaction;
pub use creation::{create, create_telling};
pub use error::JournalError;
pub use files::Durability;
pub use opening::Journal;
pub use quarantine::fingerprint_of;
pub use reader::{End, Position, Reader, Step, Tail, Wrong, lost_by};
pub use recognise::{Recognised, is_text_in_place, recognise};
pub use recover::{Recovery, plan_recovery, recover};
pub use replay::{Condition, Replay, apply_line};
pub use scan::{Damage, Fault, Found, Piece, Scanner};
pub use settings::Settings;
pub use snapshots::{BadSnapshot, Snapshots};
pub use verify::{Scope, seed_of, verify};
pub use writer::{AppendResult, JournalWriter};
