//! A store that grows by sessions.

use std::fs;
use std::path::Path;

use annals::repository::Depth;
use annals::vocabulary::{SessionFilter, SessionId};
use anyhow::{Result, ensure};
use tokio::runtime::Runtime;

use super::Points;
use crate::bench::EVENTS_OF_A_SESSION;
use crate::event::session_id;
use crate::library::{self, Cached};
use crate::peer::Durability::{self, Buffered, Durable};

/// Sessions that are created one by one at each size; those before are not timed.
const CREATED: u64 = 500;
/// Operations on single sessions, spread over the store.
const SPREAD: u64 = 200;
/// Lists of a warm store.
const LISTS: u64 = 200;
/// Sessions of a list.
const LISTED: usize = 20;

struct Store<'a> {
    path: &'a Path,
    runtime: Runtime,
    size: u64,
}

/// Measures a store at each size.
pub(super) fn measure(path: &Path, sizes: &[u64]) -> Result<()> {
    let mut points = Points::beside("sessions")?;
    let mut store = Store { path, runtime: library::runtime()?, size: 0 };
    for size in sizes {
        store.grow(*size, &mut points)?;
        store.change(&mut points)?;
        store.read(&mut points)?;
        store.rebuild(&mut points)?;
    }
    Ok(())
}

impl Store<'_> {
    fn open(&self, durability: Durability) -> Result<Cached> {
        Ok(library::cached(library::open(self.path, durability)?))
    }

    fn create(&self, manager: &Cached, numbers: std::ops::Range<u64>) -> Result<()> {
        for number in numbers {
            let id = id(number)?;
            self.runtime.block_on(library::create(manager, &id, EVENTS_OF_A_SESSION))?;
        }
        Ok(())
    }

    /// Some sessions from all over the store.
    fn spread(&self) -> Result<Vec<SessionId>> {
        let (count, apart) = (SPREAD.min(self.size), (self.size / SPREAD).max(1));
        (0..count).map(|number| id(number * apart)).collect()
    }

    fn grow(&mut self, size: u64, points: &mut Points) -> Result<()> {
        let timed_from = size.saturating_sub(CREATED).max(self.size);
        let manager = self.open(Buffered)?;
        self.create(&manager, self.size..timed_from)?;
        points.observe(size, "create", size - timed_from, || {
            self.create(&manager, timed_from..size)
        })?;
        self.size = size;
        Ok(())
    }

    fn change(&self, points: &mut Points) -> Result<()> {
        let (size, spread) = (self.size, self.spread()?);
        for (operation, durability) in [("buffered append", Buffered), ("durable append", Durable)]
        {
            let manager = self.open(durability)?;
            points.observe(size, operation, spread.len() as u64, || {
                for session in &spread {
                    let message = library::message(session.as_str(), 0);
                    self.runtime.block_on(manager.record_message(session, message))?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    fn read(&self, points: &mut Points) -> Result<()> {
        let (size, spread) = (self.size, self.spread()?);
        let listed = LISTED.min(usize::try_from(size)?);
        // What was created a moment ago is compared first: that is measured at the end.
        self.list(&self.open(Durable)?, listed)?;
        points.observe(size, "open and list 20", 1, || self.list(&self.open(Durable)?, listed))?;
        let manager = self.open(Durable)?;
        self.list(&manager, listed)?;
        points.observe(size, "warm list of 20", LISTS, || {
            (0..LISTS).try_for_each(|_| self.list(&manager, listed))
        })?;
        for operation in ["cold get", "warm get"] {
            points.observe(size, operation, spread.len() as u64, || {
                for session in &spread {
                    self.runtime.block_on(manager.get_session(session))?;
                }
                Ok(())
            })?;
        }
        let depth = Depth::default();
        points.observe(size, "verify one", spread.len() as u64, || {
            for session in &spread {
                let verify = self.runtime.block_on(manager.verify_session(session, &depth))?;
                let findings = verify.findings;
                ensure!(findings.is_empty(), "{findings:?}");
            }
            Ok(())
        })?;
        points.observe(size, "list all (a session)", size, || self.list_all())?;
        Ok(())
    }

    /// As a stream, which is how a list of any length is read.
    fn list_all(&self) -> Result<()> {
        let manager = self.open(Durable)?;
        let listed = self.runtime.block_on(async {
            let mut sessions = manager.sessions(&SessionFilter::default()).await?;
            let mut listed = 0;
            while let Some(met) = sessions.next().await {
                met?;
                listed += 1;
            }
            anyhow::Ok(listed)
        })?;
        ensure!(listed == self.size, "{listed} of {}", self.size);
        Ok(())
    }

    fn list(&self, manager: &Cached, limit: usize) -> Result<()> {
        let filter = SessionFilter { limit: Some(limit), ..SessionFilter::default() };
        let listing = self.runtime.block_on(manager.list(&filter))?;
        ensure!(listing.sessions.len() == limit, "{} of {limit}", listing.sessions.len());
        Ok(())
    }

    /// What the store costs after its catalog is gone, and after a session was made by somebody
    /// else: both of these look at every session.
    fn rebuild(&mut self, points: &mut Points) -> Result<()> {
        let size = self.size;
        let manager = self.open(Durable)?;
        self.list(&manager, LISTED.min(usize::try_from(size)?))?;
        self.create(&self.open(Buffered)?, size..size + 1)?;
        self.size += 1;
        points.observe(size, "list of 20 after a creation", 1, || {
            self.list(&manager, LISTED.min(usize::try_from(size)?))
        })?;
        fs::remove_dir_all(self.path.join("catalog"))?;
        points.observe(size, "rebuild (a session)", self.size, || {
            self.list(&self.open(Durable)?, LISTED.min(usize::try_from(size)?))
        })?;
        Ok(())
    }
}

fn id(number: u64) -> Result<SessionId> {
    Ok(session_id(usize::try_from(number)?).parse()?)
}
