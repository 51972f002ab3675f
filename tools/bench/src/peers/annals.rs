//! annals: the library where a process stays, the command where one starts.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use annals::disk::RealDisk;
use annals::repository::{
    CacheOptions, CachedRepository, Durability as Promise, FileSystemOptions, FileSystemRepository,
    author_from_environment,
};
use annals::vocabulary::{
    Command as Change, Entry, ExpectedSeq, NewMessage, NewSession, Role, SessionFilter, SessionId,
    SessionStatus,
};
use annals::{SessionManager, SessionRepository};
use anyhow::{Context as _, Result, ensure};
use tokio::runtime::{Builder, Runtime};

use crate::cold::Action;
use crate::event;
use crate::peer::{Durability, Peer, Store};
use crate::works::Kind;

/// Where `run` says that the command is.
const BINARY_VARIABLE: &str = "ANNALS_BINARY";
/// Most events of one append.
const EVENTS_AT_ONCE: u64 = 1_000;

pub(super) struct Annals;

impl Peer for Annals {
    fn name(&self) -> &'static str {
        super::ANNALS
    }

    fn title(&self) -> &'static str {
        "annals"
    }

    fn settings(&self) -> &'static str {
        "the defaults of the library: catalog on, cache in front, a snapshot every 256 records; \
         `SessionManager` on a runtime of one thread; processes that start are the `annals` command"
    }

    fn takes_part(&self, _: Kind) -> bool {
        true
    }

    fn open(&self, place: &Path, durability: Durability) -> Result<Box<dyn Store>> {
        let options = FileSystemOptions {
            durability: match durability {
                Durability::Durable => Promise::Sync,
                Durability::Buffered => Promise::Buffered,
            },
            ..FileSystemOptions::new(author_from_environment())
        };
        let place = place.join("store");
        let repository = FileSystemRepository::open_with(Arc::new(RealDisk), &place, options)?;
        let cached = CachedRepository::new(repository, CacheOptions::default());
        let manager = Arc::new(SessionManager::new(cached));
        Ok(Box::new(AnnalsStore { manager, runtime: runtime()?, place }))
    }

    fn command(&self, place: &Path, action: &Action) -> Result<Command> {
        let mut command = Command::new(std::env::var_os(BINARY_VARIABLE).context(BINARY_VARIABLE)?);
        command.arg("--store").arg(place.join("store"));
        match action {
            Action::Append { session } => {
                let text = event::text(session, 0);
                command.args(["record", session, "--role", "user", &text])
            }
            Action::Newest { limit } => {
                command.args(["--json", "list", "--limit", &limit.to_string()])
            }
            Action::Verify => command.args(["--quiet", "verify"]),
        };
        Ok(command)
    }
}

fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_time().build()?)
}

struct AnnalsStore {
    manager: Arc<SessionManager<CachedRepository<FileSystemRepository>>>,
    runtime: Runtime,
    place: PathBuf,
}

impl AnnalsStore {
    fn list(&self, limit: usize) -> Result<Vec<annals::SessionMetadata>> {
        let filter = SessionFilter {
            limit: Some(limit),
            ..SessionFilter::with_status(SessionStatus::Active)
        };
        Ok(self.runtime.block_on(self.manager.list(&filter))?.sessions)
    }
}

fn message(session: &str, seq: u64) -> NewMessage {
    NewMessage::new(Role::user(), event::text(session, seq))
}

impl Store for AnnalsStore {
    fn for_another_thread(&self) -> Result<Box<dyn Store + Send>> {
        let (manager, place) = (Arc::clone(&self.manager), self.place.clone());
        Ok(Box::new(Self { manager, runtime: runtime()?, place }))
    }

    /// The event that says that the session was created is one of them.
    fn create(&mut self, session: &str, events: u64) -> Result<()> {
        let id: SessionId = session.parse()?;
        let create = Entry { command: Change::Create(NewSession::default()), key: None };
        let record =
            |seq| Entry { command: Change::RecordMessage(message(session, seq)), key: None };
        let first = events.min(EVENTS_AT_ONCE);
        let mut entries: Vec<Entry> =
            std::iter::once(create).chain((2..=first).map(record)).collect();
        let (mut expected, mut written) = (ExpectedSeq::NoSession, first);
        loop {
            self.runtime.block_on(self.manager.append(&id, expected, entries))?;
            if written == events {
                return Ok(());
            }
            let last = events.min(written + EVENTS_AT_ONCE);
            entries = (written + 1..=last).map(record).collect();
            (expected, written) = (ExpectedSeq::Any, last);
        }
    }

    fn append(&mut self, session: &str) -> Result<()> {
        let message = message(session, 0);
        self.runtime.block_on(self.manager.record_message(&session.parse()?, message))?;
        Ok(())
    }

    fn get(&mut self, session: &str) -> Result<()> {
        std::hint::black_box(self.runtime.block_on(self.manager.get_session(&session.parse()?))?);
        Ok(())
    }

    fn newest(&mut self, limit: usize) -> Result<usize> {
        Ok(std::hint::black_box(self.list(limit)?).len())
    }

    fn print_newest(&mut self, limit: usize, out: &mut dyn Write) -> Result<()> {
        for session in self.list(limit)? {
            serde_json::to_writer(&mut *out, &session)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// As if nobody had the session open, and without its snapshots, which may be deleted at any
    /// time: every record is read, checked and folded.
    fn replay(&mut self, session: &str) -> Result<u64> {
        let id: SessionId = session.parse()?;
        let folder = self.place.join("sessions").join(session);
        for snapshot in ["snapshot.json", "snapshot.previous.json"] {
            let _ = std::fs::remove_file(folder.join(snapshot));
        }
        let repository = FileSystemRepository::open(&self.place)?;
        let loaded = self.runtime.block_on(repository.load(&id))?;
        ensure!(loaded.findings.is_empty(), "{:?}", loaded.findings);
        Ok(loaded.state.seq)
    }
}
