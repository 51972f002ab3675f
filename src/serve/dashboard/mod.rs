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
        .route("/", get(pages::overview::<R>))
        .route("/figures", get(pages::figures::<R>))
        .route("/changes", get(pages::changes::<R>))
        .route("/sessions", get(pages::sessions::<R>))
        .route("/sessions/{id}", get(pages::session::<R>))
        .route("/sessions/{id}/text/{seq}", get(pages::text::<R>))
        .route("/search", get(pages::search::<R>))
        .route("/findings", get(pages::findings::<R>))
        .route("/runbook", get(pages::runbook::<R>))
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
