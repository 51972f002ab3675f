//! The lock of a session: the kernel's lock on a file that names its holder.
//!
//! The kernel frees a lock when its holder dies, so a lock is never reclaimed by age and its file
//! never deleted: either would let two writers in. What the file says is for people, and for
//! telling the next holder that the last one died; it is written after the lock is had and never
//! synced.

mod error;
mod record;
mod turn;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{Access, Disk, DiskError, DiskFile, LockMode};
use crate::vocabulary::Holder;

pub use error::LockError;
use record::{LockRecord, Marks};
use turn::Turn;

/// Who has less time than this does not stand in the kernel's queue: nobody can be called back from
/// there, and one who was would take a lock for a moment that others find free.
const IN_LINE_FROM: Duration = Duration::from_secs(1);
/// How long a waiter sleeps after its first try where it cannot stand in the kernel's queue: longer
/// than an append without a sync takes.
const PAUSE_AT_FIRST: Duration = Duration::from_micros(50);
/// How long a waiter sleeps at most, and so how late it may notice that the lock is free.
const PAUSE_MAX: Duration = Duration::from_millis(5);

/// An open lock file. One handle gives out one guard at a time: whoever shares it between threads
/// finds them waiting for each other as if they were processes.
#[derive(Debug)]
pub struct FileLock {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    /// The kernel gives a lock to an open file, and would give it to two threads that share one.
    lent: AtomicBool,
}

/// What the one who takes a lock should know of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Previous {
    /// The last holder, if it died without giving the lock back.
    pub died_holding: Option<Holder>,
    /// A sync of what this lock protects has failed, or was not made before the holder died, and
    /// nobody has cleared that yet.
    pub suspect: bool,
    /// Somebody has announced changes to what this lock protects, and has not
    /// [silenced](SharedLockGuard::silence) that yet: the next change need not be announced.
    pub announced: bool,
}

/// Whether somebody writes under a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockState {
    /// Nobody does. Readers may.
    Free,
    /// Somebody does; who, where that could be read.
    Held(Option<Holder>),
}

impl FileLock {
    /// Opens a lock file, making it where it is missing. Nothing is locked yet.
    ///
    /// # Errors
    ///
    /// What the medium says; a link or a directory in its place is an error.
    pub fn open(disk: &dyn Disk, path: &Path) -> Result<Self, DiskError> {
        Self::open_as(disk, path, Access::OpenOrCreate)
    }

    /// Makes a lock file that must not exist yet. Nothing is locked.
    ///
    /// # Errors
    ///
    /// `AlreadyExists`, or what the medium says.
    pub fn create(disk: &dyn Disk, path: &Path) -> Result<Self, DiskError> {
        Self::open_as(disk, path, Access::CreateNew)
    }

    fn open_as(disk: &dyn Disk, path: &Path, access: Access) -> Result<Self, DiskError> {
        let file = disk.open(path, access)?;
        Ok(Self { file, path: path.to_owned(), lent: AtomicBool::new(false) })
    }

    /// Locks alone, in the name of a holder, and says what became of the last one.
    ///
    /// Blocks the thread for up to `timeout`; one try is made even if that is zero.
    ///
    /// # Errors
    ///
    /// [`LockError::Timeout`], which names the holder; [`LockError::Unsupported`]; what the medium
    /// says. That the holder's name could not be written is no error.
    pub fn exclusive(
        &self,
        holder: &Holder,
        timeout: Duration,
    ) -> Result<(FileLockGuard<'_>, Previous), LockError> {
        let held = self.acquire(LockMode::Exclusive, timeout)?;
        let last = LockRecord::read(&*self.file)?;
        let Marks { suspect, announced, .. } = last.marks;
        // Best effort: a full disk must not keep anybody from the lock.
        let _ = LockRecord::write_held(&*self.file, holder, &last);
        let previous = Previous { died_holding: last.holder, suspect, announced };
        let (suspect, announced) = (AtomicBool::new(suspect), AtomicBool::new(announced));
        Ok((FileLockGuard { held, suspect, announced }, previous))
    }

    /// Locks together with other readers, and against whoever locks alone. Leaves no name.
    ///
    /// Blocks the thread for up to `timeout`; one try is made even if that is zero.
    ///
    /// # Errors
    ///
    /// As of [`exclusive`](Self::exclusive).
    pub fn shared(&self, timeout: Duration) -> Result<SharedLockGuard<'_>, LockError> {
        Ok(SharedLockGuard { held: self.acquire(LockMode::Shared, timeout)? })
    }

    /// Whether the path still leads to this open file. A lock on a file that has been moved away
    /// with its directory protects nothing: ask after taking the lock through a handle kept open.
    ///
    /// # Errors
    ///
    /// What the medium says.
    pub fn is_in_place(&self, disk: &dyn Disk) -> Result<bool, DiskError> {
        let ours = self.file.info()?.identity;
        Ok(disk.info(&self.path)?.is_some_and(|there| there.identity == ours))
    }

    /// Asks the kernel whether somebody holds a lock alone. Never waits, makes no file, and writes
    /// nothing; for the moment that it looks, somebody who tries without a timeout may find the
    /// lock taken.
    ///
    /// # Errors
    ///
    /// [`LockError::Unsupported`], or what the medium says. A lock file that is missing is free.
    pub fn probe(disk: &dyn Disk, path: &Path) -> Result<LockState, LockError> {
        let file = match disk.open(path, Access::Read) {
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
                return Ok(LockState::Free);
            }
            opened => opened?,
        };
        // Shared: readers are not writers, and do not count as holding the lock.
        if file.try_lock(LockMode::Shared).map_err(LockError::of_locking)? {
            file.unlock()?;
            return Ok(LockState::Free);
        }
        Ok(LockState::Held(LockRecord::read(&*file)?.holder))
    }

    /// Tries in a directory whether locks of its file system keep anybody out, with a scratch file
    /// that is removed again.
    ///
    /// # Errors
    ///
    /// [`LockError::Unsupported`] if they do not, or what the medium says.
    pub fn check_support(disk: &dyn Disk, dir: &Path) -> Result<(), LockError> {
        let path = dir.join(format!(".lock-check-{}", uuid::Uuid::now_v7()));
        let first = disk.open(&path, Access::CreateNew)?;
        let answer = check_exclusion(disk, &path, &*first);
        disk.remove_file(&path)?;
        answer
    }

    fn acquire(&self, mode: LockMode, timeout: Duration) -> Result<Held<'_>, LockError> {
        let began = Instant::now();
        let mut pause = PAUSE_AT_FIRST;
        loop {
            let left = timeout.saturating_sub(began.elapsed());
            if let Some(held) = self.try_acquire(mode, left)? {
                return Ok(held);
            }
            let waited = began.elapsed();
            let Some(left) = timeout.checked_sub(waited).filter(|left| !left.is_zero()) else {
                let holder = LockRecord::read(&*self.file)?.holder.map(Box::new);
                return Err(LockError::Timeout { path: self.path.clone(), waited, holder });
            };
            #[allow(
                clippy::disallowed_methods,
                reason = "who does not stand in the kernel's queue is not told that a lock is free"
            )]
            std::thread::sleep(pause.min(left));
            pause = PAUSE_MAX.min(pause * 2);
        }
    }

    /// Takes the lock if it is free, or when it is its turn, where the kernel keeps a queue.
    fn try_acquire(
        &self,
        mode: LockMode,
        timeout: Duration,
    ) -> Result<Option<Held<'_>>, LockError> {
        if self.lent.swap(true, Ordering::Acquire) {
            return Ok(None);
        }
        // Gives back what was lent, unless it is returned.
        let mut held = Held { lock: self, in_line: None, has_lock: false };
        held.has_lock = self.file.try_lock(mode).map_err(LockError::of_locking)?;
        if !held.has_lock && timeout >= IN_LINE_FROM {
            let turn = turn::wait(&*self.file, mode, timeout).map_err(LockError::of_locking)?;
            if let Turn::Had(file) = turn {
                (held.in_line, held.has_lock) = (Some(file), true);
            }
        }
        Ok(held.has_lock.then_some(held))
    }
}

fn check_exclusion(disk: &dyn Disk, path: &Path, first: &dyn DiskFile) -> Result<(), LockError> {
    let second = disk.open(path, Access::Write)?;
    let first_has_it = first.try_lock(LockMode::Exclusive).map_err(LockError::of_locking)?;
    let second_has_it = second.try_lock(LockMode::Exclusive).map_err(LockError::of_locking)?;
    if first_has_it && !second_has_it {
        return Ok(());
    }
    Err(LockError::Unsupported {
        path: path.to_owned(),
        source: io::Error::new(
            io::ErrorKind::Unsupported,
            "of two opens of one file, not exactly the first got an exclusive lock",
        ),
    })
}

/// The kernel's lock, given back when dropped.
#[derive(Debug)]
struct Held<'a> {
    lock: &'a FileLock,
    /// The open file that has the lock, where it was waited for in line.
    in_line: Option<Box<dyn DiskFile>>,
    has_lock: bool,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        match self.in_line.take() {
            // Closing it frees its lock.
            Some(file) => drop(file),
            // Should this fail, the lock is freed when the file is closed.
            None if self.has_lock => drop(self.lock.file.unlock()),
            None => {}
        }
        self.lock.lent.store(false, Ordering::Release);
    }
}

/// A lock held alone; dropping it marks the record as given back and unlocks.
#[derive(Debug)]
#[must_use = "the lock is given back when the guard is dropped"]
pub struct FileLockGuard<'a> {
    held: Held<'a>,
    suspect: AtomicBool,
    announced: AtomicBool,
}

impl FileLockGuard<'_> {
    /// Notes that a sync of what this lock protects has failed, or has yet to be made should this
    /// process die: every later holder is told so, until one calls [`clear_suspect`](Self::clear_suspect). The note itself is not synced,
    /// and need not be: what it warns of, bytes that the system has in memory but not on the
    /// medium, is over when the machine goes down.
    ///
    /// # Errors
    ///
    /// What the medium says; only holders in this process that share the guard know then.
    pub fn mark_suspect(&self) -> Result<(), DiskError> {
        self.set_suspect(true)
    }

    /// Takes the note back: what this lock protects has been written anew and synced.
    ///
    /// # Errors
    ///
    /// What the medium says; the note stands then.
    pub fn clear_suspect(&self) -> Result<(), DiskError> {
        self.set_suspect(false)
    }

    /// Whether the note stands.
    #[must_use]
    pub fn is_suspect(&self) -> bool {
        self.suspect.load(Ordering::Relaxed)
    }

    /// Leaves a note that changes to what this lock protects have been announced, for every later
    /// holder until one takes it back or a reader [does](SharedLockGuard::silence). It is written when
    /// the lock is given back; should that fail, the next holder announces once more.
    pub fn leave_announced(&self) {
        self.announced.store(true, Ordering::Relaxed);
    }

    /// Takes back that changes were announced: every later holder has to announce its own.
    ///
    /// # Errors
    ///
    /// What the medium says; the note may stand then.
    pub fn silence(&self) -> Result<(), DiskError> {
        if self.announced.swap(false, Ordering::Relaxed) {
            let (held, suspect) = (true, self.is_suspect());
            Marks { held, suspect, announced: false }.write(&*self.held.lock.file)?;
        }
        Ok(())
    }

    fn set_suspect(&self, suspect: bool) -> Result<(), DiskError> {
        // A warning is remembered even if it cannot be written: the guard's drop tries again.
        self.suspect.fetch_or(suspect, Ordering::Relaxed);
        let announced = self.announced.load(Ordering::Relaxed);
        Marks { held: true, suspect, announced }.write(&*self.held.lock.file)?;
        self.suspect.store(suspect, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for FileLockGuard<'_> {
    fn drop(&mut self) {
        let announced = self.announced.load(Ordering::Relaxed);
        // Best effort, as the record is; `held` unlocks right after.
        let _ = Marks { held: false, suspect: self.is_suspect(), announced }
            .write(&*self.held.lock.file);
    }
}

/// A lock held together with other readers; dropping it unlocks.
#[derive(Debug)]
#[must_use = "the lock is given back when the guard is dropped"]
pub struct SharedLockGuard<'a> {
    held: Held<'a>,
}

impl SharedLockGuard<'_> {
    /// Takes back that changes were announced: whoever changes what this lock protects has to
    /// announce it anew. Readers that do so at the same time write the same.
    ///
    /// # Errors
    ///
    /// What the medium says; the note may stand then.
    pub fn silence(&self) -> Result<(), DiskError> {
        let file = &*self.held.lock.file;
        let marks = LockRecord::read(file)?.marks;
        if marks.announced { Marks { announced: false, ..marks }.write(file) } else { Ok(()) }
    }
}
