//! One session as this process sees it: a queue of waiting appends, and what was read of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::queue::{Lead, Leading, Queue, Waiter};
use super::store::Store;
use crate::format::layout::SessionPaths;
use crate::journal::{
    AppendResult, Journal, JournalError, JournalWriter, Settings, create_telling,
};
use crate::vocabulary::{Append, SessionId};

/// One session.
#[derive(Debug)]
pub(super) struct Slot {
    session: SessionId,
    queue: Arc<Queue>,
    /// Locked by whoever leads the queue, and by those who do what no append does.
    writer: Mutex<Option<JournalWriter>>,
    /// Locked by readers, who must not wait for a writer's sync.
    reader: Mutex<Option<Journal>>,
}

impl Slot {
    pub(super) fn new(session: SessionId) -> Self {
        Self { session, queue: Arc::default(), writer: Mutex::default(), reader: Mutex::default() }
    }

    /// Puts an append into the queue, and gives the lead to one who comes while nobody has it.
    pub(super) fn enqueue(&self, append: Append) -> (Waiter, Option<Leading>) {
        self.queue.enter(append)
    }

    /// Works the queue off, a group at a time. Blocks the thread.
    pub(super) fn lead(&self, leading: Leading, store: &Store, settings: &Settings, lead: Lead) {
        let mut leading = leading;
        while let Some((appends, answers)) = leading.next_group() {
            self.append(store, settings, appends, |results| {
                for (answer, result) in answers.into_iter().zip(results) {
                    // Whoever no longer waits has dropped the future; the append stands.
                    let _nobody_waits = answer.send(result);
                }
            });
            if lead == Lead::OneGroup {
                break;
            }
        }
    }

    fn append(
        &self,
        store: &Store,
        settings: &Settings,
        mut appends: Vec<Append>,
        deliver: impl FnOnce(Vec<AppendResult>),
    ) {
        let mut writer = locked(&self.writer);
        let mut results: Vec<AppendResult> = Vec::new();
        while writer.is_none() {
            match self.open_writer(store, settings) {
                Ok(opened) => *writer = Some(opened),
                Err(JournalError::Missing { .. })
                    if appends.first().is_some_and(super::appending::begins_a_session) =>
                {
                    let first = appends.remove(0);
                    match self.begin(store, settings, first) {
                        Begun::Answered(result) => results.push(result),
                        Begun::ExistsAlready(append) => appends.insert(0, append),
                    }
                }
                Err(error) => {
                    let error = Arc::new(error);
                    results.extend(appends.iter().map(|_| Err(Arc::clone(&error))));
                    appends.clear();
                }
            }
            if appends.is_empty() {
                return deliver(results);
            }
        }
        let Some(opened) = writer.as_mut() else { return deliver(results) };
        let mut gone = false;
        opened.append_all(appends, |rest| {
            gone = rest.iter().any(is_missing);
            results.extend(rest);
            deliver(results);
        });
        if gone {
            // The session was removed behind our back: the next append looks afresh.
            *writer = None;
        }
    }

    /// Does what no append does, between appends. Blocks the thread.
    ///
    /// # Errors
    ///
    /// Those of opening the session, and of the work.
    pub(super) fn write<T>(
        &self,
        store: &Store,
        settings: &Settings,
        work: impl FnOnce(&mut JournalWriter) -> Result<T, Arc<JournalError>>,
    ) -> Result<T, Arc<JournalError>> {
        let mut writer = locked(&self.writer);
        let opened = match writer.take() {
            Some(opened) => writer.insert(opened),
            None => writer.insert(self.open_writer(store, settings)?),
        };
        let result = work(opened);
        if result.as_ref().is_err_and(|error| matches!(**error, JournalError::Missing { .. })) {
            *writer = None;
        }
        result
    }

    fn open_writer(
        &self,
        store: &Store,
        settings: &Settings,
    ) -> Result<JournalWriter, JournalError> {
        let Some(paths) = store.paths_if_there(&self.session)? else {
            let path = SessionPaths::new(store.root(), &self.session).root().to_owned();
            return Err(JournalError::Missing { path });
        };
        let (session, feed) = (self.session.clone(), Arc::clone(&store.feed));
        JournalWriter::open_telling(&store.disk, paths, session, settings.clone(), feed)
    }

    /// Begins the session with an append, unless somebody else is faster.
    fn begin(&self, store: &Store, settings: &Settings, append: Append) -> Begun {
        let again = append.clone();
        let sessions = store.sessions();
        let (disk, feed) = (&*store.disk, &store.feed);
        let made = create_telling(disk, &sessions, &self.session, append, settings, feed);
        match made {
            Err(JournalError::Exists { .. }) => Begun::ExistsAlready(again),
            result => Begun::Answered(result.map_err(Arc::new)),
        }
    }

    /// Looks at the session as it is on the medium now.
    ///
    /// # Errors
    ///
    /// Those of opening and reading it.
    pub(super) fn read<T>(
        &self,
        store: &Store,
        settings: &Settings,
        look: impl FnOnce(&Journal) -> T,
    ) -> Result<T, JournalError> {
        let mut reader = locked(&self.reader);
        let journal = match reader.take() {
            Some(journal) => journal,
            None => {
                let paths = store.paths(&self.session)?;
                Journal::open(&store.disk, paths, self.session.clone())?
            }
        };
        refreshed(journal, &mut reader, settings).map(look)
    }

    /// The same, if the session was looked at before.
    pub(super) fn read_again<T>(
        &self,
        settings: &Settings,
        look: impl FnOnce(&Journal) -> T,
    ) -> Option<Result<T, JournalError>> {
        let mut reader = locked(&self.reader);
        let journal = reader.take()?;
        Some(refreshed(journal, &mut reader, settings).map(look))
    }
}

/// Brings a journal up to what is on the medium, and keeps it unless that fails.
fn refreshed<'k>(
    mut journal: Journal,
    kept: &'k mut Option<Journal>,
    settings: &Settings,
) -> Result<&'k Journal, JournalError> {
    journal.refresh_settled(settings.lock_timeout)?;
    Ok(kept.insert(journal))
}

/// What came of trying to begin a session.
enum Begun {
    Answered(AppendResult),
    ExistsAlready(Append),
}

fn is_missing(result: &AppendResult) -> bool {
    result.as_ref().is_err_and(|error| matches!(**error, JournalError::Missing { .. }))
}

/// A panic elsewhere leaves these values whole: they are read again from the medium.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
