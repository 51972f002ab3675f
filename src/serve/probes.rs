//! What monitoring asks: whether the process lives, whether the store can be read, and the figures.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::Shared;
use crate::manager::{Report, SessionError, prometheus_text};
use crate::repository::SessionRepository;
use crate::vocabulary::SessionFilter;

/// What newer collectors ask for by name, and the format that every collector reads.
const OPEN_METRICS: &str = "application/openmetrics-text";
const OPEN_METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PROMETHEUS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

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

/// `/metrics`: the figures as they were taken last, for monitoring systems.
pub(super) async fn metrics<R: SessionRepository>(
    State(shared): State<Arc<Shared<R>>>,
    headers: HeaderMap,
) -> Response {
    let accepted = headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok());
    let text = shared.open_metrics();
    let (kind, text) = if accepted.is_some_and(|accepted| accepted.contains(OPEN_METRICS)) {
        (OPEN_METRICS_TYPE, text)
    } else {
        (PROMETHEUS_TYPE, prometheus_text(&text))
    };
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
