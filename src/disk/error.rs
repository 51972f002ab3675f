//! What the medium answered.

use std::io;
use std::path::{Path, PathBuf};

use super::EntryKind;

/// What was asked of the medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is the method of its name")]
pub enum DiskOperation {
    Open,
    CreateDir,
    ListDir,
    Info,
    Rename,
    Remove,
    SyncDir,
    Read,
    Write,
    SetLen,
    SyncData,
    Lock,
}

impl DiskOperation {
    /// The operation as the verb of a sentence.
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::CreateDir => "create the folder",
            Self::ListDir => "list",
            Self::Info => "look at",
            Self::Rename => "rename",
            Self::Remove => "remove",
            Self::SyncDir => "sync the folder",
            Self::Read => "read",
            Self::Write => "write",
            Self::SetLen => "resize",
            Self::SyncData => "sync",
            Self::Lock => "lock",
        }
    }
}

/// An operation on the medium failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {} {}: {source}", operation.verb(), path.display())]
pub struct DiskError {
    /// What was asked.
    pub operation: DiskOperation,
    /// Of which file or directory.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

impl DiskError {
    /// An error of an operation on a path.
    #[must_use]
    pub fn new(operation: DiskOperation, path: &Path, source: io::Error) -> Self {
        Self { operation, path: path.to_owned(), source }
    }

    /// The error of meeting something else, such as a link, where a folder of the store belongs.
    #[must_use]
    pub fn no_own_folder(path: &Path) -> Self {
        let source = io::Error::new(
            io::ErrorKind::NotADirectory,
            "it is not a folder of the store's own, and links are not followed: put the folder \
             itself there",
        );
        Self::new(DiskOperation::Open, path, source)
    }

    /// The kind of what the system said.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

/// What every medium answers when something else than a regular file is to be opened as one.
pub(super) fn refuse_to_open(kind: EntryKind) -> io::Error {
    match kind {
        EntryKind::Directory => io::ErrorKind::IsADirectory.into(),
        EntryKind::Link => io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is a symbolic link, and links are not followed: put the file itself there",
        ),
        EntryKind::File | EntryKind::Other => {
            io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file: move it away")
        }
    }
}
