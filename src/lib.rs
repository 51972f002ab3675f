//! The session store for command-line agents.

#[cfg(feature = "cli")]
pub mod cli;
pub mod disk;
pub mod format;
pub mod journal;
pub mod manager;
pub mod repository;
pub mod vocabulary;
