//! A store on a disk in memory, and what its journals say.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use annals::disk::{Access, Disk, MemoryDisk};
use annals::format::layout::CatalogPaths;
use annals::journal::catalog::{Feed, Folding, fold};
use annals::repository::{
    FileSystemOptions, FileSystemRepository, Listing, Met, RepositoryError, SessionRepository as _,
};
use annals::vocabulary::{Append, Command, NewSession, SessionFilter, SessionId};

use crate::message;
use crate::support::{TestClock, author, id};

pub const STORE: &str = "/store";

/// A store that several processes use.
pub struct Scene {
    pub memory: MemoryDisk,
    pub clock: Arc<TestClock>,
}

impl Scene {
    /// A store with sessions of these names, each a second after the other.
    pub fn with(names: &[&str]) -> Self {
        let scene = Self { memory: MemoryDisk::new(), clock: TestClock::new() };
        for name in names {
            scene.create(name);
        }
        scene
    }

    pub fn options(&self, catalog: bool) -> FileSystemOptions {
        let clock = Arc::clone(&self.clock) as _;
        let lock_timeout = Duration::ZERO;
        FileSystemOptions { clock, catalog, lock_timeout, ..FileSystemOptions::new(author()) }
    }

    /// A process that sees the store through a disk.
    pub fn process_on(&self, disk: Arc<dyn Disk>) -> FileSystemRepository {
        FileSystemRepository::open_with(disk, STORE, self.options(true)).unwrap()
    }

    /// A process that has read nothing yet.
    pub fn process(&self) -> FileSystemRepository {
        self.process_on(Arc::new(self.memory.clone()))
    }

    pub fn create(&self, name: &str) -> SessionId {
        let session = id(name);
        let new = Append::one(Command::Create(NewSession::default()), author());
        wait(self.process().append(&session, new)).unwrap();
        self.clock.advance_ms(1000);
        session
    }

    pub fn say(&self, name: &str, text: &str) {
        say(&self.process(), name, text).unwrap();
        self.clock.advance_ms(1000);
    }

    /// What opening every session says.
    pub fn truth(&self) -> Vec<String> {
        let disk = Arc::new(self.memory.clone());
        let opening = FileSystemRepository::open_with(disk, STORE, self.options(false)).unwrap();
        rows(&listed(&opening))
    }

    /// Asserts that a process which has read nothing yet lists what the journals say.
    #[track_caller]
    pub fn assert_true(&self, what: &str) {
        // So that what was last changed in the folder of sessions has been a while ago.
        self.memory.pass_time(Duration::from_millis(50));
        self.assert_true_of(&self.process(), what);
    }

    /// Asserts that a process lists what the journals say.
    #[track_caller]
    pub fn assert_true_of(&self, process: &FileSystemRepository, what: &str) {
        let truth = self.truth();
        assert_eq!(rows(&listed(process)), truth, "{what}");
        assert_eq!(streamed(process, &SessionFilter::everything()), truth, "streamed, {what}");
        let some = SessionFilter { id_prefix: Some("p".to_owned()), ..SessionFilter::everything() };
        let begins = |row: &&String| row.starts_with("{\"id\":\"p");
        let expected: Vec<_> = truth.iter().filter(begins).cloned().collect();
        let found = streamed(process, &some);
        let found: Vec<_> = found.iter().filter(begins).cloned().collect();
        assert_eq!(found, expected, "by the beginning of the id, {what}");
    }

    pub fn paths(&self) -> CatalogPaths {
        CatalogPaths::new(Path::new(STORE))
    }

    pub fn feed(&self) -> Feed {
        Feed::new(self.paths(), true)
    }

    /// Folds what was told, as another process.
    pub fn fold(&self) {
        let disk: Arc<dyn Disk> = Arc::new(self.memory.clone());
        assert!(fold(&disk, &self.feed(), Folding::Told).unwrap(), "somebody else is folding");
    }

    /// The file of the catalog whose name begins like this.
    pub fn file(&self, kind: &str) -> Option<PathBuf> {
        let names = self.memory.list_dir(&self.paths().root()).ok()?;
        let name = names.into_iter().map(|(name, _)| name).find(|name| name.starts_with(kind));
        name.map(|name| self.paths().file(&name))
    }

    pub fn bytes(&self, path: &Path) -> Vec<u8> {
        self.memory.image().remove(path).unwrap_or_default()
    }

    pub fn put(&self, path: &Path, bytes: &[u8]) {
        let file = self.memory.open(path, Access::OpenOrCreate).unwrap();
        file.set_len(0).unwrap();
        file.write_at(0, bytes).unwrap();
    }

    pub fn session(&self, name: &str) -> PathBuf {
        self.paths().sessions().join(name)
    }
}

pub fn say(process: &FileSystemRepository, name: &str, text: &str) -> Result<(), RepositoryError> {
    wait(process.append(&id(name), Append::one(message(text), author()))).map(drop)
}

pub fn listed(process: &FileSystemRepository) -> Listing {
    wait(process.list(&SessionFilter::everything())).unwrap()
}

/// The same as [`rows`] of a stream, whose sessions are not looked into.
pub fn streamed(process: &FileSystemRepository, filter: &SessionFilter) -> Vec<String> {
    let (mut sessions, mut rest) = (Vec::new(), Listing::default());
    wait(async {
        let mut stream = process.sessions(filter).await.unwrap();
        while let Some(met) = stream.next().await {
            match met.unwrap() {
                Met::Session(listed) => sessions.push(listed.json().unwrap().into_owned()),
                Met::Damage(finding) => rest.findings.push(finding),
                Met::Unreadable(one) => rest.unreadable.push(one),
            }
        }
    });
    sessions.extend(rows(&rest));
    sessions
}

/// A listing as text: every state, every finding and every session that cannot be read.
pub fn rows(listing: &Listing) -> Vec<String> {
    let states = listing.sessions.iter().map(|state| serde_json::to_string(state).unwrap());
    let mut rows: Vec<_> = states.collect();
    let mut rest: Vec<_> = listing
        .findings
        .iter()
        .map(|finding| format!("{finding:?}"))
        .chain(listing.unreadable.iter().map(|one| format!("{}: {}", one.session, one.why)))
        .collect();
    rest.sort();
    rows.append(&mut rest);
    rows
}

/// Waits for a call, and for all that its process still does after the answer.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
