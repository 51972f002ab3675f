//! One session: its state now or in the past, its history, its head.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use super::PAGE_BYTES_MAX;
use super::asking::{Parameters, Session, bounded, unusable};
use crate::manager::{Head, Moment, RecordLine, SessionError};
use crate::repository::{Read, SessionRepository};
use crate::serve::Shared;
use crate::serve::fault::Fault;
use crate::vocabulary::{Clock as _, Finding, Record, SessionId, SessionMetadata, SystemClock};

/// Records of a page that says nothing about it.
const RECORDS_DEFAULT: usize = 100;

/// Most records of a page.
const RECORDS_MAX: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionQuery {
    /// A sequence number or a time.
    at: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogQuery {
    from_seq: Option<u64>,
    limit: Option<usize>,
}

/// A page of a history.
#[derive(Serialize)]
struct LogPage<'a> {
    records: Vec<RecordLine<'a>>,
    /// Where the next page begins; null where there is nothing yet.
    next_seq: Option<u64>,
    findings: &'a [Finding],
}

/// Answers with the state of a session.
pub(super) async fn session<R: SessionRepository>(
    State(shared): State<Arc<Shared<R>>>,
    Session(session): Session,
    Parameters(query): Parameters<SessionQuery>,
) -> Result<Json<SessionMetadata>, Fault> {
    let _turn = shared.turn().await;
    let Some(at) = query.at else { return Ok(Json(shared.manager.get_session(&session).await?)) };
    let moment = Moment::parse(&at, SystemClock.now()).map_err(|why| unusable("at", &at, why))?;
    Ok(Json(shared.manager.state_at(&session, moment).await?))
}

/// Answers with a page of a session's history.
pub(super) async fn log<R: SessionRepository>(
    State(shared): State<Arc<Shared<R>>>,
    Session(session): Session,
    Parameters(LogQuery { from_seq, limit }): Parameters<LogQuery>,
) -> Result<Response, Fault> {
    let limit = bounded(limit, RECORDS_DEFAULT, RECORDS_MAX)?;
    let _turn = shared.turn().await;
    let page = read_page(&shared, &session, from_seq.unwrap_or(1).max(1), limit).await?;
    let records = page.records.iter().map(|record| RecordLine::new(&session, record)).collect();
    let answer = LogPage { records, next_seq: page.next_seq, findings: &page.findings };
    Ok(Json(answer).into_response())
}

/// Answers with the head of a session, as `annals head` prints it.
pub(super) async fn head<R: SessionRepository>(
    State(shared): State<Arc<Shared<R>>>,
    Session(session): Session,
) -> Result<Json<Head>, Fault> {
    let _turn = shared.turn().await;
    Ok(Json(shared.manager.head(&session).await?))
}

#[derive(Default)]
struct Records {
    records: Vec<Record>,
    next_seq: Option<u64>,
    findings: Vec<Finding>,
}

async fn read_page<R: SessionRepository>(
    shared: &Shared<R>,
    session: &SessionId,
    from_seq: u64,
    limit: usize,
) -> Result<Records, Fault> {
    let mut page = Records::default();
    let mut bytes = 0;
    let mut records = shared.manager.history(session, from_seq).await?;
    while let Some(read) = records.next().await {
        match read.map_err(SessionError::from)? {
            Read::Damage(finding) => page.findings.push(finding),
            Read::Record(record) => {
                bytes += record.data.bytes();
                let is_full = page.records.len() >= limit
                    || bytes > PAGE_BYTES_MAX && !page.records.is_empty();
                if is_full {
                    page.next_seq = Some(record.seq);
                    break;
                }
                page.records.push(*record);
            }
        }
    }
    Ok(page)
}
