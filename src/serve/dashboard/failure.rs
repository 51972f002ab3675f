//! An error as a page.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::html;

use super::frame;
use super::text::line;
use crate::manager::SessionError;
use crate::repository::RepositoryError;

/// Longest message of an error on a page, in characters.
const MESSAGE_CHARS_MAX: usize = 600;

/// Why a page cannot be shown, and what to do next.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    message: String,
    hint: String,
}

impl Failure {
    /// The address asks for what cannot be meant.
    pub(super) fn invalid(message: impl Into<String>, hint: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into(), hint: hint.to_owned() }
    }

    /// There is no such page.
    pub(super) fn no_page() -> Self {
        let message = "There is no such page.".to_owned();
        let hint = "go to one of the pages above".to_owned();
        Self { status: StatusCode::NOT_FOUND, message, hint }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        let status = match error.kind() {
            "not-found" => StatusCode::NOT_FOUND,
            "invalid-input" | "ambiguous" => StatusCode::BAD_REQUEST,
            "busy" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, message: error.to_string(), hint: error.hint() }
    }
}

impl From<RepositoryError> for Failure {
    fn from(error: RepositoryError) -> Self {
        SessionError::from(error).into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self { status, message, hint } = self;
        let heading = status.canonical_reason().unwrap_or("Error");
        let body = html! {
            section.card.failure {
                h1 { (heading) }
                p { (line(&message, MESSAGE_CHARS_MAX)) }
                p.quiet { "What to do: " (line(&hint, MESSAGE_CHARS_MAX)) }
            }
        };
        (status, frame::page(None, heading, None, &body)).into_response()
    }
}
