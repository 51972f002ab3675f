//! An error as an answer.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::manager::{ErrorLine, Report, SessionError};
use crate::repository::RepositoryError;

/// Why a request is not answered as it was meant: a status, and a report in the body.
#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    report: Report,
}

impl Fault {
    /// An error that has no session.
    pub(super) fn new(
        status: StatusCode,
        kind: &'static str,
        message: impl Into<String>,
        hint: &str,
    ) -> Self {
        let (message, hint) = (message.into(), hint.to_owned());
        let report = Report { kind, message, session: None, hint, candidates: Vec::new() };
        Self { status, report }
    }

    /// What was asked for cannot be meant.
    pub(super) fn invalid(message: impl Into<String>, hint: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-input", message, hint)
    }

    /// Every place of those who follow the changes is taken.
    pub(super) fn too_many_followers() -> Self {
        let message = "too many clients follow the changes already";
        let hint = "come again later, or raise the bound of the server";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message, hint)
    }
}

impl From<SessionError> for Fault {
    fn from(error: SessionError) -> Self {
        Self { status: status_of(&error), report: Report::from(&error) }
    }
}

impl From<RepositoryError> for Fault {
    fn from(error: RepositoryError) -> Self {
        SessionError::from(error).into()
    }
}

fn status_of(error: &SessionError) -> StatusCode {
    match error.kind() {
        "not-found" => StatusCode::NOT_FOUND,
        "conflict" | "refused" | "ambiguous" => StatusCode::CONFLICT,
        "invalid-input" => StatusCode::BAD_REQUEST,
        "busy" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            tracing::warn!(status = self.status.as_u16(), kind = self.report.kind, "refused");
        }
        (self.status, Json(ErrorLine { error: &self.report })).into_response()
    }
}
