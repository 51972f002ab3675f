//! The directory that makes a store, and what says that it is one.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::OnceLock;

use crate::disk::{Access, Disk, DiskError, EntryKind, FileLock, LockError};
use crate::format::bounds::{FORMAT, STORE_FILE_BYTES_MAX};
use crate::format::layout::{CatalogPaths, SESSIONS, STORE_FILE, SessionPaths};
use crate::format::{StoreFault, StoreFile};
use crate::journal::catalog::Feed;
use crate::repository::RepositoryError;
use crate::vocabulary::SessionId;

/// A store's directory.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) disk: Arc<dyn Disk>,
    /// The way to the store's catalog.
    pub(super) feed: Arc<Feed>,
    root: PathBuf,
    /// Set once the directory was seen to be a store.
    checked: OnceLock<()>,
    /// Set once everything that a first session needs was seen to be there.
    ensured: OnceLock<()>,
}

impl Store {
    pub(super) fn new(disk: Arc<dyn Disk>, root: PathBuf, makes_catalog: bool) -> Self {
        let feed = Arc::new(Feed::new(CatalogPaths::new(&root), makes_catalog));
        Self { disk, feed, root, checked: OnceLock::new(), ensured: OnceLock::new() }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn sessions(&self) -> PathBuf {
        self.root.join(SESSIONS)
    }

    /// Where a session is, or would be: its folder may be missing.
    ///
    /// # Errors
    ///
    /// Something else is in the place of its folder, such as a link that leads out of the store:
    /// nothing is read or written through it. And those of the medium.
    pub(super) fn paths(&self, session: &SessionId) -> Result<SessionPaths, DiskError> {
        let there = self.paths_if_there(session)?;
        Ok(there.unwrap_or_else(|| SessionPaths::new(&self.root, session)))
    }

    /// The same; `None` where its folder is missing.
    ///
    /// # Errors
    ///
    /// As of [`paths`](Self::paths).
    pub(super) fn paths_if_there(
        &self,
        session: &SessionId,
    ) -> Result<Option<SessionPaths>, DiskError> {
        let paths = SessionPaths::new(&self.root, session);
        match self.disk.info(paths.root())? {
            None => Ok(None),
            Some(info) if info.kind == EntryKind::Directory => Ok(Some(paths)),
            Some(_) => Err(DiskError::no_own_folder(paths.root())),
        }
    }

    /// Whether there is a store: false where the directory is missing or empty.
    ///
    /// # Errors
    ///
    /// The directory holds something else, or a store of a newer format.
    pub(super) fn exists(&self) -> Result<bool, RepositoryError> {
        if self.checked.get().is_some() {
            return Ok(true);
        }
        let not_a_store = |why| RepositoryError::NotAStore { path: self.root.clone(), why };
        match self.disk.info(&self.root).map_err(storage)? {
            None => return Ok(false),
            Some(info) if info.kind == EntryKind::Directory => {}
            // A link to a directory is the user's own choice of where the store is.
            Some(info) if info.kind == EntryKind::Link => {}
            Some(_) => return Err(not_a_store("it is not a folder")),
        }
        let bytes = match self.read_store_file()? {
            Some(bytes) => bytes,
            None if self.is_in_the_making()? => return Ok(false),
            // It may have been made in the meantime.
            None => match self.read_store_file()? {
                Some(bytes) => bytes,
                None => return Err(not_a_store("it has no store.json")),
            },
        };
        match StoreFile::decode(&bytes) {
            Ok(_) => {}
            Err(StoreFault::NewerFormat { found }) => {
                let path = self.root.clone();
                return Err(RepositoryError::NewerFormat { path, found, supported: FORMAT });
            }
            Err(StoreFault::Form) => {
                return Err(not_a_store("its store.json is not that of annals"));
            }
        }
        let sessions = self.disk.info(&self.sessions()).map_err(storage)?;
        if sessions.is_some_and(|info| info.kind != EntryKind::Directory) {
            return Err(not_a_store("its sessions are not in a folder of its own"));
        }
        self.checked.get_or_init(|| ());
        Ok(true)
    }

    /// Whether there is nothing but what comes before `store.json` when a store is made.
    fn is_in_the_making(&self) -> Result<bool, RepositoryError> {
        let entries = self.disk.list_dir(&self.root).map_err(storage)?;
        if !entries.iter().all(|(name, _)| is_of_a_store_in_the_making(name)) {
            return Ok(false);
        }
        match self.disk.list_dir(&self.sessions()) {
            Ok(sessions) => Ok(sessions.is_empty()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
            Err(error) => Err(storage(error)),
        }
    }

    /// Whether the file that makes it a store is there and can be read.
    ///
    /// # Errors
    ///
    /// It is of a newer format, and those of the medium.
    pub(super) fn is_whole(&self) -> Result<bool, RepositoryError> {
        match self.exists() {
            Ok(exists) => Ok(exists),
            Err(RepositoryError::NotAStore { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes the file that makes it a store anew, where there is none.
    ///
    /// # Errors
    ///
    /// As of [`ensure`](Self::ensure).
    pub(super) fn restore(&self) -> Result<(), RepositoryError> {
        self.make_sessions_folder()?;
        self.write_store_file().map_err(storage)?;
        self.exists().map(|_| ())
    }

    fn read_store_file(&self) -> Result<Option<Vec<u8>>, RepositoryError> {
        let file = match self.disk.open(&self.root.join(STORE_FILE), Access::Read) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(storage(error)),
        };
        let mut bytes = vec![0; STORE_FILE_BYTES_MAX + 1];
        let read = file.read_at(0, &mut bytes).map_err(storage)?;
        bytes.truncate(read);
        Ok(Some(bytes))
    }

    /// Whether sessions can be made at once.
    pub(super) fn is_ensured(&self) -> bool {
        self.ensured.get().is_some()
    }

    /// Makes the store where there is none yet.
    ///
    /// # Errors
    ///
    /// As of [`exists`](Self::exists), [`RepositoryError::LocksUnsupported`], and those of the
    /// medium.
    pub(super) fn ensure(&self) -> Result<(), RepositoryError> {
        if self.exists()? {
            // Its folder of sessions may have been lost.
            self.make_sessions_folder()?;
            // Whoever made the store may have died before its entries were on the medium.
            self.disk.sync_dir(&self.root).map_err(storage)?;
        } else {
            self.make()?;
            self.checked.get_or_init(|| ());
        }
        self.ensured.get_or_init(|| ());
        Ok(())
    }

    fn make(&self) -> Result<(), RepositoryError> {
        self.make_root().map_err(storage)?;
        FileLock::check_support(&*self.disk, &self.root).map_err(|error| match error {
            LockError::Unsupported { .. } => {
                RepositoryError::LocksUnsupported { path: self.root.clone() }
            }
            other => RepositoryError::Storage { source: Box::new(other) },
        })?;
        self.make_sessions_folder()?;
        self.write_store_file().map_err(storage)
    }

    /// Makes the folder and those missing above it, each durable in the one above it.
    fn make_root(&self) -> Result<(), DiskError> {
        let mut must_sync = true;
        let mut syncs = Vec::new();
        for folder in self.root.ancestors() {
            let Some(above) = folder.parent() else { break };
            syncs.push((above, must_sync));
            // Of folders that were there already this is not this store's duty, and may not be its
            // right; but somebody may have made them for it and died before they were durable.
            must_sync = self.disk.info(above)?.is_none();
        }
        self.disk.create_dir_all(&self.root)?;
        for (above, must_sync) in syncs {
            // The folder above a relative path of one part is the current one.
            let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
            match self.disk.sync_dir(above) {
                Err(error) if must_sync => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn make_sessions_folder(&self) -> Result<(), RepositoryError> {
        match self.disk.create_dir(&self.sessions()) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(storage(error)),
            _ => Ok(()),
        }
    }

    /// The file that makes it a store comes last, and in one step: whoever sees it sees all.
    fn write_store_file(&self) -> Result<(), DiskError> {
        let temporary = self.root.join(format!("{STORE_FILE}.{}", uuid::Uuid::now_v7()));
        let file = self.disk.open(&temporary, Access::CreateNew)?;
        file.write_at(0, &StoreFile::generate().encode())?;
        file.sync_data()?;
        match self.disk.rename_new(&temporary, &self.root.join(STORE_FILE)) {
            // Another process was faster; its store is as good.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.disk.remove_file(&temporary)?;
            }
            renamed => renamed?,
        }
        self.disk.sync_dir(&self.root)
    }

    /// The names in the folder of sessions that could be sessions', and those that could not.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    pub(super) fn entries(&self) -> Result<Entries, RepositoryError> {
        let mut entries = Entries::default();
        if !self.exists()? {
            return Ok(entries);
        }
        let listed = match self.disk.list_dir(&self.sessions()) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(entries),
            listed => listed.map_err(storage)?,
        };
        for (name, _) in listed {
            match name.parse() {
                Ok(session) => entries.sessions.push(session),
                // Sessions under construction or removal.
                Err(_) if name.starts_with('.') => {}
                Err(_) => entries.strangers.push(name),
            }
        }
        entries.sessions.sort();
        entries.strangers.sort();
        Ok(entries)
    }
}

/// Whether a name is one of those that come before `store.json` when a store is made.
fn is_of_a_store_in_the_making(name: &str) -> bool {
    name.starts_with(STORE_FILE) || name.starts_with(".lock-check-") || name == SESSIONS
}

/// What is in the folder of sessions.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) sessions: Vec<SessionId>,
    /// Names that no session can have.
    pub(super) strangers: Vec<String>,
}

pub(super) fn storage(source: DiskError) -> RepositoryError {
    RepositoryError::Storage { source: Box::new(source) }
}
