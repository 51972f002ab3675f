//! The store as a whole: heads, locks, health, figures.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use super::asking::{Parameters, bounded};
use crate::manager::{Head, LockLine, SessionError};
use crate::repository::{RepositoryError, SessionRepository};
use crate::serve::Shared;
use crate::serve::fault::Fault;
use crate::vocabulary::SessionId;

/// Heads of a page that says nothing about it: each of them costs the opening of a journal.
const HEADS_DEFAULT: usize = 100;

/// Most heads of a page.
const HEADS_MAX: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeadsQuery {
    after: Option<SessionId>,
    limit: Option<usize>,
}

#[derive(Serialize)]
pub(super) struct HeadsPage {
    heads: Vec<Head>,
    /// After which session the next page begins; null at the end.
    next_after: Option<SessionId>,
}

#[derive(Serialize)]
struct Locks<'a> {
    locks: Vec<LockLine<'a>>,
}

/// Answers with the heads of all sessions, by their ids, a page at a time.
pub(super) async fn heads<R: SessionRepository>(
    State(shared): State<Arc<Shared<R>>>,
    Parameters(HeadsQuery { after, limit }): Parameters<HeadsQuery>,
) -> Result<Json<HeadsPage>, Fault> {
    let limit = bounded(limit, HEADS_DEFAULT, HEADS_MAX)?;
    let _turn = shared.turn().await;
    let sessions = shared.manager.session_ids().await?;
    let mut rest = sessions.iter().filter(|id| after.as_ref().is_none_or(|after| *id > after));
    let mut page = HeadsPage { heads: Vec::new(), next_after: None };
    let mut last = None;
    for session in rest.by_ref().take(limit) {
        match shared.manager.head(session).await {
            Ok(head) => page.heads.push(head),
            // Purged since the ids were read.
            Err(SessionError::Repository(RepositoryError::NotFound { .. })) => {}
            Err(error) => return Err(error.into()),
        }
        last = Some(session);
    }
    page.next_after = rest.next().and(last).cloned();
    Ok(Json(page))
}

/// Answers with the locks that are held.
pub(super) async fn locks<R: SessionRepository>(
    State(shared): State<Arc<Shared<R>>>,
) -> Result<Response, Fault> {
    let _turn = shared.turn().await;
    let mut locks = shared.manager.repository().locks().await?;
    locks.sort_by(|one, other| one.session.cmp(&other.session));
    let locks = locks.iter().map(LockLine::from).collect();
    Ok(Json(Locks { locks }).into_response())
}

/// Answers with the last report about the store; the first one is waited for.
pub(super) async fn health<R: SessionRepository>(
    State(shared): State<Arc<Shared<R>>>,
) -> Result<Response, Fault> {
    let mut health = shared.health.subscribe();
    // The sender lives as long as the server does.
    let report = health.wait_for(Option::is_some).await.ok().and_then(|report| report.clone());
    Ok(Json(report.as_deref()).into_response())
}

/// Answers with the figures as they were taken last.
pub(super) async fn metrics<R: SessionRepository>(
    State(shared): State<Arc<Shared<R>>>,
) -> Result<Response, Fault> {
    let mut metrics = shared.metrics.subscribe();
    let figures = metrics.wait_for(Option::is_some).await.ok().and_then(|figures| figures.clone());
    Ok(Json(figures.as_deref()).into_response())
}
