//! Whether sessions may be changed.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::Shared;
use super::fault::Fault;
use crate::repository::SessionRepository;

/// Proof that the server was told to allow changes: whatever changes a session asks for it first.
pub(super) struct Writable;

impl<R: SessionRepository> FromRequestParts<Arc<Shared<R>>> for Writable {
    type Rejection = Fault;

    async fn from_request_parts(_: &mut Parts, shared: &Arc<Shared<R>>) -> Result<Self, Fault> {
        if shared.options.writable {
            return Ok(Self);
        }
        let message = "this server shows sessions and changes none";
        let hint = "use the command line, or start it with --writable";
        Err(Fault::new(StatusCode::FORBIDDEN, "read-only", message, hint))
    }
}
