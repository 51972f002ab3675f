//! What monitoring asks: whether the process lives, whether the store can be read, and the figures.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::Shared;
use crate::manager::{Report, SessionError};
use crate::repository::SessionRepository;
use crate::vocabulary::SessionFilter;

/// Whether the server is ready, and why it is not.
#[derive(Serialize)]
struct Readiness {
    ready: bool,
    reasons: Vec<Report>,
}

/// `/healthz`: the process lives.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// `/readyz`: the store can be read.
pub(super) async fn ready<R: SessionRepository>(State(shared): State<Arc<Shared<R>>>) -> Response {
    let newest = SessionFilter { limit: Some(1), ..SessionFilter::everything() };
    let listed = shared.manager.repository().list(&newest).await.map_err(SessionError::from);
    let reasons: Vec<_> = listed.err().iter().map(Report::from).collect();
    let ready = reasons.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, reasons })).into_response()
}
