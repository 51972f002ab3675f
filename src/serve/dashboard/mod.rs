//! The pages for people, and the parts of them that are sent again when they change.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;

use super::{Change, Shared};
use crate::manager::SessionHealth;
use crate::repository::SessionRepository;

/// The pages.
pub(super) fn routes<R: SessionRepository>() -> Router<Arc<Shared<R>>> {
    Router::new().route("/", get(front::<R>))
}

async fn front<R: SessionRepository>(State(shared): State<Arc<Shared<R>>>) -> Html<String> {
    let overview = overview(&shared);
    Html(format!("<!doctype html><html lang=\"en\"><title>annals</title><main>{overview}</main>"))
}

/// A change as a row of the newest ones.
pub(super) fn change_row(change: &Change) -> String {
    let Change { session, record, .. } = change;
    // Neither an id nor a number can hold what HTML would obey.
    format!("<li><a href=\"/sessions/{session}\">{session}</a> {}</li>", record.seq)
}

/// How the store is, in a word.
pub(super) fn badge(health: &SessionHealth) -> String {
    format!("{} sessions corrupted", health.corrupted_sessions)
}

/// The figures of the store.
pub(super) fn overview<R: SessionRepository>(shared: &Shared<R>) -> String {
    let calls = shared.metrics.borrow().as_ref().map_or(0, |metrics| metrics.calls);
    format!("<p>{calls} calls</p>")
}
