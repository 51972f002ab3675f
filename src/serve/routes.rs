//! Which address is answered by what.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use super::{Shared, dashboard, events, probes};
use crate::repository::SessionRepository;

/// Everything that is answered.
pub fn router<R: SessionRepository>(shared: Arc<Shared<R>>) -> Router {
    Router::new()
        .route("/healthz", get(probes::alive))
        .route("/readyz", get(probes::ready::<R>))
        .route("/events", get(events::events::<R>))
        .merge(dashboard::routes())
        .with_state(shared)
}
