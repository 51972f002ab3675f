//! The dashboard in a real browser: a headless Chromium opens the pages of a store that other
//! processes are writing to.
#![cfg(unix)]
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

mod accessible;
mod browser;
mod hostile;
mod live;
mod page;
mod palette;
mod pictures;
mod reading;
mod stage;
mod tales;
