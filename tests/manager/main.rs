//! The manager: what its operations do, and what they let the log and the figures know.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

mod author;
mod capture;
mod changing;
#[cfg(feature = "metrics")]
mod exposition;
mod health;
mod metrics;
mod observing;
mod past;
mod reading;
mod resolving;
#[path = "../support/mod.rs"]
mod support;
mod together;
mod troubled;

use std::sync::Arc;

use annals::manager::SessionManager;
use annals::repository::{InMemoryRepository, SessionRepository};
use annals::vocabulary::{NewMessage, NewSession, Role, SessionId, SessionName};

use support::{TestClock, author, id};

pub fn manager() -> (SessionManager<InMemoryRepository>, Arc<TestClock>) {
    let clock = TestClock::new();
    let repository = InMemoryRepository::with_clock(Arc::clone(&clock) as _);
    let manager = SessionManager::new(repository);
    (manager.with_author(author()).with_clock(Arc::clone(&clock) as _), clock)
}

pub async fn create<R: SessionRepository>(manager: &SessionManager<R>, name: &str) -> SessionId {
    manager.create_session(Some(id(name)), NewSession::default()).await.unwrap().id
}

pub fn named(name: &str) -> SessionName {
    name.parse().unwrap()
}

pub fn hello() -> NewMessage {
    NewMessage::new(Role::user(), "hello")
}
