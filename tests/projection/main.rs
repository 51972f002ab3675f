//! What commands come to, what events make of a state, and which histories are possible.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

mod any_history;
#[path = "../support/commands.rs"]
mod commands;
mod histories;
mod history;
mod refusals;
mod transitions;
mod undoing;
mod upcasting;

/// Compares a text with its snapshot under `snapshots/projection`.
pub fn assert_snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/projection");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
