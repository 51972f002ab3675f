//! annals keeps the history of command-line agent sessions, so that an acknowledged event is never
//! lost and a changed history is never unnoticed.
//!
//! ```
//! use annals::{FileSystemRepository, InMemoryRepository, SessionError, SessionManager};
//! use annals::vocabulary::{NewMessage, NewSession, Role};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("store");
//! // A store in a directory, shared with other processes. It is made by the first session.
//! let manager = SessionManager::new(FileSystemRepository::open(&path)?);
//! let session = manager.create_session(None, NewSession::default()).await?;
//! manager.name_session(&session.id, "Orchard").await?;
//! let message = NewMessage::new(Role::user(), "When do apple trees freeze?");
//! manager.record_message(&session.id, message).await?;
//!
//! // Whoever opens the store later finds the same history.
//! let later = SessionManager::new(FileSystemRepository::open(&path)?);
//! let session = later.resolve("Orchard").await?;
//! assert_eq!(later.get_session(&session).await?.message_count, 1);
//! assert!(later.verify_session(&session, &Default::default()).await?.findings.is_empty());
//!
//! // In memory, for tests: the same operations, the same answers.
//! let manager = SessionManager::new(InMemoryRepository::new());
//! let missing = manager.archive_session(&session).await;
//! assert!(matches!(missing, Err(SessionError::Repository(_))));
//! # Ok(())
//! # }
//! ```
//!
//! # Layout
//!
//! Each layer is a folder, and uses only those below it.
//!
//! | folder | holds |
//! |---|---|
#![cfg_attr(feature = "cli", doc = "| [`cli`] | the `annals` command |")]
#![cfg_attr(feature = "serve", doc = "| [`serve`] | the store over HTTP |")]
#![cfg_attr(feature = "config", doc = "| [`config`] | one file and environment variables |")]
#![cfg_attr(feature = "otel", doc = "| `telemetry` | spans and figures for a collector |")]
//! | [`manager`] | operations on sessions, observed; the import of transcripts |
//! | [`repository`] | where sessions live: the [`SessionRepository`] trait and its implementations |
//! | [`journal`] | the records of one session: reading, writing, verifying, recovering |
//! | [`disk`] | the only code that touches the file system and its locks |
//! | [`format`](mod@format) | bytes of records, headers and snapshots, and their bounds |
//! | [`vocabulary`] | ids, events, states, commands: values without side effects |
//!
//! # Features
//!
//! - `cache` (default): `CachedRepository`, a bounded cache in front of a repository.
//! - `config`: one file and environment variables that say what to do differently.
//! - `metrics` (default): figures as OpenMetrics text.
//! - `cli` (default): the `annals` command. A program that embeds the library turns it off with
//!   `default-features = false`.
//! - `otel`: the command sends spans and figures to an OpenTelemetry collector.
//! - `serve` (default): the store over HTTP, for `annals serve` and for programs that embed it.

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "config")]
pub mod config;
pub mod disk;
pub mod format;
pub mod journal;
pub mod manager;
pub mod repository;
#[cfg(feature = "serve")]
pub mod serve;
#[cfg(feature = "otel")]
mod telemetry;
pub mod vocabulary;

pub use disk::FileLock;
pub use manager::{
    ChangeOptions, Changed, MetricsSnapshot, Moment, SessionError, SessionHealth, SessionManager,
    SessionMetrics,
};
#[cfg(feature = "cache")]
pub use repository::{CacheOptions, CachedRepository};
pub use repository::{
    FileSystemOptions, FileSystemRepository, InMemoryRepository, Listing, RepositoryError,
    SessionRepository,
};
pub use vocabulary::{SessionFilter, SessionId, SessionMetadata, SessionStatus};

/// The examples of the pages for people, which `cargo test --doc` runs.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../docs/guide.md")]
    struct Guide;
}
