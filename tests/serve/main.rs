//! The server as others meet it: the real command, real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    missing_docs,
    unreachable_pub,
    reason = "tests fail by panicking, and read the repository's own files"
)]

mod admission;
mod api;
mod bounds;
mod client;
mod described;
mod events;
#[path = "../support/figures.rs"]
mod figures;
mod load;
mod page;
mod prometheus;
#[cfg(feature = "otel")]
mod receiver;
mod schemas;
mod served;
mod stopping;
#[cfg(feature = "otel")]
mod telemetry;
