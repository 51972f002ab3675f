//! The format: its page, its constants, its bytes, and what a reader must refuse.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    missing_docs,
    reason = "tests"
)]

mod catalog;
mod fixture;
mod golden;
mod independent;
mod page;
mod round_trip;
mod sealed;
mod store;
mod strict;
mod writing;
