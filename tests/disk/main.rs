//! The media, and the locks on them.
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

mod conformance;
mod crash;
mod faults;
mod locks;
mod people;
mod processes;
mod real_files;
mod rearranging;
