//! One file per command: its arguments, and what it does.

mod change;

pub(super) mod activate;
pub(super) mod archive;
pub(super) mod background;
pub(super) mod batch;
pub(super) mod compact;
pub(super) mod completions;
pub(super) mod config;
pub(super) mod create;
pub(super) mod delete;
pub(super) mod diff;
pub(super) mod fork;
pub(super) mod head;
pub(super) mod health;
pub(super) mod import;
pub(super) mod list;
pub(super) mod locks;
pub(super) mod log;
pub(super) mod metrics;
pub(super) mod purge;
pub(super) mod record;
pub(super) mod recover;
pub(super) mod redact;
pub(super) mod rename;
pub(super) mod restore;
#[cfg(feature = "serve")]
pub(super) mod serve;
pub(super) mod set;
pub(super) mod show;
pub(super) mod tag;
pub(super) mod undo;
pub(super) mod unset;
pub(super) mod untag;
pub(super) mod verify;
