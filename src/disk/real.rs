//! The operating system's file system.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "this is the one place that the file system belongs to"
)]

use std::fs::{File, Metadata, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};

use super::error::refuse_to_open;
use super::folders::{entries, entry_kind, look_into, open_dir};
use super::{
    Access, Disk, DiskError, DiskFile, DiskOperation, EntryInfo, EntryKind, FileIdentity, Folder,
    LockMode,
};

const FILE_MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;

/// The operating system's file system.
///
/// Locks are `flock` locks of the open file: dropping the [`DiskFile`], or the death of the
/// process, frees them. Descriptors are close-on-exec, so a child never inherits one.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

#[derive(Debug)]
struct RealFile {
    file: File,
    path: PathBuf,
    locked: AtomicBool,
}

impl Drop for RealFile {
    fn drop(&mut self) {
        // Closing alone would not do at once: a child that another thread has forked and that has
        // not yet called exec shares the open file, and its lock, for that moment.
        if self.locked.load(Ordering::Relaxed) {
            let _ = uninterrupted(|| fs4::FileExt::unlock(&self.file));
        }
    }
}

impl Disk for RealDisk {
    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn DiskFile>, DiskError> {
        let file = open_regular(path, access).map_err(at(DiskOperation::Open, path))?;
        Ok(Box::new(RealFile { file, path: path.to_owned(), locked: AtomicBool::new(false) }))
    }

    fn create_dir(&self, path: &Path) -> Result<(), DiskError> {
        make_dir(path).map_err(at(DiskOperation::CreateDir, path))
    }

    fn create_dir_all(&self, path: &Path) -> Result<(), DiskError> {
        make_dir_all(path).map_err(at(DiskOperation::CreateDir, path))
    }

    fn list_dir(&self, path: &Path) -> Result<Vec<(String, EntryKind)>, DiskError> {
        entries(path).map_err(at(DiskOperation::ListDir, path))
    }

    fn info(&self, path: &Path) -> Result<Option<EntryInfo>, DiskError> {
        look(path).map_err(at(DiskOperation::Info, path))
    }

    fn look_into(&self, path: &Path) -> Result<Option<Folder>, DiskError> {
        look_into(path).map_err(at(DiskOperation::ListDir, path))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        std::fs::rename(from, to).map_err(at(DiskOperation::Rename, from))
    }

    fn rename_new(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        rename_new(from, to).map_err(at(DiskOperation::Rename, from))
    }

    fn remove_file(&self, path: &Path) -> Result<(), DiskError> {
        std::fs::remove_file(path).map_err(at(DiskOperation::Remove, path))
    }

    fn remove_dir_all(&self, path: &Path) -> Result<(), DiskError> {
        std::fs::remove_dir_all(path).map_err(at(DiskOperation::Remove, path))
    }

    fn sync_dir(&self, path: &Path) -> Result<(), DiskError> {
        open_dir(path)
            .and_then(|dir| File::from(dir).sync_all())
            .map_err(at(DiskOperation::SyncDir, path))
    }

    fn boot_id(&self) -> Option<String> {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(id.trim().to_owned()).filter(|id| !id.is_empty())
    }

    fn now_ns(&self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.ok().and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or_default()
    }
}

impl DiskFile for RealFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, DiskError> {
        fill(&self.file, offset, buffer).map_err(at(DiskOperation::Read, &self.path))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        // The standard library's loop: goes on after an interruption or a partial write, and
        // calls a write of no bytes `WriteZero`.
        self.file.write_all_at(bytes, offset).map_err(at(DiskOperation::Write, &self.path))
    }

    fn append(&self, bytes: &[u8]) -> Result<(), DiskError> {
        let appended = uninterrupted(|| (&self.file).write(bytes));
        let whole = appended.and_then(|count| match count {
            all if all == bytes.len() => Ok(()),
            // The rest would not be in one piece with what is there.
            _ => Err(io::ErrorKind::WriteZero.into()),
        });
        whole.map_err(at(DiskOperation::Write, &self.path))
    }

    fn set_len(&self, len: u64) -> Result<(), DiskError> {
        self.file.set_len(len).map_err(at(DiskOperation::SetLen, &self.path))
    }

    fn info(&self) -> Result<EntryInfo, DiskError> {
        let metadata = self.file.metadata().map_err(at(DiskOperation::Info, &self.path))?;
        Ok(entry_info(&metadata))
    }

    fn sync_data(&self) -> Result<(), DiskError> {
        self.file.sync_data().map_err(at(DiskOperation::SyncData, &self.path))
    }

    fn try_lock(&self, mode: LockMode) -> Result<bool, DiskError> {
        let locked = uninterrupted(|| try_flock(&self.file, mode))
            .map_err(at(DiskOperation::Lock, &self.path))?;
        if locked {
            self.locked.store(true, Ordering::Relaxed);
        }
        Ok(locked)
    }

    fn open_in_line(&self) -> Result<Option<Box<dyn DiskFile>>, DiskError> {
        let again = match open_existing(&self.path, OFlags::RDWR) {
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(at(DiskOperation::Open, &self.path))?,
        };
        let again = Self { file: again, path: self.path.clone(), locked: AtomicBool::new(false) };
        let is_same = again.info()?.identity == self.info()?.identity;
        Ok(is_same.then(|| Box::new(again) as Box<dyn DiskFile>))
    }

    fn lock_in_turn(&self, mode: LockMode) -> Result<bool, DiskError> {
        // By the trait's full name, as below.
        uninterrupted(|| match mode {
            LockMode::Shared => fs4::FileExt::lock_shared(&self.file),
            LockMode::Exclusive => fs4::FileExt::lock(&self.file),
        })
        .map_err(at(DiskOperation::Lock, &self.path))?;
        self.locked.store(true, Ordering::Relaxed);
        Ok(true)
    }

    fn unlock(&self) -> Result<(), DiskError> {
        uninterrupted(|| fs4::FileExt::unlock(&self.file))
            .map_err(at(DiskOperation::Lock, &self.path))?;
        self.locked.store(false, Ordering::Relaxed);
        Ok(())
    }
}

fn at(operation: DiskOperation, path: &Path) -> impl Fn(io::Error) -> DiskError {
    move |source| DiskError::new(operation, path, source)
}

/// Calls again what a signal has interrupted.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(interrupted) if interrupted.kind() == io::ErrorKind::Interrupted => {}
            answer => return answer,
        }
    }
}

/// Takes a lock if it is free, and says whether it was.
fn try_flock(file: &File, mode: LockMode) -> io::Result<bool> {
    // By the trait's full name: the inherent methods of `File` would shadow it.
    let answer = match mode {
        LockMode::Shared => fs4::FileExt::try_lock_shared(file),
        LockMode::Exclusive => fs4::FileExt::try_lock(file),
    };
    match answer {
        Ok(()) => Ok(true),
        Err(fs4::TryLockError::WouldBlock) => Ok(false),
        Err(fs4::TryLockError::Error(source)) => Err(source),
    }
}

fn open_regular(path: &Path, access: Access) -> io::Result<File> {
    match access {
        Access::Read => open_existing(path, OFlags::RDONLY),
        Access::Write => open_existing(path, OFlags::RDWR),
        Access::Append => open_existing(path, OFlags::RDWR | OFlags::APPEND),
        Access::CreateNew => create_new(path),
        Access::OpenOrCreate => match open_existing(path, OFlags::RDWR) {
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => match create_new(path) {
                // Somebody else made it in between.
                Err(made) if made.kind() == io::ErrorKind::AlreadyExists => {
                    open_existing(path, OFlags::RDWR)
                }
                other => other,
            },
            other => other,
        },
    }
}

fn open_existing(path: &Path, access: OFlags) -> io::Result<File> {
    // Non-blocking, or opening a pipe would wait for its other end; it means nothing to a file.
    let flags = access | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty())) {
        Ok(descriptor) => File::from(descriptor),
        Err(Errno::LOOP) if is_link(path) => return Err(refuse_to_open(EntryKind::Link)),
        Err(errno) => return Err(errno.into()),
    };
    match entry_info(&file.metadata()?).kind {
        EntryKind::File => Ok(file),
        other => Err(refuse_to_open(other)),
    }
}

fn create_new(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mode = Mode::from_raw_mode(FILE_MODE);
    let file = File::from(retry_on_intr(|| rustix::fs::open(path, flags, mode))?);
    // A umask can only take bits away; one that takes the owner's would lock us out.
    if file.metadata()?.mode() & FILE_MODE != FILE_MODE {
        file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    }
    Ok(file)
}

fn make_dir(path: &Path) -> io::Result<()> {
    rustix::fs::mkdir(path, Mode::from_raw_mode(DIR_MODE))?;
    if std::fs::symlink_metadata(path)?.mode() & DIR_MODE != DIR_MODE {
        rustix::fs::chmod(path, Mode::from_raw_mode(DIR_MODE))?;
    }
    Ok(())
}

fn make_dir_all(path: &Path) -> io::Result<()> {
    match make_dir_or_find_it(path) {
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => {
                make_dir_all(parent)?;
                make_dir_or_find_it(path)
            }
            _ => Err(missing),
        },
        other => other,
    }
}

fn make_dir_or_find_it(path: &Path) -> io::Result<()> {
    match make_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match look(path)? {
            Some(EntryInfo { kind: EntryKind::Directory, .. }) => Ok(()),
            _ => Err(error),
        },
        other => other,
    }
}

pub(super) fn look(path: &Path) -> io::Result<Option<EntryInfo>> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(entry_info(&metadata))),
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_link(path: &Path) -> bool {
    matches!(look(path), Ok(Some(EntryInfo { kind: EntryKind::Link, .. })))
}

fn entry_info(metadata: &Metadata) -> EntryInfo {
    let mode = metadata.mode();
    EntryInfo {
        kind: entry_kind(FileType::from_raw_mode(mode)),
        len: metadata.len(),
        mode: mode & 0o7777,
        identity: FileIdentity { device: metadata.dev(), inode: metadata.ino() },
        changed_ns: metadata.ctime().saturating_mul(1_000_000_000) + metadata.ctime_nsec(),
    }
}

fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{RenameFlags, renameat_with};
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Not every file system knows the flag.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
            answer => return Ok(answer?),
        }
    }
    rename_new_in_steps(from, to)
}

/// What [`rename_new`] does where the system cannot do it at once. A file gets its second name
/// before it loses its first, so a crash in between leaves both; linking refuses a name that is
/// taken. A directory cannot have two names, but renaming one never replaces anything but an empty
/// directory.
fn rename_new_in_steps(from: &Path, to: &Path) -> io::Result<()> {
    match look(from)? {
        Some(EntryInfo { kind: EntryKind::Directory, .. }) => match look(to)? {
            Some(_) => Err(io::ErrorKind::AlreadyExists.into()),
            None => std::fs::rename(from, to),
        },
        _ => {
            rustix::fs::linkat(CWD, from, CWD, to, AtFlags::empty())?;
            std::fs::remove_file(from)
        }
    }
}

fn fill(file: &File, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while !buffer.is_empty() {
        match file.read_at(buffer, offset) {
            Ok(0) => break,
            Ok(count) => {
                filled += count;
                offset += count as u64;
                buffer = buffer.get_mut(count..).unwrap_or_default();
            }
            Err(interrupted) if interrupted.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_in_steps_never_replaces_anything() {
        let home = tempfile::tempdir().unwrap();
        let (old, new, taken) =
            (home.path().join("old"), home.path().join("new"), home.path().join("taken"));
        std::fs::write(&old, "old").unwrap();
        std::fs::write(&taken, "taken").unwrap();

        let refused = rename_new_in_steps(&old, &taken).unwrap_err();
        rename_new_in_steps(&old, &new).unwrap();

        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&taken).unwrap(), b"taken");
        assert_eq!(std::fs::read(&new).unwrap(), b"old");
        assert!(!old.exists());
    }

    #[test]
    fn a_rename_in_steps_of_a_directory_refuses_even_an_empty_one() {
        let home = tempfile::tempdir().unwrap();
        let (old, new) = (home.path().join("old"), home.path().join("new"));
        std::fs::create_dir(&old).unwrap();
        std::fs::create_dir(&new).unwrap();

        let refused = rename_new_in_steps(&old, &new).unwrap_err();
        std::fs::remove_dir(&new).unwrap();
        rename_new_in_steps(&old, &new).unwrap();

        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert!(new.is_dir() && !old.exists());
    }
}
