//! A store in use, on a medium that keeps a trace.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use annals::disk::{Access, Disk, MemoryDisk};
use annals::journal::{JournalWriter, Settings};
use annals::repository::{FileSystemRepository, RepositoryError, SessionRepository as _};
use annals::vocabulary::{
    Append, Appended, Author, Clock, Command, ExpectedSeq, NewMessage, NewSession, Redacted, Role,
    SessionId, Timestamp,
};

use crate::image::Image;
use crate::session::{STORE, Session, paths};

/// What the second record of the store at rest says.
pub const SECRET: &str = "the gate opens at midnight";

/// A clock that ticks a second at each look.
#[derive(Debug)]
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.fetch_add(1_000_000, Ordering::Relaxed)).unwrap()
    }
}

pub fn author() -> Author {
    Author {
        user: "ann".to_owned(),
        host: "orchard".to_owned(),
        pid: 4711,
        program: "tests".to_owned(),
        version: "1.0.0".to_owned(),
    }
}

pub fn settings() -> Settings {
    Settings {
        clock: Arc::new(Ticking(AtomicI64::new(1_795_000_000_000_000))),
        lock_timeout: Duration::ZERO,
        snapshot_every: 0,
        // See `catalog`.
        catalog: false,
        ..Settings::new(author())
    }
}

pub fn pear() -> SessionId {
    "pear".parse().unwrap()
}

pub fn plum() -> SessionId {
    "plum".parse().unwrap()
}

/// A store in use by one process, and by others that come and go.
pub struct World {
    pub memory: MemoryDisk,
    /// What every process of it sees of the medium.
    pub disk: Arc<dyn Disk>,
    pub settings: Settings,
    repository: FileSystemRepository,
}

impl World {
    /// A process on a medium, which it sees through `disk`.
    pub fn on(memory: MemoryDisk, disk: Arc<dyn Disk>, settings: Settings) -> Self {
        let repository =
            FileSystemRepository::open_with(Arc::clone(&disk), STORE, settings.clone()).unwrap();
        Self { memory, disk, settings, repository }
    }

    /// Waits for a call, and for all that its process still does after the answer.
    fn wait<T>(future: impl Future<Output = T>) -> T {
        // Dropping the runtime waits for the threads that work for it.
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    pub fn append(&self, session: &SessionId, append: Append) -> Result<Appended, RepositoryError> {
        Self::wait(self.repository.append(session, append))
    }

    pub fn purge(&self, session: &SessionId) -> Result<(), RepositoryError> {
        Self::wait(self.repository.delete(session))
    }

    pub fn recover(&self, session: &SessionId) -> Result<(), RepositoryError> {
        let repair = annals::repository::Repair::Apply;
        Self::wait(self.repository.recover(session, repair, &author())).map(drop)
    }

    pub fn compact(&self, session: &SessionId) -> Result<(), RepositoryError> {
        Self::wait(self.repository.compact(session, 1)).map(drop)
    }

    /// Removes the data of the second record, which is the secret of the store at rest.
    pub fn redact(&self, session: &SessionId) -> Result<(), RepositoryError> {
        let redacted = Redacted { seq: 2, reason: "it is a secret".to_owned() };
        let any = ExpectedSeq::Any;
        Self::wait(self.repository.redact(session, redacted, any, &author())).map(drop)
    }

    /// A writer of another process, through a disk of its own.
    pub fn other_writer(&self, disk: &Arc<dyn Disk>, settings: Settings) -> Option<JournalWriter> {
        JournalWriter::open(disk, paths(&pear()), pear(), settings).ok()
    }

    /// The calls that were made so far.
    pub fn calls(&self) -> usize {
        self.memory.trace().len()
    }

    /// Each session as it is now, whether that is durable or not.
    pub fn sessions(&self) -> BTreeMap<SessionId, Option<Session>> {
        let read = |session| (Session::read(&self.memory, &session).unwrap(), session);
        [pear(), plum()].map(read).into_iter().map(|(seen, session)| (session, seen)).collect()
    }

    /// Changes bytes of a session's journal, durably: what happened long before the crash.
    pub fn damage(&self, offset: usize, bytes: &[u8]) {
        let file = self.memory.open(&paths(&pear()).journal(), Access::Write).unwrap();
        file.write_at(offset as u64, bytes).unwrap();
        file.sync_data().unwrap();
    }

    /// The journal of `pear` without its padding, if there is one.
    pub fn journal(&self) -> Option<Vec<u8>> {
        let mut bytes = self.memory.image().remove(&paths(&pear()).journal())?;
        bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n')? + 1);
        Some(bytes)
    }
}

/// A medium with nothing on it but its root.
pub fn empty_medium() -> Image {
    Image::of(&MemoryDisk::new())
}

/// A store with the session `pear`, which has three records, all of it long durable.
pub fn store_at_rest() -> Image {
    let memory = MemoryDisk::new();
    let world = World::on(memory.clone(), Arc::new(memory.clone()), settings());
    world.append(&pear(), created(None)).unwrap();
    for text in [SECRET, "no secret"] {
        world.append(&pear(), said(text)).unwrap();
    }
    assert!(memory.info(Path::new(STORE)).unwrap().is_some());
    Image::of(&memory)
}

pub fn created(message: Option<String>) -> Append {
    Append::one(Command::Create(NewSession { message, ..NewSession::default() }), author())
}

pub fn said(text: impl Into<String>) -> Append {
    Append::one(Command::RecordMessage(NewMessage::new(Role::user(), text)), author())
}
