//! What each address is answered with: the values are read here, and shown elsewhere.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use tokio::time::Instant;

use super::failure::Failure;
use super::frame::{self, Tab};
use super::overview::Figures;
use super::session::Visit;
use super::text::{self, address_of};
use super::{changes, findings, overview, runbook, search, session, sessions};
use crate::manager::{Moment, SessionHealth};
use crate::repository::{Met, Read, SessionRepository};
use crate::serve::Shared;
use crate::vocabulary::{
    ByteCount, Clock as _, Event, MessageRecorded, SessionFilter, SessionId, SystemClock,
    several_lines,
};

/// Most bytes of records that are read for one page; the newest are shown, and one at least.
const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long one search reads, and how many sessions: whoever searches waits for it.
const SEARCH_TIME_MAX: Duration = Duration::from_secs(3);
const SEARCH_SESSIONS_MAX: usize = 2_000;
/// Longest text that a search looks for, in characters.
const QUERY_CHARS_MAX: usize = 200;
/// Longest text that is read for a page of its own, and how much of it is shown, in bytes.
const WHOLE_TEXT_BYTES_MAX: u64 = 4 * 1024 * 1024;
const SHOWN_TEXT_BYTES_MAX: usize = 1024 * 1024;

type SharedState<R> = State<Arc<Shared<R>>>;

fn health_of<R: SessionRepository>(shared: &Shared<R>) -> Option<Arc<SessionHealth>> {
    shared.health.borrow().clone()
}

fn framed<R: SessionRepository>(
    shared: &Shared<R>,
    tab: Tab,
    title: &str,
    body: &Markup,
) -> Markup {
    frame::page(Some(tab), title, health_of(shared).as_deref(), body)
}

#[derive(Deserialize)]
pub(super) struct WindowQuery {
    #[serde(default)]
    window: String,
}

fn with_figures<R: SessionRepository>(
    shared: &Shared<R>,
    query: &WindowQuery,
    show: impl FnOnce(&Figures<'_>) -> Markup,
) -> Markup {
    let window = overview::window_of(&query.window);
    let health = health_of(shared);
    let samples = shared.history().samples(window);
    let sessions = shared.metrics.borrow().as_ref().map(|metrics| metrics.sessions);
    let locks = shared.locks.borrow().clone();
    show(&Figures {
        now: SystemClock.now(),
        window,
        samples: &samples,
        sessions: sessions.unwrap_or_default(),
        health: health.as_deref(),
        locks: &locks,
    })
}

/// `/`
pub(super) async fn show_overview<R: SessionRepository>(
    State(shared): SharedState<R>,
    Query(query): Query<WindowQuery>,
) -> Markup {
    let newest = newest_changes(&shared);
    let body = with_figures(&shared, &query, |figures| overview::body(figures, &newest));
    framed(&shared, Tab::Overview, "Overview", &body)
}

/// `/figures`: the part of the overview that is shown again whenever it changes.
pub(super) async fn show_figures<R: SessionRepository>(
    State(shared): SharedState<R>,
    Query(query): Query<WindowQuery>,
) -> Markup {
    with_figures(&shared, &query, overview::figures)
}

/// `/changes`: the newest rows, for a page that has missed some.
pub(super) async fn show_changes<R: SessionRepository>(State(shared): SharedState<R>) -> Markup {
    let latest = shared.changes.latest(changes::ROWS_MAX);
    html! { @for numbered in latest.iter().rev() { (changes::change_row(&numbered.change)) } }
}

fn newest_changes<R: SessionRepository>(shared: &Shared<R>) -> Markup {
    let latest = shared.changes.latest(changes::ROWS_MAX);
    changes::section(latest.iter().rev().map(|numbered| &numbered.change))
}

/// `/sessions`
pub(super) async fn show_sessions<R: SessionRepository>(
    State(shared): SharedState<R>,
    Query(asked): Query<sessions::Asked>,
) -> Result<Markup, Failure> {
    let _turn = shared.turn().await;
    let filter = asked
        .filter()
        .map_err(|error| Failure::invalid(error.to_string(), "write another tag, or none"))?;
    let shown = one_page(&shared, &filter, (asked.page() - 1) * sessions::PAGE_SESSIONS).await?;
    let body = sessions::body(&asked, &shown, SystemClock.now());
    Ok(framed(&shared, Tab::Sessions, "Sessions", &body))
}

/// The sessions of a page; what comes before them is passed over without being read.
async fn one_page<R: SessionRepository>(
    shared: &Shared<R>,
    filter: &SessionFilter,
    passed_over: usize,
) -> Result<sessions::Shown, Failure> {
    let mut shown = sessions::Shown::default();
    let mut met = shared.manager.sessions(filter).await?;
    let mut place = 0;
    while let Some(met) = met.next().await {
        match met? {
            Met::Session(listed) => {
                if place >= passed_over + sessions::PAGE_SESSIONS {
                    shown.has_more = true;
                } else if place >= passed_over {
                    shown.sessions.push(listed.into_state()?);
                }
                place += 1;
            }
            Met::Damage(finding) => shown.findings.push(finding),
            Met::Unreadable(unreadable) => shown.unreadable.push(unreadable),
        }
    }
    Ok(shown)
}

#[derive(Deserialize)]
pub(super) struct MomentQuery {
    #[serde(default)]
    at: String,
}

impl MomentQuery {
    fn seq(&self) -> Result<Option<u64>, Failure> {
        let at = self.at.trim();
        let invalid =
            |_| Failure::invalid("“at” is not the number of a record", "write a number from 1 on");
        (!at.is_empty()).then(|| at.parse().map_err(invalid)).transpose()
    }
}

fn id_of(text: &str) -> Result<SessionId, Failure> {
    text.parse().map_err(|error| Failure::from(crate::manager::SessionError::InvalidId(error)))
}

/// `/sessions/{id}`
pub(super) async fn show_session<R: SessionRepository>(
    State(shared): SharedState<R>,
    Path(id): Path<String>,
    Query(query): Query<MomentQuery>,
) -> Result<Markup, Failure> {
    let _turn = shared.turn().await;
    let (id, at) = (id_of(&id)?, query.seq()?);
    let now = shared.manager.load(&id).await?.state;
    let last = now.seq;
    let state = match at {
        Some(seq) if seq != last => shared.manager.state_at(&id, Moment::Seq(seq)).await?,
        _ => now,
    };
    let (first, read) = records(&shared, &id, Visit::first_of(state.seq), state.seq).await?;
    let visit = Visit { state: &state, last, first, read: &read, now: SystemClock.now() };
    let title = text::title_of(&state);
    Ok(framed(&shared, Tab::Sessions, &title, &session::body(&visit)))
}

/// The records from one to another, with damage between them: as many of the last ones as are within
/// the bound of a page, and the first that they may begin with.
async fn records<R: SessionRepository>(
    shared: &Shared<R>,
    session: &SessionId,
    mut first: u64,
    last: u64,
) -> Result<(u64, Vec<Read>), Failure> {
    let mut records = shared.manager.history(session, first).await?;
    let (mut read, mut bytes) = (VecDeque::new(), 0);
    while let Some(next) = records.next().await {
        let next = next?;
        if matches!(&next, Read::Record(record) if record.seq > last) {
            break;
        }
        bytes += bytes_of(&next);
        read.push_back(next);
        while bytes > PAGE_BYTES_MAX && read.len() > 1 {
            let dropped = read.pop_front();
            bytes -= dropped.as_ref().map_or(0, bytes_of);
            if let Some(Read::Record(record)) = dropped {
                first = record.seq + 1;
            }
        }
    }
    Ok((first, read.into()))
}

fn bytes_of(read: &Read) -> usize {
    match read {
        Read::Record(record) => record.data.bytes(),
        Read::Damage(_) => 0,
    }
}

/// `/sessions/{id}/text/{seq}`: the whole of what a message says.
pub(super) async fn show_text<R: SessionRepository>(
    State(shared): SharedState<R>,
    Path((id, seq)): Path<(String, String)>,
) -> Result<Markup, Failure> {
    let _turn = shared.turn().await;
    let id = id_of(&id)?;
    let seq = MomentQuery { at: seq }.seq()?.unwrap_or(1);
    let (_, read) = records(&shared, &id, seq, seq).await?;
    let message = read.iter().find_map(message_of).ok_or_else(Failure::no_page)?;
    let whole = match &message.blob {
        Some(blob) if blob.bytes > WHOLE_TEXT_BYTES_MAX => None,
        Some(blob) => Some(shared.manager.text(&id, blob).await?),
        None => message.text.clone(),
    };
    let body = html! {
        h1 { "Record " (seq) " of " (id) }
        p { a href={ (address_of(&id)) "?at=" (seq) "#seq-" (seq) } { "Back to its place" } }
        @if let Some(whole) = whole {
            @let shown = text::beginning(&whole, SHOWN_TEXT_BYTES_MAX);
            @if shown.len() < whole.len() {
                p.notice { "The first " (ByteCount(shown.len() as u64)) " of " (ByteCount(whole.len() as u64)) " are shown." }
            }
            div.card.text dir="auto" { (several_lines(shown)) }
        } @else {
            p.notice {
                "A text of over " (ByteCount(WHOLE_TEXT_BYTES_MAX)) " is not shown on a page; this is its beginning."
            }
            div.card.text dir="auto" { (several_lines(message.text.as_deref().unwrap_or_default())) }
        }
    };
    Ok(framed(&shared, Tab::Sessions, &format!("Record {seq}"), &body))
}

pub(super) fn message_of(read: &Read) -> Option<MessageRecorded> {
    match read {
        Read::Record(record) => match record.event() {
            Ok(Some(Event::MessageRecorded(message))) => Some(message),
            _ => None,
        },
        Read::Damage(_) => None,
    }
}

#[derive(Deserialize)]
pub(super) struct SearchQuery {
    #[serde(default)]
    q: String,
}

/// `/search`
pub(super) async fn show_search<R: SessionRepository>(
    State(shared): SharedState<R>,
    Query(query): Query<SearchQuery>,
) -> Result<Markup, Failure> {
    let wanted: String = query.q.trim().chars().take(QUERY_CHARS_MAX).collect();
    let results = match search::lowercase(&wanted) {
        nothing if nothing.is_empty() => None,
        lowercase => Some(look_for(&shared, &lowercase).await?),
    };
    let body = search::body(&wanted, results.as_ref());
    Ok(framed(&shared, Tab::Search, "Search", &body))
}

/// Reads sessions, newest activity first, until there is enough or it has taken long enough.
async fn look_for<R: SessionRepository>(
    shared: &Shared<R>,
    wanted: &[char],
) -> Result<search::Results, Failure> {
    let _turn = shared.turn().await;
    let deadline = Instant::now() + SEARCH_TIME_MAX;
    let filter = SessionFilter { limit: Some(SEARCH_SESSIONS_MAX), ..SessionFilter::default() };
    let mut sessions = shared.manager.sessions(&filter).await?;
    let mut results = search::Results::default();
    while let Some(met) = sessions.next().await {
        let Met::Session(listed) = met? else { continue };
        let state = listed.into_state()?;
        let is_enough = results.hits.len() >= search::HITS_MAX || Instant::now() > deadline;
        if is_enough || results.searched >= SEARCH_SESSIONS_MAX {
            results.stopped = true;
            break;
        }
        let title = text::title_of(&state);
        let mut hits = Vec::new();
        // Purged meanwhile, or unreadable: the list of sessions and the findings tell of it.
        let Ok(mut records) = shared.manager.history(&state.id, 1).await else { continue };
        while let Some(Ok(read)) = records.next().await {
            let (Some(message), Read::Record(record)) = (message_of(&read), &read) else {
                continue;
            };
            let said = said(shared, &state.id, &message).await;
            if let Some(excerpt) = search::find(&said, wanted) {
                let (session, title) = (state.id.clone(), title.clone());
                let (seq, at, role) = (record.seq, record.at, message.role.as_str().to_owned());
                hits.push(search::Hit { session, title, seq, at, role, excerpt });
            }
            results.stopped |= Instant::now() > deadline;
            results.shortened |= hits.len() >= search::HITS_PER_SESSION_MAX;
            if hits.len() >= search::HITS_PER_SESSION_MAX || results.stopped {
                break;
            }
        }
        results.searched += 1;
        results.hits.append(&mut hits);
    }
    results.hits.truncate(search::HITS_MAX);
    Ok(results)
}

/// What a message says: all of it, or its beginning where that is too long to be read for a page.
async fn said<'m, R: SessionRepository>(
    shared: &Shared<R>,
    session: &SessionId,
    message: &'m MessageRecorded,
) -> Cow<'m, str> {
    let excerpt = message.text.as_deref().unwrap_or_default();
    match &message.blob {
        Some(blob) if blob.bytes <= WHOLE_TEXT_BYTES_MAX => {
            // A text that is lost is a finding; what is left of it is found all the same.
            let whole = shared.manager.text(session, blob).await;
            whole.map_or(Cow::Borrowed(excerpt), Cow::Owned)
        }
        _ => Cow::Borrowed(excerpt),
    }
}

/// `/findings`
pub(super) async fn show_findings<R: SessionRepository>(State(shared): SharedState<R>) -> Markup {
    let body = findings::body(health_of(&shared).as_deref());
    framed(&shared, Tab::Findings, "Findings", &body)
}

/// `/runbook`
pub(super) async fn show_runbook<R: SessionRepository>(State(shared): SharedState<R>) -> Markup {
    framed(&shared, Tab::Runbook, "Runbook", &runbook::body())
}
