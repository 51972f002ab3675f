//! The records of one session on a medium: reading, writing, verifying, recovering.
//!
//! Everything here is plain synchronous Rust over [`Disk`](crate::disk::Disk). Readers take no lock
//! and change nothing; writers hold the session's lock while they append.

mod blobs;
mod error;
mod files;
mod opening;
mod quarantine;
mod reader;
mod replay;
mod scan;
mod snapshots;

pub use blobs::read_blob;
pub use error::JournalError;
pub use files::Durability;
pub use opening::Journal;
pub use reader::{End, Position, Reader, Step, Tail, Wrong, lost_by};
pub use replay::{Condition, Replay, apply_line};
pub use scan::{Damage, Fault, Found, Piece, Scanner};
pub use snapshots::{BadSnapshot, Snapshots};
