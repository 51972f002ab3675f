//! Importing transcripts: which lines become which events, what damage costs, and that running an
//! import again adds only what is new.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "tests stop where something is not as it should be"
)]

mod amazon_q;
mod claude_code;
mod codex;
mod corpus;
mod damage;
mod discovery;
mod growth;
mod world;
