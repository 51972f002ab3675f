//! `/api/v1/sessions`: the sessions that a filter admits, a page at a time.
//!
//! A page ends with a cursor: the place of its last session in the order asked for. The next page
//! begins behind that place, whatever has happened in between, so no session that stays where it is
//! is shown twice or passed over.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::PAGE_BYTES_MAX;
use super::asking::{Parameters, bounded, unusable};
use crate::manager::SessionError;
use crate::repository::{Listed, Met, SessionRepository, Unreadable};
use crate::serve::Shared;
use crate::serve::fault::Fault;
use crate::vocabulary::{
    Clock as _, Finding, SessionFilter, SessionId, SortKey, Statuses, SystemClock, Timestamp,
    parse_moment,
};

/// Sessions of a page that says nothing about it.
const LIMIT_DEFAULT: usize = 50;

/// Most sessions of a page.
const LIMIT_MAX: usize = 500;

/// A page of sessions.
#[derive(Serialize)]
pub(super) struct Page {
    sessions: Vec<Box<RawValue>>,
    /// Where the next page begins; null at the end.
    next_cursor: Option<String>,
    findings: Vec<Finding>,
    unreadable: Vec<Unreadable>,
}

/// What is asked for.
struct Asked {
    filter: SessionFilter,
    sort: SortKey,
    limit: usize,
    after: Option<Place>,
}

/// Where a session stands in an order, in the way of [`SessionFilter::arrange`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Place {
    #[serde(rename = "a")]
    LastActive(Reverse<Timestamp>, SessionId),
    #[serde(rename = "c")]
    Created(Reverse<Timestamp>, SessionId),
    #[serde(rename = "n")]
    Name(bool, String, SessionId),
    #[serde(rename = "m")]
    Messages(Reverse<u64>, SessionId),
}

/// Answers with a page.
pub(super) async fn sessions<R: SessionRepository>(
    State(shared): State<Arc<Shared<R>>>,
    Parameters(pairs): Parameters<Vec<(String, String)>>,
) -> Result<Json<Page>, Fault> {
    let asked = Asked::read(&pairs)?;
    let _turn = shared.turn().await;
    let mut sessions = shared.manager.sessions(&asked.filter).await?;
    let mut gathered = Gathered::default();
    while let Some(met) = sessions.next().await {
        match met.map_err(SessionError::from)? {
            Met::Session(listed) => {
                if gathered.take(&asked, listed)?.is_break() {
                    break;
                }
            }
            Met::Damage(finding) => gathered.findings.push(finding),
            Met::Unreadable(unreadable) => gathered.unreadable.push(unreadable),
        }
    }
    gathered.into_page()
}

/// The first sessions met so far, of those that come after the cursor.
#[derive(Default)]
struct Gathered {
    sessions: BTreeMap<Place, String>,
    bytes: usize,
    there_are_more: bool,
    findings: Vec<Finding>,
    unreadable: Vec<Unreadable>,
}

impl Gathered {
    /// Takes a session in; breaks off where no later one can belong to the page.
    fn take(&mut self, asked: &Asked, listed: Listed) -> Result<std::ops::ControlFlow<()>, Fault> {
        use std::ops::ControlFlow::{Break, Continue};

        let json = listed.json().map_err(no_json)?.into_owned();
        let place = Place::of(asked.sort, listed)?;
        if asked.after.as_ref().is_some_and(|after| place <= *after) {
            return Ok(Continue(()));
        }
        self.bytes += json.len();
        self.sessions.insert(place, json);
        let mut is_over = false;
        while self.sessions.len() > asked.limit
            || self.bytes > PAGE_BYTES_MAX && self.sessions.len() > 1
        {
            let last = self.sessions.pop_last();
            self.bytes -= last.map_or(0, |(_, json)| json.len());
            is_over = true;
        }
        self.there_are_more |= is_over;
        // They come in the order of their activity.
        Ok(if is_over && asked.sort == SortKey::LastActive { Break(()) } else { Continue(()) })
    }

    fn into_page(self) -> Result<Json<Page>, Fault> {
        let last = self.sessions.last_key_value().filter(|_| self.there_are_more);
        let next_cursor = last.map(|(place, _)| place.to_cursor()).transpose()?;
        let sessions = self.sessions.into_values().map(RawValue::from_string);
        let sessions = sessions.collect::<Result<_, _>>().map_err(no_json)?;
        let (findings, unreadable) = (self.findings, self.unreadable);
        Ok(Json(Page { sessions, next_cursor, findings, unreadable }))
    }
}

impl Asked {
    fn read(pairs: &[(String, String)]) -> Result<Self, Fault> {
        let mut filter = SessionFilter::default();
        let (mut statuses, mut sort, mut limit, mut after) =
            (Vec::new(), SortKey::default(), None, None);
        let moment = |name: &str, text: &str| {
            parse_moment(text, SystemClock.now()).map_err(|why| unusable(name, text, why))
        };
        for (name, value) in pairs {
            match name.as_str() {
                "status" => {
                    for word in value.split(',') {
                        let status = Statuses::parse(word);
                        statuses.push(status.map_err(|why| unusable(name, value, why))?);
                    }
                }
                "search" => filter.search = Some(value.clone()),
                "tag" => filter.tags.push(value.parse().map_err(|why| unusable(name, value, why))?),
                "cwd" => filter.cwd = Some(value.clone()),
                "since" => filter.since = Some(moment(name, value)?),
                "until" => filter.until = Some(moment(name, value)?),
                "sort" => sort = sort_of(value)?,
                "limit" => {
                    limit = Some(value.parse().map_err(|why| unusable(name, value, why))?);
                }
                "cursor" => after = Some(Place::from_cursor(value)?),
                _ => return Err(unusable(name, value, "there is no such parameter")),
            }
        }
        filter.statuses = Statuses::collect(&statuses);
        let limit = bounded(limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        match &after {
            None if sort == SortKey::LastActive => filter.limit = Some(limit + 1),
            Some(Place::LastActive(Reverse(at), _)) if sort == SortKey::LastActive => {
                filter.until = Some(filter.until.map_or(*at, |until| until.min(*at)));
            }
            Some(place) if place.sort() != sort => {
                return Err(unusable("cursor", "…", "it is of a listing in another order"));
            }
            _ => {}
        }
        Ok(Self { filter, sort, limit, after })
    }
}

fn sort_of(value: &str) -> Result<SortKey, Fault> {
    match value {
        "last_active" => Ok(SortKey::LastActive),
        "created" => Ok(SortKey::Created),
        "name" => Ok(SortKey::Name),
        "messages" => Ok(SortKey::Messages),
        _ => Err(unusable("sort", value, "it is last_active, created, name or messages")),
    }
}

impl Place {
    fn of(sort: SortKey, listed: Listed) -> Result<Self, Fault> {
        if sort == SortKey::LastActive {
            return Ok(Self::LastActive(Reverse(listed.last_active()), listed.id().clone()));
        }
        let state = listed.into_state()?;
        Ok(match sort {
            SortKey::Created => Self::Created(Reverse(state.created), state.id),
            SortKey::Messages => Self::Messages(Reverse(state.message_count), state.id),
            SortKey::Name | SortKey::LastActive => {
                let name = state.name.map(|name| name.as_str().to_owned());
                Self::Name(name.is_none(), name.unwrap_or_default(), state.id)
            }
        })
    }

    fn sort(&self) -> SortKey {
        match self {
            Self::LastActive(..) => SortKey::LastActive,
            Self::Created(..) => SortKey::Created,
            Self::Name(..) => SortKey::Name,
            Self::Messages(..) => SortKey::Messages,
        }
    }

    fn to_cursor(&self) -> Result<String, Fault> {
        Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).map_err(no_json)?))
    }

    fn from_cursor(cursor: &str) -> Result<Self, Fault> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap_or_default();
        serde_json::from_slice(&bytes)
            .map_err(|_| unusable("cursor", cursor, "it is none that a page has ended with"))
    }
}

fn no_json(error: serde_json::Error) -> Fault {
    SessionError::from(crate::repository::RepositoryError::Interrupted { why: error.to_string() })
        .into()
}
