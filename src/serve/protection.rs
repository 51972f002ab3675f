//! What every answer says to browsers, and how long an answer may take.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Shared;
use super::fault::Fault;
use crate::repository::SessionRepository;

/// Nothing but what this server sends itself, nothing inline, in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// What every answer says to browsers. The last one may be said otherwise by the answer itself.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Adds what every answer says.
pub(super) async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // An asset that never changes says so itself.
    let no_store = HeaderValue::from_static("no-store");
    headers.entry(header::CACHE_CONTROL).or_insert(no_store);
    response
}

/// Gives up on a request that takes too long, its body included. A stream of events has begun to be
/// answered by then.
pub(super) async fn limit_time<R: SessionRepository>(
    State(shared): State<Arc<Shared<R>>>,
    request: Request,
    next: Next,
) -> Response {
    let limit = shared.options.request_timeout;
    tokio::time::timeout(limit, next.run(request)).await.unwrap_or_else(|_| {
        let message = format!("the request was not answered within {limit:?}");
        let hint = "ask for less at once, or come again later";
        Fault::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", message, hint).into_response()
    })
}
