//! annals: the library where a process stays, the command where one starts.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use annals::vocabulary::{SessionFilter, SessionId, SessionStatus};
use annals::{FileSystemRepository, SessionRepository as _};
use anyhow::{Result, ensure};
use tokio::runtime::Runtime;

use crate::cold::Action;
use crate::event;
use crate::library::{self, Cached};
use crate::peer::{Durability, Peer, Store};
use crate::works::Kind;

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
         `SessionManager` on a runtime of one thread, `without_hops`; processes that start are the \
         `annals` command"
    }

    fn takes_part(&self, _: Kind) -> bool {
        true
    }

    fn open(&self, place: &Path, durability: Durability) -> Result<Box<dyn Store>> {
        let place = place.join("store");
        let manager = Arc::new(library::cached(library::open(&place, durability)?));
        Ok(Box::new(AnnalsStore { manager, runtime: library::runtime()?, place }))
    }

    fn command(&self, place: &Path, action: &Action) -> Result<Command> {
        let mut command = Command::new(super::annals_binary()?);
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

struct AnnalsStore {
    manager: Arc<Cached>,
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

impl Store for AnnalsStore {
    fn for_another_thread(&self) -> Result<Box<dyn Store + Send>> {
        let (manager, place) = (Arc::clone(&self.manager), self.place.clone());
        Ok(Box::new(Self { manager, runtime: library::runtime()?, place }))
    }

    fn create(&mut self, session: &str, events: u64) -> Result<()> {
        self.runtime.block_on(library::create(&self.manager, &session.parse()?, events))
    }

    fn append(&mut self, session: &str) -> Result<()> {
        let message = library::message(session, 0);
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
