//! Which store a command works on, and the way into it.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

use super::error::CliError;
use crate::config::Config;
use crate::disk::RealDisk;
#[cfg(feature = "cache")]
use crate::repository::CachedRepository;
use crate::repository::{FileSystemRepository, SessionRepository, author_from_environment};

/// How the address of a remote store begins.
const REMOTE_PREFIX: &str = "nats://";

/// How a store is to be opened.
pub(super) struct Opening {
    /// Whether a store that has lost what makes it one is to be opened too.
    pub(super) to_salvage: bool,
    /// Whether the command has something to do while the store is at work.
    pub(super) is_concurrent: bool,
    /// Whether the command is worth a cache in front of the store.
    pub(super) is_lasting: bool,
}

/// The store that is configured. Nothing is made until something is written.
///
/// # Errors
///
/// There is no store to use, or what is there is none that this version can work with.
pub(super) fn open(
    config: &Config,
    opening: Opening,
) -> Result<Box<dyn SessionRepository>, CliError> {
    let path = locate(config)?;
    let options = config.file_system_options(author_from_environment());
    let open = if opening.to_salvage {
        FileSystemRepository::open_to_salvage
    } else {
        FileSystemRepository::open_with
    };
    let repository = open(Arc::new(RealDisk), path, options)?;
    let repository = if opening.is_concurrent { repository } else { repository.without_hops() };
    #[cfg(feature = "cache")]
    if let Some(options) = config.cache_options().filter(|_| opening.is_lasting) {
        return Ok(Box::new(CachedRepository::new(repository, options)));
    }
    Ok(Box::new(repository))
}

/// The directory of the store.
///
/// # Errors
///
/// The store is a remote one, or there is no home directory to have one in.
fn locate(config: &Config) -> Result<PathBuf, CliError> {
    let store = config.store.clone().ok_or(CliError::NoStore)?;
    if is_remote(&store) {
        return Err(CliError::Remote { store: store.to_string_lossy().into_owned() });
    }
    Ok(store.into())
}

fn is_remote(store: &OsStr) -> bool {
    store.to_str().is_some_and(|store| store.starts_with(REMOTE_PREFIX))
}
