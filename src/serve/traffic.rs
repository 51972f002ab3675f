//! Figures of the server itself: requests, how long they took, and who follows the changes.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tracing::field::Empty;
use tracing::{Instrument as _, info_span};

use super::Shared;
use crate::manager::{Exposition, encoded};
use crate::repository::SessionRepository;

/// Upper bounds of the buckets of durations, in seconds.
const BOUNDS_S: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// What stands for addresses at which there is nothing: there are more of them than can be counted
/// one by one.
const NOWHERE: &str = "none";

type Labels = Vec<(&'static str, String)>;

/// Figures of a server since it was started.
#[derive(Debug)]
pub(super) struct Traffic {
    requests: Family<Labels, Counter>,
    durations: Family<Labels, Histogram>,
}

impl Default for Traffic {
    fn default() -> Self {
        let histogram = || Histogram::new(BOUNDS_S);
        Self { requests: Family::default(), durations: Family::new_with_constructor(histogram) }
    }
}

impl Traffic {
    /// All figures as OpenMetrics text: those of the store as they were taken last, and one's own.
    pub(super) fn text<R: SessionRepository>(&self, shared: &Shared<R>) -> String {
        let mut registry = Registry::default();
        if let Some(figures) = shared.metrics.borrow().as_deref().cloned() {
            let health = shared.health.borrow().as_deref().cloned();
            registry.register_collector(Box::new(Exposition { figures, health }));
        }
        let requests = self.requests.clone();
        registry.register("annals_http_requests", "Requests that were answered.", requests);
        registry.register_with_unit(
            "annals_http_request_duration",
            "How long answering took, up to the first byte of the body.",
            Unit::Seconds,
            self.durations.clone(),
        );
        let clients: Gauge = Gauge::default();
        clients.set(i64::try_from(shared.event_clients()).unwrap_or(i64::MAX));
        registry.register("annals_event_stream_clients", "Who follows the changes.", clients);
        encoded(&registry)
    }
}

/// Counts and times a request.
pub(super) async fn observe<R: SessionRepository>(
    State(shared): State<Arc<Shared<R>>>,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let route = route.unwrap_or(NOWHERE).to_owned();
    let method = method_of(request.method()).to_owned();
    let span = info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
    );
    let began = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    if response.status().is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    let Traffic { requests, durations } = &shared.traffic;
    let status = response.status().as_u16().to_string();
    durations.get_or_create(&vec![("route", route.clone())]).observe(began.elapsed().as_secs_f64());
    let labels = vec![("method", method), ("route", route), ("status", status)];
    requests.get_or_create(&labels).inc();
    response
}

/// The method by its name. Clients can make up any number of others.
fn method_of(method: &Method) -> &str {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE];
    if known.contains(method) { method.as_str() } else { "other" }
}
