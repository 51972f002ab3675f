//! What annals is measured beside, and annals.

mod annals;
#[cfg(feature = "embedded-stores")]
mod fjall;
mod floor;
mod json_lines;
mod plan;
#[cfg(feature = "embedded-stores")]
mod redb;
#[cfg(feature = "embedded-stores")]
mod salamander;
mod sqlite;

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::peer::Peer;

/// Where `run` says that the command of annals is.
const BINARY_VARIABLE: &str = "ANNALS_BINARY";

/// The one that all others are held against.
pub const ANNALS: &str = "annals";
/// The two that targets and the check of regressions go by.
pub const SQLITE: &str = "sqlite";
/// What the system calls alone cost.
pub const FLOOR: &str = "floor";

/// All of them, in the order of the page.
pub fn all() -> Vec<&'static dyn Peer> {
    vec![
        &annals::Annals,
        &sqlite::Sqlite,
        #[cfg(feature = "embedded-stores")]
        &redb::Redb,
        #[cfg(feature = "embedded-stores")]
        &fjall::Fjall,
        #[cfg(feature = "embedded-stores")]
        &salamander::Salamander,
        &plan::PlansDesign,
        &json_lines::JsonLines,
        &floor::RawFloor,
    ]
}

/// The one of a name.
pub fn named(name: &str) -> Option<&'static dyn Peer> {
    all().into_iter().find(|peer| peer.name() == name)
}

/// Those that the check of regressions goes by.
pub fn held_against_each_other() -> [&'static dyn Peer; 3] {
    [&annals::Annals, &sqlite::Sqlite, &floor::RawFloor]
}

/// The command of annals.
pub fn annals_binary() -> Result<PathBuf> {
    std::env::var_os(BINARY_VARIABLE).map(PathBuf::from).context(BINARY_VARIABLE)
}
