//! The description of all addresses for programs, which a test holds against what is answered.

use axum::http::{HeaderName, header};

/// OpenAPI 3.1.
const DESCRIPTION: &str = include_str!("openapi.json");

pub(super) async fn description() -> ([(HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION)
}
