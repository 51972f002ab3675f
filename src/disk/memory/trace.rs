//! What has been done to a disk, in order.

use std::path::PathBuf;

/// A call that changed a disk, or made a change durable. From a list of them every state that a
/// crash may leave can be built: each sync fences what it names, and nothing else is ordered.
///
/// Files and directories are told apart by inode, since names move. Removing a tree is a
/// [`Remove`](Self::Remove) for each entry, what is inside first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the arguments of the call")]
pub enum Traced {
    /// A file was made, with no bytes.
    CreateFile { path: PathBuf, inode: u64 },
    /// A directory was made, with no entries.
    CreateDir { path: PathBuf, inode: u64 },
    /// Bytes were written at an offset.
    Write { inode: u64, offset: u64, bytes: Vec<u8> },
    /// A file was cut or extended to a length in bytes.
    SetLen { inode: u64, len: u64 },
    /// A file's bytes and length became durable.
    SyncData { inode: u64 },
    /// An entry was renamed.
    Rename { from: PathBuf, to: PathBuf, inode: u64 },
    /// An entry was removed.
    Remove { path: PathBuf, inode: u64 },
    /// A directory's entries became durable.
    SyncDir { path: PathBuf, inode: u64 },
}
