//! Where things are in a store.

use std::path::{Path, PathBuf};

use crate::vocabulary::{Digest, SessionId};

/// What makes a directory a store.
pub const STORE_FILE: &str = "store.json";
/// The folder of all sessions.
pub const SESSIONS: &str = "sessions";
/// How the names of sessions under construction begin; no session id begins with a dot.
pub const UNDER_CONSTRUCTION: &str = ".new-";

/// How the name of a session's folder begins while it is being removed.
pub const UNDER_REMOVAL: &str = ".gone-";
/// The folder of the catalog.
pub const CATALOG: &str = "catalog";

/// The paths of the catalog of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogPaths {
    store: PathBuf,
}

impl CatalogPaths {
    /// The catalog of the store in `store`.
    #[must_use]
    pub fn new(store: &Path) -> Self {
        Self { store: store.to_owned() }
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.store.join(CATALOG)
    }

    /// What names its other files.
    #[must_use]
    pub fn current(&self) -> PathBuf {
        self.root().join("current")
    }

    /// What is remembered of verified sessions.
    #[must_use]
    pub fn verified(&self) -> PathBuf {
        self.root().join("verified")
    }

    /// What those lock who fold it.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.root().join("lock")
    }

    /// A file of the catalog.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// The folder of sessions that it is about.
    #[must_use]
    pub fn sessions(&self) -> PathBuf {
        self.store.join(SESSIONS)
    }

    /// The paths of one of these sessions.
    #[must_use]
    pub fn session(&self, session: &SessionId) -> SessionPaths {
        SessionPaths::new(&self.store, session)
    }
}

/// The paths of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPaths {
    root: PathBuf,
}

impl SessionPaths {
    /// The paths of a session of the store in `store`.
    #[must_use]
    pub fn new(store: &Path, session: &SessionId) -> Self {
        Self { root: store.join(SESSIONS).join(session.as_str()) }
    }

    /// The paths of a session whose folder is `root`.
    #[must_use]
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The session's folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The truth.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal.jsonl")
    }

    /// A journal that is about to take the place of the truth.
    #[must_use]
    pub fn journal_successor(&self) -> PathBuf {
        self.root.join("journal.jsonl.new")
    }

    /// What writers lock.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// The newest snapshot.
    #[must_use]
    pub fn snapshot(&self) -> PathBuf {
        self.root.join("snapshot.json")
    }

    /// The one before it.
    #[must_use]
    pub fn snapshot_previous(&self) -> PathBuf {
        self.root.join("snapshot.previous.json")
    }

    /// A snapshot that is being written.
    #[must_use]
    pub fn snapshot_successor(&self) -> PathBuf {
        self.root.join("snapshot.json.new")
    }

    /// Sealed older history.
    #[must_use]
    pub fn segments(&self) -> PathBuf {
        self.root.join("segments")
    }

    /// The file of a segment.
    #[must_use]
    pub fn segment(&self, name: &str) -> PathBuf {
        self.segments().join(name)
    }

    /// Bytes set aside by recovery.
    #[must_use]
    pub fn quarantine(&self) -> PathBuf {
        self.root.join("quarantine")
    }

    /// Texts too long for a record.
    #[must_use]
    pub fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    /// One such text.
    #[must_use]
    pub fn blob(&self, digest: &Digest) -> PathBuf {
        self.blobs().join(format!("{digest}.zst"))
    }

    /// The session's own workspace.
    #[must_use]
    pub fn files(&self) -> PathBuf {
        self.root.join("files")
    }
}
