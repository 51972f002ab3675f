//! Why a lock could not be had.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rustix::io::Errno;

use crate::disk::DiskError;
use crate::vocabulary::Holder;

/// Why a lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else held it for too long.
    #[error(
        "{} is locked by {}; gave up after {waited:?}: let the holder finish, or wait longer",
        path.display(),
        holder.as_ref().map_or_else(|| "somebody who left no name".to_owned(), ToString::to_string)
    )]
    Timeout {
        /// The lock file.
        path: PathBuf,
        /// How long was waited.
        waited: Duration,
        /// Who holds it, where that could be read; readers leave no name.
        holder: Option<Box<Holder>>,
    },
    /// The file system has no locks, or has some that keep nobody out.
    #[error(
        "the file system of {} has no working locks: put the store on one that has",
        path.display()
    )]
    Unsupported {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The lock file could not be opened, read or locked.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl LockError {
    /// What the failure of a lock call means.
    pub(super) fn of_locking(error: DiskError) -> Self {
        const NO_LOCKS: [Errno; 3] = [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP];
        let no_locks = error.kind() == io::ErrorKind::Unsupported
            || NO_LOCKS.iter().any(|no| error.source.raw_os_error() == Some(no.raw_os_error()));
        if no_locks {
            Self::Unsupported { path: error.path, source: error.source }
        } else {
            Self::Disk(error)
        }
    }
}
