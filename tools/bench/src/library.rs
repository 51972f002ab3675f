//! annals as a program embeds it.

use std::path::Path;
use std::sync::Arc;

use annals::disk::RealDisk;
use annals::repository::{
    CacheOptions, CachedRepository, Durability as Promise, FileSystemOptions, FileSystemRepository,
    author_from_environment,
};
use annals::vocabulary::{Command, Entry, ExpectedSeq, NewMessage, NewSession, Role, SessionId};
use annals::{SessionManager, SessionRepository};
use anyhow::Result;
use tokio::runtime::{Builder, Runtime};

use crate::event::text;
use crate::peer::Durability;

/// Most events of one append.
const EVENTS_AT_ONCE: u64 = 1_000;

/// With the cache in front.
pub type Cached = SessionManager<CachedRepository<FileSystemRepository>>;

/// A store as the library opens it by default, but for what it promises, and that its work is done
/// on the thread that asks: like every peer's, which knows no other way.
pub fn open(place: &Path, durability: Durability) -> Result<FileSystemRepository> {
    open_with(place, durability, true)
}

/// The same with or without a catalog.
pub fn open_with(
    place: &Path,
    durability: Durability,
    catalog: bool,
) -> Result<FileSystemRepository> {
    let durability = match durability {
        Durability::Durable => Promise::Sync,
        Durability::Buffered => Promise::Buffered,
    };
    let defaults = FileSystemOptions::new(author_from_environment());
    let options = FileSystemOptions { durability, catalog, ..defaults };
    Ok(FileSystemRepository::open_with(Arc::new(RealDisk), place, options)?.without_hops())
}

/// A repository with the cache in front, and what an application uses before that.
pub fn cached(repository: FileSystemRepository) -> Cached {
    SessionManager::new(CachedRepository::new(repository, CacheOptions::default()))
}

/// What drives the futures of one thread.
pub fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_time().build()?)
}

/// What is said in an event.
pub fn message(session: &str, seq: u64) -> NewMessage {
    NewMessage::new(Role::user(), text(session, seq))
}

/// Begins a session with so many events, the one that says that it was created among them: all
/// together, up to a bound.
pub async fn create<R: SessionRepository>(
    manager: &SessionManager<R>,
    session: &SessionId,
    events: u64,
) -> Result<()> {
    let first = events.min(EVENTS_AT_ONCE);
    let create = Entry { command: Command::Create(NewSession::default()), key: None };
    let entries = std::iter::once(create).chain(messages(session, 2, first)).collect();
    manager.append(session, ExpectedSeq::NoSession, entries).await?;
    lengthen(manager, session, first, events).await
}

/// Appends messages to a session that has so many events until it has so many more.
pub async fn lengthen<R: SessionRepository>(
    manager: &SessionManager<R>,
    session: &SessionId,
    from: u64,
    to: u64,
) -> Result<()> {
    let mut written = from;
    while written < to {
        let last = to.min(written + EVENTS_AT_ONCE);
        let entries = messages(session, written + 1, last).collect();
        manager.append(session, ExpectedSeq::Any, entries).await?;
        written = last;
    }
    Ok(())
}

fn messages(session: &SessionId, first: u64, last: u64) -> impl Iterator<Item = Entry> {
    (first..=last).map(|seq| Entry {
        command: Command::RecordMessage(message(session.as_str(), seq)),
        key: None,
    })
}
