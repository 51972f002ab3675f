//! Sessions as a stream with a bounded number of them in memory.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::vec::IntoIter;

use tokio::sync::mpsc;

use super::{Listing, RepositoryError, Unreadable};
use crate::format::catalog::Row;
use crate::vocabulary::{Finding, SessionId, SessionMetadata, SessionStatus, Timestamp};

/// Sessions that are handed over together: waking the other side costs more than a session does.
const PAGE_SESSIONS: usize = 128;

/// Pages read ahead of the consumer: enough that reader and consumer overlap.
const READ_AHEAD_PAGES: usize = 4;

/// A session in a stream. Its state is read only if somebody looks into it.
#[derive(Debug, Clone)]
pub struct Listed(Inside);

#[derive(Debug, Clone)]
enum Inside {
    Row(Row),
    State(Box<SessionMetadata>),
}

/// One thing met while listing.
#[derive(Debug, Clone)]
pub enum Met {
    /// A session that the filter admits.
    Session(Listed),
    /// Damage in a session that is listed as far as it proves itself.
    Damage(Finding),
    /// A session of which nothing could be read.
    Unreadable(Unreadable),
}

/// A stream of sessions in the order of the filter, and then what is wrong with some. Dropping it
/// stops the listing.
#[derive(Debug)]
pub struct Sessions {
    page: IntoIter<Met>,
    pages: mpsc::Receiver<Result<Vec<Met>, RepositoryError>>,
}

/// The producing end of [`Sessions`], for a thread that may block.
#[derive(Debug)]
pub struct SessionsSender {
    page: Vec<Met>,
    pages: mpsc::Sender<Result<Vec<Met>, RepositoryError>>,
}

impl Listed {
    /// The session.
    #[must_use]
    pub fn id(&self) -> &SessionId {
        match &self.0 {
            Inside::Row(row) => &row.id,
            Inside::State(state) => &state.id,
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> SessionStatus {
        match &self.0 {
            Inside::Row(row) => row.status,
            Inside::State(state) => state.status,
        }
    }

    /// When it was last worked in.
    #[must_use]
    pub fn last_active(&self) -> Timestamp {
        match &self.0 {
            Inside::Row(row) => row.last_active,
            Inside::State(state) => state.last_active,
        }
    }

    /// Its state as compact JSON: what serializing it would write.
    ///
    /// # Errors
    ///
    /// The state has no JSON form.
    pub fn json(&self) -> Result<Cow<'_, str>, serde_json::Error> {
        match &self.0 {
            Inside::Row(row) => Ok(Cow::Borrowed(row.json())),
            Inside::State(state) => serde_json::to_string(state).map(Cow::Owned),
        }
    }

    /// Its state.
    ///
    /// # Errors
    ///
    /// The catalog holds something else in its place: see [`RepositoryError::Interrupted`].
    pub fn into_state(self) -> Result<SessionMetadata, RepositoryError> {
        match self.0 {
            Inside::State(state) => Ok(*state),
            Inside::Row(row) => row.state().cloned().ok_or_else(|| {
                let why = format!("the catalog holds no state of {}: delete its folder", row.id);
                RepositoryError::Interrupted { why }
            }),
        }
    }
}

impl From<Row> for Listed {
    fn from(row: Row) -> Self {
        Self(Inside::Row(row))
    }
}

impl From<SessionMetadata> for Listed {
    fn from(state: SessionMetadata) -> Self {
        Self(Inside::State(Box::new(state)))
    }
}

impl Sessions {
    /// A stream and its producing end, for implementations of a repository.
    #[must_use]
    pub fn channel() -> (SessionsSender, Self) {
        let (sender, pages) = mpsc::channel(READ_AHEAD_PAGES);
        let page = Vec::with_capacity(PAGE_SESSIONS);
        (SessionsSender { page, pages: sender }, Self { page: Vec::new().into_iter(), pages })
    }

    /// What is next, or `None` at the end. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// Those of the medium; the stream ends after one.
    pub async fn next(&mut self) -> Option<Result<Met, RepositoryError>> {
        loop {
            if let Some(met) = self.page.next() {
                return Some(Ok(met));
            }
            match self.pages.recv().await? {
                Ok(page) => self.page = page.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// All of them, in memory.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    pub async fn collect(mut self) -> Result<Listing, RepositoryError> {
        let mut listing = Listing::default();
        while let Some(met) = self.next().await {
            match met? {
                Met::Session(listed) => listing.sessions.push(listed.into_state()?),
                Met::Damage(finding) => listing.findings.push(finding),
                Met::Unreadable(unreadable) => listing.unreadable.push(unreadable),
            }
        }
        Ok(listing)
    }
}

impl From<Listing> for Sessions {
    fn from(Listing { sessions, findings, unreadable }: Listing) -> Self {
        let sessions = sessions.into_iter().map(|state| Met::Session(state.into()));
        let wrong = findings.into_iter().map(Met::Damage);
        let page: Vec<_> =
            sessions.chain(wrong).chain(unreadable.into_iter().map(Met::Unreadable)).collect();
        let (_, pages) = mpsc::channel(1);
        Self { page: page.into_iter(), pages }
    }
}

impl SessionsSender {
    /// Hands something over, and says whether anybody still listens. Blocks the thread.
    pub fn send(&mut self, met: Met) -> ControlFlow<()> {
        self.page.push(met);
        if self.page.len() < PAGE_SESSIONS { ControlFlow::Continue(()) } else { self.hand_over() }
    }

    /// Hands over what has not been yet, and how the listing ended. Blocks the thread.
    pub fn finish(mut self, result: Result<(), RepositoryError>) {
        if self.hand_over().is_continue()
            && let Err(error) = result
        {
            // Whoever no longer listens needs no error either.
            let _nobody_listens = self.pages.blocking_send(Err(error));
        }
    }

    fn hand_over(&mut self) -> ControlFlow<()> {
        let page = std::mem::replace(&mut self.page, Vec::with_capacity(PAGE_SESSIONS));
        match self.pages.blocking_send(Ok(page)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}
