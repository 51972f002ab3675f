//! Which store a command works on, and the way into it.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use etcetera::BaseStrategy as _;

use super::error::CliError;
use crate::disk::RealDisk;
use crate::repository::{
    Durability, FileSystemOptions, FileSystemRepository, SessionRepository, author_from_environment,
};

/// Names a store when no flag does.
const STORE_VARIABLE: &str = "ANNALS_STORE";
/// Lists by opening every session when it is `off`.
const CATALOG_VARIABLE: &str = "ANNALS_CATALOG";
/// The folder of the default store inside the user's data directory.
const DEFAULT_FOLDER: &str = "annals";
/// How the address of a remote store begins.
const REMOTE_PREFIX: &str = "nats://";

/// How a store is to be opened.
pub(super) struct Opening {
    /// The flag that names it.
    pub(super) store: Option<OsString>,
    /// What an acknowledged change promises.
    pub(super) durability: Durability,
    /// How long a change waits for a session's lock; the store's own default where `None`.
    pub(super) lock_timeout: Option<Duration>,
    /// Whether a store that has lost what makes it one is to be opened too.
    pub(super) to_salvage: bool,
    /// Whether the command has something to do while the store is at work.
    pub(super) is_concurrent: bool,
}

/// The store that the flag or the environment names. Nothing is made until something is written.
///
/// # Errors
///
/// There is no store to use, or what is there is none that this version can work with.
pub(super) fn open(opening: Opening) -> Result<Box<dyn SessionRepository>, CliError> {
    let path = locate(opening.store)?;
    let defaults = FileSystemOptions::new(author_from_environment());
    let options = FileSystemOptions {
        durability: opening.durability,
        lock_timeout: opening.lock_timeout.unwrap_or(defaults.lock_timeout),
        catalog: std::env::var_os(CATALOG_VARIABLE).is_none_or(|value| value != "off"),
        ..defaults
    };
    let open = if opening.to_salvage {
        FileSystemRepository::open_to_salvage
    } else {
        FileSystemRepository::open_with
    };
    let repository = open(Arc::new(RealDisk), path, options)?;
    Ok(Box::new(if opening.is_concurrent { repository } else { repository.without_hops() }))
}

/// The directory of the store: the flag's, else the variable's, else the user's own.
///
/// # Errors
///
/// The store is a remote one, or there is no home directory to have one in.
fn locate(flag: Option<OsString>) -> Result<PathBuf, CliError> {
    let named = flag.or_else(|| std::env::var_os(STORE_VARIABLE).filter(|value| !value.is_empty()));
    match named {
        Some(store) if is_remote(&store) => {
            Err(CliError::Remote { store: store.to_string_lossy().into_owned() })
        }
        Some(store) => Ok(PathBuf::from(store)),
        None => Ok(data_directory()?.join(DEFAULT_FOLDER)),
    }
}

fn is_remote(store: &OsStr) -> bool {
    store.to_str().is_some_and(|store| store.starts_with(REMOTE_PREFIX))
}

fn data_directory() -> Result<PathBuf, CliError> {
    let strategy = if std::env::var_os("XDG_DATA_HOME").is_some() {
        etcetera::base_strategy::Xdg::new().map(|xdg| xdg.data_dir())
    } else {
        etcetera::base_strategy::choose_native_strategy().map(|native| native.data_dir())
    };
    strategy.map_err(|_| CliError::NoStore)
}
