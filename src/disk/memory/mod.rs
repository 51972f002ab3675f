//! A disk in memory whose machine can go down.

mod file;
mod state;
mod trace;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::error::refuse_to_open;
use super::{Access, Disk, DiskError, DiskFile, DiskOperation, EntryInfo, EntryKind};
use file::MemoryFile;
use state::{Node, ROOT, State};

pub use trace::Traced;

/// A disk in memory; a clone is the same disk.
///
/// It keeps two images. The live one is what every call sees. The durable one is what
/// [`crash`](Self::crash) leaves, and holds as little as a real medium might: a file's bytes and
/// length as of its last `sync_data`, a directory's entries as of its last `sync_dir`. So a file
/// is lost if its directory was not synced, empty if only its directory was, and a directory is lost
/// with all that is in it unless every directory above it was synced since it was made. A rename
/// is atomic in both.
///
/// The root exists from the start, and a relative path begins there; `..` is refused. Links are
/// followed nowhere, not even in the middle of a path. Files are at most 1 GiB.
#[derive(Debug, Clone)]
pub struct MemoryDisk {
    state: Arc<Mutex<State>>,
}

impl Default for MemoryDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryDisk {
    /// A disk with nothing but a root directory.
    #[must_use]
    pub fn new() -> Self {
        Self::of(State::new())
    }

    /// A disk that holds these files, the directories above them, and these directories besides;
    /// all of it is durable. With the files of [`image`](Self::image) it is a disk with the same
    /// content, and other inodes.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` or `NotADirectory` where two paths are in each other's way.
    pub fn from_image(
        files: impl IntoIterator<Item = (PathBuf, Vec<u8>)>,
        directories: impl IntoIterator<Item = PathBuf>,
    ) -> Result<Self, DiskError> {
        let disk = Self::new();
        for path in directories {
            disk.create_dir_all(&path)?;
        }
        for (path, bytes) in files {
            disk.create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
            disk.change(DiskOperation::Open, &path, |state| {
                state.insert(&path, Node::file_of(bytes)).map(drop)
            })?;
        }
        locked(&disk.state).settle_all();
        Ok(disk)
    }

    fn of(state: State) -> Self {
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// The disk as its machine finds it after going down now: what is durable, and no locks.
    /// This disk, its clones and its open files live on untouched.
    #[must_use]
    pub fn crash(&self) -> Self {
        Self::of(locked(&self.state).after_crash())
    }

    /// The live bytes of every file, by path.
    #[must_use]
    pub fn image(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let state = locked(&self.state);
        let mut files = BTreeMap::new();
        let mut pending = vec![(PathBuf::from("/"), ROOT)];
        while let Some((path, inode)) = pending.pop() {
            match state.nodes.get(&inode) {
                Some(Node::File { live, .. }) => drop(files.insert(path, live.clone())),
                Some(Node::Directory { live, .. }) => {
                    pending.extend(live.iter().map(|(name, inode)| (path.join(name), *inode)));
                }
                Some(Node::Link) | None => {}
            }
        }
        files
    }

    /// Puts a symbolic link at a path. Where it would lead does not matter: it is never followed.
    ///
    /// # Errors
    ///
    /// `AlreadyExists`, or `NotFound` for the directory.
    pub fn link(&self, path: &Path) -> Result<(), DiskError> {
        self.change(DiskOperation::Open, path, |state| state.insert(path, Node::Link).map(drop))
    }

    /// Sets the permission bits of a file or a directory. They are shown, and keep nobody out.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    pub fn set_mode(&self, path: &Path, bits: u32) -> Result<(), DiskError> {
        self.change(DiskOperation::Info, path, |state| {
            let inode = state.find(path)?;
            if let Some(Node::File { mode, .. } | Node::Directory { mode, .. }) =
                state.nodes.get_mut(&inode)
            {
                *mode = bits;
            }
            Ok(())
        })
    }

    /// Flips the lowest bit of a byte as media do at rest: no length and no time tells of it.
    ///
    /// # Errors
    ///
    /// `NotFound` for the file, or for the byte.
    pub fn flip(&self, path: &Path, offset: usize) -> Result<(), DiskError> {
        self.change(DiskOperation::Write, path, |state| {
            let inode = state.find(path)?;
            let (live, durable) = state.bytes_mut(inode)?;
            let byte = live.get_mut(offset).ok_or(io::ErrorKind::NotFound)?;
            *byte ^= 1;
            durable.clone_from(live);
            Ok(())
        })
    }

    /// Lets time go by on the disk's own clock, which otherwise moves with each change by no more
    /// than a microsecond.
    pub fn pass_time(&self, time: Duration) {
        locked(&self.state).now_ns += i64::try_from(time.as_nanos()).unwrap_or(i64::MAX / 2);
    }

    /// Starts a new trace of the calls that change the disk. There is none at first: it keeps
    /// every byte that is written.
    pub fn start_trace(&self) {
        locked(&self.state).trace = Some(Vec::new());
    }

    /// The calls since [`start_trace`](Self::start_trace), in order; calls that failed are not
    /// among them.
    #[must_use]
    pub fn trace(&self) -> Vec<Traced> {
        locked(&self.state).trace.clone().unwrap_or_default()
    }

    fn change<T>(
        &self,
        operation: DiskOperation,
        path: &Path,
        run: impl FnOnce(&mut State) -> io::Result<T>,
    ) -> Result<T, DiskError> {
        run(&mut locked(&self.state)).map_err(|source| DiskError::new(operation, path, source))
    }
}

impl Disk for MemoryDisk {
    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn DiskFile>, DiskError> {
        let (inode, handle) = self.change(DiskOperation::Open, path, |state| {
            Ok((open_inode(state, path, access)?, state.next_number()))
        })?;
        Ok(Box::new(MemoryFile {
            state: Arc::clone(&self.state),
            path: path.to_owned(),
            inode,
            handle,
            writable: access != Access::Read,
        }))
    }

    fn create_dir(&self, path: &Path) -> Result<(), DiskError> {
        self.change(DiskOperation::CreateDir, path, |state| create_dir(state, path))
    }

    fn create_dir_all(&self, path: &Path) -> Result<(), DiskError> {
        self.change(DiskOperation::CreateDir, path, |state| create_dir_all(state, path))
    }

    fn list_dir(&self, path: &Path) -> Result<Vec<(String, EntryKind)>, DiskError> {
        self.change(DiskOperation::ListDir, path, |state| {
            let entries = state.entries(state.find(path)?)?;
            let described = entries.iter().filter_map(|(name, inode)| {
                Some((name.to_string_lossy().into_owned(), state.nodes.get(inode)?.kind()))
            });
            Ok(described.collect())
        })
    }

    fn info(&self, path: &Path) -> Result<Option<EntryInfo>, DiskError> {
        self.change(DiskOperation::Info, path, |state| match state.node(path) {
            Ok((inode, node)) => Ok(Some(state.info(inode, node))),
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.change(DiskOperation::Rename, from, |state| state.rename(from, to))
    }

    fn rename_new(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.change(DiskOperation::Rename, from, |state| {
            if state.find(from).is_ok() && state.find(to).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            state.rename(from, to)
        })
    }

    fn remove_file(&self, path: &Path) -> Result<(), DiskError> {
        self.change(DiskOperation::Remove, path, |state| match state.node(path)?.1 {
            Node::Directory { .. } => Err(io::ErrorKind::IsADirectory.into()),
            Node::File { .. } | Node::Link => state.remove(path).map(drop),
        })
    }

    fn remove_dir_all(&self, path: &Path) -> Result<(), DiskError> {
        self.change(DiskOperation::Remove, path, |state| state.remove_tree(path))
    }

    fn sync_dir(&self, path: &Path) -> Result<(), DiskError> {
        self.change(DiskOperation::SyncDir, path, |state| state.sync_dir(path))
    }

    fn boot_id(&self) -> Option<String> {
        Some(locked(&self.state).boot_id.clone())
    }

    fn now_ns(&self) -> i64 {
        locked(&self.state).now_ns
    }
}

fn open_inode(state: &mut State, path: &Path, access: Access) -> io::Result<u64> {
    match state.node(path) {
        Ok(_) if access == Access::CreateNew => Err(io::ErrorKind::AlreadyExists.into()),
        Ok((inode, Node::File { .. })) => Ok(inode),
        Ok((_, other)) => Err(refuse_to_open(other.kind())),
        Err(missing)
            if missing.kind() == io::ErrorKind::NotFound
                && matches!(access, Access::CreateNew | Access::OpenOrCreate) =>
        {
            let inode = state.insert(path, Node::file())?;
            state.traced(|| Traced::CreateFile { path: path.to_owned(), inode });
            Ok(inode)
        }
        Err(error) => Err(error),
    }
}

fn create_dir(state: &mut State, path: &Path) -> io::Result<()> {
    let inode = state.insert(path, Node::directory())?;
    state.traced(|| Traced::CreateDir { path: path.to_owned(), inode });
    Ok(())
}

fn create_dir_all(state: &mut State, path: &Path) -> io::Result<()> {
    match state.node(path) {
        Ok((_, Node::Directory { .. })) => Ok(()),
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), |parent| create_dir_all(state, parent))?;
            create_dir(state, path)
        }
        Err(error) => Err(error),
    }
}

/// A panic elsewhere leaves the disk as whole as it was: every change is made under one lock.
fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
