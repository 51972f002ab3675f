//! The JSON API: what the commands print as `--json`, under the same names.

mod asking;
mod changing;
mod listing;
mod openapi;
mod reading;
mod store;

pub(super) use self::asking::Parameters;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use super::{Options, Shared};
use crate::repository::SessionRepository;

/// Most bytes of JSON in one page of an answer; what comes first is in it, whatever its size.
const PAGE_BYTES_MAX: usize = 256 * 1024;

/// The routes of the API.
pub(super) fn routes<R: SessionRepository>(options: &Options) -> Router<Arc<Shared<R>>> {
    Router::new()
        .route("/api/openapi.json", get(openapi::description))
        .route("/api/v1/sessions", get(listing::sessions::<R>).post(changing::create::<R>))
        .route("/api/v1/sessions/{id}", get(reading::session::<R>))
        .route("/api/v1/sessions/{id}/log", get(reading::log::<R>))
        .route("/api/v1/sessions/{id}/head", get(reading::head::<R>))
        .route("/api/v1/sessions/{id}/changes", post(changing::change::<R>))
        .route("/api/v1/heads", get(store::heads::<R>))
        .route("/api/v1/locks", get(store::locks::<R>))
        .route("/api/v1/health", get(store::health::<R>))
        .route("/api/v1/metrics", get(store::metrics::<R>))
        .layer(DefaultBodyLimit::max(options.body_bytes_max))
}
