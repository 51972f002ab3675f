//! The only code that touches the file system or its locks.
//!
//! [`Disk`] and [`DiskFile`] say what annals asks of a medium; everything above them is plain
//! synchronous Rust that never sees a path of the standard library's file types. There are three
//! media: [`RealDisk`], [`MemoryDisk`] (with a live and a durable image, so that a crash can be
//! played) and [`FaultyDisk`] (another medium with errors put in).
//!
//! # What is assumed of the medium
//!
//! - Once `sync_data` has answered, the file's bytes and length survive a crash of the machine;
//!   once `sync_dir` has, the directory's entries do. A new file needs both, and a new directory
//!   the sync of its parent too. Hardware that answers before it has stored anything breaks this,
//!   and nothing above can tell.
//! - Between two syncs, changes may reach the medium in any order, in part, or not at all: after a
//!   crash, an unsynced write may have left any mixture of old and new bytes, and an extended file
//!   NUL bytes.
//! - A crash leaves the bytes alone that nobody was writing. Sectors that share a physical block
//!   with a write may be an exception; checksums on every record find it.
//! - A sync that failed says nothing about what is stored, and a later one that succeeds says
//!   nothing about the bytes of the first: it is never repeated.
//! - A rename is atomic: after a crash an entry has its old name or its new one.
//! - The lock of an open file is seen by every process that uses the store, and the kernel frees
//!   it when the file is closed or its process dies. [`FileLock::check_support`] tries whether
//!   locks keep anybody out; that they do so between machines is the file system's word.
//! - Processes on one machine see each other's writes at once. Reads and writes are not atomic
//!   towards each other: whoever reads without a lock may see half of a record.

mod error;
mod faulty;
mod folders;
mod input;
mod lock;
mod memory;
mod real;
mod rearranged;

use std::fmt;
use std::path::Path;

pub use error::{DiskError, DiskOperation};
pub use faulty::{Fault, FaultyDisk};
pub use input::{Input, open_input};
pub use lock::{FileLock, FileLockGuard, LockError, LockState, Previous, SharedLockGuard};
pub use memory::{MemoryDisk, Traced};
pub use real::RealDisk;
pub use rearranged::RearrangedDisk;

/// What may be done with a file that is being opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read an existing file.
    Read,
    /// Read and write an existing file.
    Write,
    /// Read and write a file that must not exist yet; it is made with mode 0600.
    CreateNew,
    /// Read and write a file, made with mode 0600 where it does not exist.
    OpenOrCreate,
    /// Read an existing file and [append](DiskFile::append) to it.
    Append,
}

/// What an entry of a directory is. Links are never followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, wherever it leads.
    Link,
    /// Anything else: a device, a socket, a pipe.
    Other,
}

/// What is known of an entry without opening it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryInfo {
    /// What it is.
    pub kind: EntryKind,
    /// Its length in bytes.
    pub len: u64,
    /// Its permission bits; 0o600 or 0o700 where the medium has none.
    pub mode: u32,
    /// Which file it is, whatever its name.
    pub identity: FileIdentity,
    /// When it was changed last, in nanoseconds since 1970 on the clock of the medium. It is the
    /// status change time, which copying and restoring tools cannot set.
    pub changed_ns: i64,
}

/// What a folder and each entry in it are, as far as whoever may get at them is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// What was asked about: it may be something else than a folder, and then has no entries.
    pub itself: Look,
    /// Its entries with their names, in no particular order. A name that is not UTF-8 is given with
    /// replacement characters.
    pub entries: Vec<(String, Look)>,
}

impl Folder {
    /// Whether it has an entry of this name.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        self.entries.iter().any(|(entry, _)| entry == name)
    }
}

/// What an entry is, and its permission bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// What it is.
    pub kind: EntryKind,
    /// Its permission bits; 0o600 or 0o700 where the medium has none.
    pub mode: u32,
}

impl From<EntryInfo> for Look {
    fn from(EntryInfo { kind, mode, .. }: EntryInfo) -> Self {
        Self { kind, mode }
    }
}

/// Device and inode: two opens with equal identities are of the same file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileIdentity {
    /// The device.
    pub device: u64,
    /// The inode.
    pub inode: u64,
}

/// How a file is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockMode {
    /// With other readers.
    Shared,
    /// Alone.
    Exclusive,
}

/// A medium that journals can live on.
///
/// What callers rely on: an entry made, renamed or removed is visible to every process at once, but
/// survives a crash of the machine only after [`sync_dir`](Disk::sync_dir) of its directory; a
/// rename is atomic. What they may *not* rely on: the order in which unsynced changes reach the
/// medium, and that a write without a sync leaves anything at all.
///
/// No call follows a symbolic link in the last component of its path. Every error names the
/// operation and the path.
pub trait Disk: Send + Sync + fmt::Debug + 'static {
    /// Opens a regular file.
    ///
    /// # Errors
    ///
    /// `NotFound`, `AlreadyExists`, or what the system says; a link or a directory is an error.
    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn DiskFile>, DiskError>;

    /// Makes a directory with mode 0700; its parent must exist.
    ///
    /// # Errors
    ///
    /// `AlreadyExists`, or what the system says.
    fn create_dir(&self, path: &Path) -> Result<(), DiskError>;

    /// Makes a directory and every missing one above it, with mode 0700.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn create_dir_all(&self, path: &Path) -> Result<(), DiskError>;

    /// The names and kinds of a directory's entries, in no particular order. A name that is not
    /// UTF-8 is given with replacement characters: it is nothing that annals has made.
    ///
    /// # Errors
    ///
    /// `NotFound`, or what the system says.
    fn list_dir(&self, path: &Path) -> Result<Vec<(String, EntryKind)>, DiskError>;

    /// What is known of an entry, or `None` where there is none. Links are not followed.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn info(&self, path: &Path) -> Result<Option<EntryInfo>, DiskError>;

    /// A folder with what is directly in it, or `None` where there is nothing: in fewer calls of the
    /// system than one after the other takes. Links are not followed. What vanishes meanwhile may
    /// be left out.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn look_into(&self, path: &Path) -> Result<Option<Folder>, DiskError> {
        let Some(info) = self.info(path)? else { return Ok(None) };
        let mut entries = Vec::new();
        if info.kind == EntryKind::Directory {
            for (name, _) in self.list_dir(path)? {
                let entry = self.info(&path.join(&name))?;
                entries.extend(entry.map(|entry| (name, entry.into())));
            }
        }
        Ok(Some(Folder { itself: info.into(), entries }))
    }

    /// Renames an entry, replacing a file of the new name.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError>;

    /// Renames an entry to a name that must be free.
    ///
    /// # Errors
    ///
    /// `AlreadyExists`, or what the system says.
    fn rename_new(&self, from: &Path, to: &Path) -> Result<(), DiskError>;

    /// Removes a file or a link.
    ///
    /// # Errors
    ///
    /// `NotFound`, or what the system says.
    fn remove_file(&self, path: &Path) -> Result<(), DiskError>;

    /// Removes a directory and all that it holds, without following links.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn remove_dir_all(&self, path: &Path) -> Result<(), DiskError>;

    /// Waits until the entries of a directory are on the medium.
    ///
    /// # Errors
    ///
    /// What the system says; nothing is known of the entries then.
    fn sync_dir(&self, path: &Path) -> Result<(), DiskError>;

    /// What is different each time that the machine starts, or `None` where nothing is known to be:
    /// what was not synced is believed only for as long as this stays the same.
    fn boot_id(&self) -> Option<String>;

    /// Now, in nanoseconds since 1970 on the clock of the medium.
    fn now_ns(&self) -> i64;
}

/// An open file. Reads and writes are positional, so one handle can be shared.
pub trait DiskFile: Send + Sync + fmt::Debug {
    /// Fills the buffer from an offset, as far as the file goes; returns how many bytes there
    /// were. Interrupted and partial reads are continued.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, DiskError>;

    /// Writes all bytes at an offset. Interrupted and partial writes are continued.
    ///
    /// # Errors
    ///
    /// What the system says; how much was written before is not known then, and the caller must
    /// put the bytes back as they were.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError>;

    /// Writes all bytes at the end of a file that was opened with [`Access::Append`], in one go:
    /// what others append at the same time comes before or behind them.
    ///
    /// # Errors
    ///
    /// What the system says; some of the bytes may stand at the end of the file then, or in front
    /// of what others have appended since.
    fn append(&self, bytes: &[u8]) -> Result<(), DiskError>;

    /// Cuts or extends (with NUL bytes) the file.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn set_len(&self, len: u64) -> Result<(), DiskError>;

    /// The file's length in bytes and which file it is.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn info(&self) -> Result<EntryInfo, DiskError>;

    /// Waits until the file's bytes, and as much of its metadata as reading them back needs, are
    /// on the medium (`fdatasync`).
    ///
    /// # Errors
    ///
    /// What the system says. It must not be called again in the hope of a better answer: after a
    /// failure the system may have forgotten the bytes (Rebello et al., "Can Applications Recover
    /// from fsync Failures?", ATC 2020).
    fn sync_data(&self) -> Result<(), DiskError>;

    /// At which offset a sector of the medium begins; others begin at multiples of a sector before
    /// and behind it. Not 0 only for a file that is read as part of something longer.
    fn sector_phase(&self) -> u64 {
        0
    }

    /// Takes an advisory lock if it is free, and says whether it was.
    ///
    /// # Errors
    ///
    /// What the system says, such as that this file system has no locks.
    fn try_lock(&self, mode: LockMode) -> Result<bool, DiskError>;

    /// The same file opened once more, to [wait](Self::lock_in_turn) for its lock; `None` where it is no
    /// longer at its path, and where this medium keeps no queue of those who wait.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn open_in_line(&self) -> Result<Option<Box<dyn DiskFile>>, DiskError> {
        Ok(None)
    }

    /// Waits in the system's own queue until the lock is had, for as long as it takes, and says
    /// whether it was: not where this medium keeps no queue.
    ///
    /// # Errors
    ///
    /// As of [`try_lock`](Self::try_lock).
    fn lock_in_turn(&self, _mode: LockMode) -> Result<bool, DiskError> {
        Ok(false)
    }

    /// Gives the lock back.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn unlock(&self) -> Result<(), DiskError>;
}
