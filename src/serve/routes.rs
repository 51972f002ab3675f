//! Which address is answered by what.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;

use super::fault::Fault;
use super::{Shared, api, dashboard, events, guard, probes, protection, traffic};
use crate::repository::SessionRepository;

/// Everything that is answered, and what every request has to pass: from the outside in, it is
/// counted, answers say what browsers may do with them, requests have to be admitted, and have bounded time.
pub fn router<R: SessionRepository>(shared: Arc<Shared<R>>) -> Router {
    Router::new()
        .route("/healthz", get(probes::alive))
        .route("/readyz", get(probes::ready::<R>))
        .route("/metrics", get(probes::metrics::<R>))
        .route("/events", get(events::events::<R>))
        .merge(api::routes(&shared.options))
        .merge(dashboard::routes())
        .fallback(nowhere)
        .method_not_allowed_fallback(otherwise)
        .layer(from_fn_with_state(Arc::clone(&shared), protection::limit_time))
        .layer(from_fn_with_state(Arc::clone(&shared), guard::admit))
        .layer(from_fn(protection::protect))
        .layer(from_fn_with_state(Arc::clone(&shared), traffic::observe))
        .with_state(shared)
}

async fn nowhere() -> Fault {
    let message = "there is nothing at this address";
    Fault::new(StatusCode::NOT_FOUND, "not-found", message, "see /api/openapi.json, or begin at /")
}

async fn otherwise() -> Fault {
    let message = "this address is not asked for in that way";
    let hint = "see /api/openapi.json";
    Fault::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", message, hint)
}
