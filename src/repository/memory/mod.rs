//! Sessions in memory: the reference model that the other repositories are measured against.

mod journal;
mod redaction;
mod verify;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use journal::Journal;

use super::{
    Compaction, Depth, HeldLock, Listing, Loaded, Read, Records, Recovery, Repair, RepositoryError,
    SessionRepository, Version,
};
use crate::format::parse;
use crate::vocabulary::{
    Append, Appended, Author, BlobRef, Clock, ExpectedSeq, Redacted, SessionFilter, SessionId,
    SystemClock, Verification, plan,
};

/// A repository whose sessions live as long as it does. Nothing of it can be damaged, and no call
/// ever waits for another longer than a look into memory takes.
pub struct InMemoryRepository {
    clock: Arc<dyn Clock>,
    journals: Mutex<Journals>,
}

type Journals = BTreeMap<SessionId, Journal>;

impl InMemoryRepository {
    /// An empty repository on the clock of the machine.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock))
    }

    /// An empty repository that stamps records with the time of a given clock.
    #[must_use]
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self { clock, journals: Mutex::default() }
    }

    /// No code that runs under the lock leaves a journal half changed, so a panic elsewhere on
    /// the thread that held it is no reason to give up the store.
    fn journals(&self) -> MutexGuard<'_, Journals> {
        self.journals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look<T>(
        &self,
        session: &SessionId,
        answer: impl FnOnce(&Journal) -> T,
    ) -> Result<T, RepositoryError> {
        self.journals().get(session).map(answer).ok_or_else(|| not_found(session))
    }
}

impl Default for InMemoryRepository {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for InMemoryRepository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sessions = self.journals().len();
        formatter.debug_struct("InMemoryRepository").field("sessions", &sessions).finish()
    }
}

fn not_found(session: &SessionId) -> RepositoryError {
    RepositoryError::NotFound { session: session.clone() }
}

#[async_trait]
impl SessionRepository for InMemoryRepository {
    async fn append(
        &self,
        session: &SessionId,
        append: Append,
    ) -> Result<Appended, RepositoryError> {
        let by = append.by.clone().bounded();
        let mut journals = self.journals();
        // Read under the lock, so that the times of a journal are as ordered as the clock is.
        let at = self.clock.now();
        let journal = journals.get(session);
        let plan = plan(session, journal.map(Journal::state), append, at, |key| {
            journal.and_then(|journal| journal.seq_of(key))
        })
        .map_err(|rejection| RepositoryError::rejected(session, rejection))?;

        let appended =
            Appended { state: plan.state.metadata.clone(), outcomes: plan.outcomes.clone() };
        if let Some(journal) = journals.get_mut(session) {
            journal.write(plan, at, &by)?;
        } else {
            let mut journal = Journal::new(session, at, &by)?;
            journal.write(plan, at, &by)?;
            journals.insert(session.clone(), journal);
        }
        Ok(appended)
    }

    async fn load(&self, session: &SessionId) -> Result<Loaded, RepositoryError> {
        self.look(session, |journal| Loaded {
            state: journal.state().metadata.clone(),
            head: journal.head(),
            findings: Vec::new(),
        })
    }

    async fn version(&self, session: &SessionId) -> Result<Version, RepositoryError> {
        self.look(session, Journal::version)
    }

    async fn records(
        &self,
        session: &SessionId,
        from_seq: u64,
    ) -> Result<Records, RepositoryError> {
        let wanted = self.look(session, |journal| journal.lines_from(from_seq))?;
        let (mut sender, records) = Records::channel();
        tokio::task::spawn_blocking(move || {
            let fed = wanted.iter().try_for_each(|line| {
                let record = parse(&line.text).and_then(|view| view.to_record());
                let record = record.map_err(|error| Some(journal::storage(error)))?;
                match sender.send(Read::Record(Box::new(record))) {
                    ControlFlow::Continue(()) => Ok(()),
                    ControlFlow::Break(()) => Err(None),
                }
            });
            sender.finish(fed.or_else(|error| error.map_or(Ok(()), Err)));
        });
        Ok(records)
    }

    async fn text(&self, session: &SessionId, blob: &BlobRef) -> Result<String, RepositoryError> {
        self.look(session, |journal| journal.text(blob))?.ok_or_else(|| {
            RepositoryError::MissingText { session: session.clone(), digest: blob.digest }
        })
    }

    async fn list(&self, filter: &SessionFilter) -> Result<Listing, RepositoryError> {
        let mut sessions: Vec<_> = {
            let journals = self.journals();
            let states = journals.values().map(|journal| &journal.state().metadata);
            states.filter(|state| filter.admits(state)).cloned().collect()
        };
        filter.arrange(&mut sessions);
        Ok(Listing { sessions, ..Listing::default() })
    }

    async fn ids(&self) -> Result<Vec<SessionId>, RepositoryError> {
        Ok(self.journals().keys().cloned().collect())
    }

    async fn changed(&self, session: &SessionId, after_seq: u64) -> Result<u64, RepositoryError> {
        let mut end = self.look(session, Journal::watch)?;
        // The sender goes with its journal: a session deleted meanwhile is not found.
        let seq = end.wait_for(|seq| *seq > after_seq).await.map_err(|_| not_found(session))?;
        Ok(*seq)
    }

    async fn verify(
        &self,
        session: &SessionId,
        depth: &Depth,
    ) -> Result<Verification, RepositoryError> {
        self.look(session, |journal| verify::verify(session, journal, depth))
    }

    async fn recover(
        &self,
        session: &SessionId,
        _repair: Repair,
        _by: &Author,
    ) -> Result<Recovery, RepositoryError> {
        self.look(session, |journal| Recovery {
            records_kept: journal.state().metadata.seq,
            ..Recovery::default()
        })
    }

    async fn redact(
        &self,
        session: &SessionId,
        redacted: Redacted,
        expected: ExpectedSeq,
        by: &Author,
    ) -> Result<Appended, RepositoryError> {
        let by = by.clone().bounded();
        let mut journals = self.journals();
        let at = self.clock.now();
        let journal = journals.get_mut(session).ok_or_else(|| not_found(session))?;
        journal.redact(session, redacted, expected, at, &by)
    }

    async fn compact(
        &self,
        session: &SessionId,
        _keep: u64,
    ) -> Result<Compaction, RepositoryError> {
        self.look(session, |_| Compaction::default())
    }

    async fn delete(&self, session: &SessionId) -> Result<(), RepositoryError> {
        self.journals().remove(session).map(drop).ok_or_else(|| not_found(session))
    }

    async fn locks(&self) -> Result<Vec<HeldLock>, RepositoryError> {
        Ok(Vec::new())
    }
}
