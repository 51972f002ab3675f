//! The real command, killed at each of its system calls in turn, and each of them failed in turn.
//!
//! `strace` counts calls by name and by thread, so what a worker thread calls cannot be told from
//! what the main thread has called before, and it cannot make a write short. So the command is traced
//! from here: [`tracer`] counts the calls of all threads together, and takes one of them over.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
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

mod calls;
mod cases;
#[path = "../processes/dice.rs"]
mod dice;
mod failing;
#[path = "../support/figures.rs"]
#[allow(unreachable_pub, reason = "shared by the runners")]
mod figures;
mod killing;
mod oracle;
mod scene;
mod sweep;
mod tracer;
mod verifying;
