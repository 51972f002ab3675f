//! The pages for people, and the parts of them that are sent again when they change.
//!
//! Each page is a function from plain values to markup; `pages` reads the values. What comes from
//! sessions goes through `text`, and the templates escape it.

mod alerts;
mod assets;
mod cards;
mod changes;
mod chart;
mod failure;
mod findings;
mod frame;
mod overview;
mod pages;
mod runbook;
mod search;
mod session;
mod sessions;
#[cfg(test)]
mod snapshots;
mod text;
mod timeline;
mod units;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use super::{Change, Shared};
use crate::manager::SessionHealth;
use crate::repository::SessionRepository;

/// The pages.
pub(super) fn routes<R: SessionRepository>() -> Router<Arc<Shared<R>>> {
    Router::new()
        .route("/", get(pages::show_overview::<R>))
        .route("/figures", get(pages::show_figures::<R>))
        .route("/changes", get(pages::show_changes::<R>))
        .route("/sessions", get(pages::show_sessions::<R>))
        .route("/sessions/{id}", get(pages::show_session::<R>))
        .route("/sessions/{id}/text/{seq}", get(pages::show_text::<R>))
        .route("/search", get(pages::show_search::<R>))
        .route("/findings", get(pages::show_findings::<R>))
        .route("/runbook", get(pages::show_runbook::<R>))
        .route("/assets/{name}", get(assets::file))
}

/// A change as a row of the newest ones.
pub(super) fn change_row(change: &Change) -> String {
    changes::change_row(change).into_string()
}

/// How the store is, in a word.
pub(super) fn badge(health: &SessionHealth) -> String {
    frame::badge(health).into_string()
}

/// What is different whenever the figures of the overview are. It is sent in their place: a page
/// asks for the figures themselves if somebody sees it.
pub(super) fn overview<R: SessionRepository>(shared: &Shared<R>) -> String {
    shared.history().newest().map_or_else(String::new, |newest| newest.to_string())
}
