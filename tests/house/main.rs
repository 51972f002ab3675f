//! The rules of the house: what holds for the repository as a whole, whatever it does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    missing_docs,
    reason = "tests fail by panicking, and read the repository's own files"
)]

mod configuration;
mod console;
mod files;
mod layers;
mod licences;
mod mistakes;
mod monitoring;
mod pages;
mod tree;
