//! Changes of sessions, where the server was told to allow them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::asking::{Body, Session};
use crate::manager::{ChangeLine, CreationLine};
use crate::repository::SessionRepository;
use crate::serve::Shared;
use crate::serve::fault::Fault;
use crate::serve::writable::Writable;
use crate::vocabulary::SessionMetadata;

const CHANGE_HINT: &str =
    "write a body such as {\"op\":\"rename\",\"name\":\"Orchard\",\"expect\":3}";

/// Begins a session.
pub(super) async fn create<R: SessionRepository>(
    State(shared): State<Arc<Shared<R>>>,
    Writable: Writable,
    Body(creation): Body<CreationLine>,
) -> Result<(StatusCode, Json<SessionMetadata>), Fault> {
    let _turn = shared.turn().await;
    let state = shared.manager.create_session(creation.id.clone(), creation.into()).await?;
    Ok((StatusCode::CREATED, Json(state)))
}

/// Makes one change: an operation of `annals batch` with its fields, but for the session, which the
/// address names.
pub(super) async fn change<R: SessionRepository>(
    State(shared): State<Arc<Shared<R>>>,
    Writable: Writable,
    Session(session): Session,
    Body(mut fields): Body<Map<String, Value>>,
) -> Result<Json<SessionMetadata>, Fault> {
    let invalid = |message: String| Fault::invalid(message, CHANGE_HINT);
    let Some(Value::String(operation)) = fields.remove("op") else {
        return Err(invalid("the body has no \"op\"".to_owned()));
    };
    if fields.insert("session".to_owned(), session.to_string().into()).is_some() {
        return Err(invalid("the address names the session, not the body".to_owned()));
    }
    let change = ChangeLine::parse(&operation, fields).map_err(|why| invalid(why.to_string()))?;
    let change = change.ok_or_else(|| invalid(format!("{operation:?} is no operation")))?;
    let _turn = shared.turn().await;
    let changed = shared.manager.change(&session, change.command, change.options).await?;
    Ok(Json(changed.state))
}
