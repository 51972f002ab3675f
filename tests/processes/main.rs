//! Real processes of the `annals` command on real file systems: many writers at once, writers that
//! are killed or stopped, media that refuse, and transcripts of other programs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    missing_docs,
    reason = "tests"
)]

mod catalog;
mod compacting;
mod corpus;
#[cfg(unix)]
mod crowd;
mod dice;
#[path = "../support/figures.rs"]
#[allow(unreachable_pub, dead_code, reason = "shared by the runners")]
mod figures;
mod flipped_bytes;
mod history;
mod imports;
#[cfg(unix)]
mod kills;
mod linearizability;
mod links;
#[cfg(target_os = "linux")]
mod media;
#[cfg(target_os = "linux")]
mod memory;
mod objections;
mod readers;
mod scene;
#[cfg(unix)]
mod stopped;
mod strangers;
#[cfg(unix)]
mod wishes;
mod writers;
