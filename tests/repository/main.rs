//! Every repository keeps the promises of the trait, and the cache keeps its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

mod appending;
mod auditing;
#[cfg(feature = "cache")]
mod cached;
mod catalog;
#[path = "../support/commands.rs"]
mod commands;
mod concurrency;
mod conformance;
#[cfg(feature = "cache")]
mod counting;
#[path = "../support/figures.rs"]
mod figures;
mod following;
#[path = "../crash/interception.rs"]
mod interception;
mod leading;
mod listing;
mod model;
mod operations;
mod reading;
mod ruining;
mod ruins;
mod salvaging;
mod scrubbing;
#[path = "../support/mod.rs"]
mod support;
mod upkeep;
mod watching;

use std::sync::Arc;
use std::time::Duration;

use annals::repository::{RepositoryError, SessionRepository};
use annals::vocabulary::{
    Append, Appended, Command, Entry, ExpectedSeq, Key, NewMessage, NewSession, Record, Role,
    SessionId,
};

use support::{TestClock, author, id};

/// Far longer than anything here takes: a test that reaches it has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What a promise is tried on.
pub struct Place<R> {
    pub repository: Arc<R>,
    pub clock: Arc<TestClock>,
}

impl<R: SessionRepository> Place<R> {
    pub async fn append(
        &self,
        session: &SessionId,
        expected: ExpectedSeq,
        entries: Vec<Entry>,
    ) -> Result<Appended, RepositoryError> {
        let append = Append { expected, entries, by: author() };
        self.repository.append(session, append).await
    }

    pub async fn make(&self, session: &SessionId, command: Command) -> Appended {
        self.append(session, ExpectedSeq::Any, vec![plain(command)]).await.unwrap()
    }

    /// A session of one record.
    pub async fn create(&self, name: &str) -> SessionId {
        let session = id(name);
        self.make(&session, Command::Create(NewSession::default())).await;
        session
    }

    pub async fn say(&self, session: &SessionId, text: &str) -> u64 {
        self.make(session, message(text)).await.state.seq
    }

    pub async fn seq(&self, session: &SessionId) -> u64 {
        self.repository.load(session).await.unwrap().state.seq
    }

    pub async fn records(&self, session: &SessionId, from_seq: u64) -> Vec<Record> {
        let records = self.repository.records(session, from_seq).await.unwrap();
        let (records, findings) = records.collect().await.unwrap();
        assert_eq!(findings, []);
        records
    }
}

pub fn plain(command: Command) -> Entry {
    Entry { command, key: None }
}

pub fn keyed(command: Command, key: &str) -> Entry {
    Entry { command, key: Some(key.parse::<Key>().unwrap()) }
}

pub fn message(text: &str) -> Command {
    Command::RecordMessage(NewMessage::new(Role::user(), text))
}

pub fn rename(name: &str) -> Command {
    Command::Rename { name: Some(name.parse().unwrap()), occurred: None }
}
