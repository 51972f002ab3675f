//! The `annals` command as scripts and people meet it: real processes in a sealed environment.
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
    unreachable_pub,
    reason = "tests"
)]

mod auditing;
mod bad_input;
mod batch;
mod changing;
mod configuring;
mod exit_codes;
mod health;
mod hostile;
mod import;
mod json_names;
mod metrics;
mod people;
mod pipes;
mod salvaging;
mod sandbox;
mod selectors;
mod upkeep;
