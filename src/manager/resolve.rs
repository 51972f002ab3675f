//! Sessions by what people call them.

use tracing::{debug, field, instrument};

use super::{Operation, SessionError, SessionManager};
use crate::repository::{Met, SessionRepository};
use crate::vocabulary::{SessionFilter, SessionId, SessionMetadata, SessionStatus};

/// The selector for the session that was active last.
const LAST: &str = "@last";

/// Fewest characters of an id that stand for it: fewer would soon mean another session.
const PREFIX_CHARS_MIN: usize = 4;

/// Most candidates that an ambiguous selector lists.
const CANDIDATES_MAX: usize = 20;

impl<R: SessionRepository> SessionManager<R> {
    /// The session that somebody means: by its full id, by its exact name, by the beginning of
    /// its id (4 characters or more), or `@last` for the one that was active last and is not
    /// deleted. The first of these rules that fits any session decides; a name is looked for
    /// among deleted sessions only when no other session has it.
    ///
    /// # Errors
    ///
    /// No session fits, or several do, or the selector is too short to be a beginning; and those
    /// of the store.
    #[instrument(skip_all, fields(selector, session_id = field::Empty))]
    pub async fn resolve(&self, selector: &str) -> Result<SessionId, SessionError> {
        let session = self.observe(Operation::Resolve, None, self.meant(selector)).await?;
        tracing::Span::current().record("session_id", field::display(&session));
        Ok(session)
    }

    async fn meant(&self, selector: &str) -> Result<SessionId, SessionError> {
        if selector == LAST {
            return self.last_active().await;
        }
        if let Ok(session) = selector.parse::<SessionId>()
            && self.is_there(&session).await?
        {
            debug!("by its id");
            return Ok(session);
        }
        if let Some(named) = one_of(selector, self.named(selector).await?)? {
            debug!("by its name");
            return Ok(named);
        }
        if selector.chars().count() < PREFIX_CHARS_MIN {
            return Err(SessionError::SelectorTooShort { selector: selector.to_owned() });
        }
        let ids = self.beginning_with(selector).await?;
        debug!(candidates = ids.len(), "by the beginning of its id");
        one_of(selector, ids)?.ok_or_else(|| no_match(selector))
    }

    async fn last_active(&self) -> Result<SessionId, SessionError> {
        let newest = SessionFilter { limit: Some(1), ..SessionFilter::default() };
        let sessions = self.repository.list(&newest).await?.sessions;
        sessions.into_iter().next().map(|session| session.id).ok_or_else(|| no_match(LAST))
    }

    /// The sessions whose ids begin like this, sorted. One whose folder is there and whose journal
    /// is not is meant only if nothing else can be: it can be verified and recovered.
    async fn beginning_with(&self, prefix: &str) -> Result<Vec<SessionId>, SessionError> {
        let begins = |id: &SessionId| id.as_str().starts_with(prefix);
        let filter =
            SessionFilter { id_prefix: Some(prefix.to_owned()), ..SessionFilter::everything() };
        let mut sessions = self.repository.sessions(&filter).await?;
        let mut ids = Vec::new();
        while let Some(met) = sessions.next().await {
            match met? {
                Met::Session(listed) => ids.push(listed.id().clone()),
                Met::Unreadable(one) => ids.extend(one.session.parse().ok().filter(begins)),
                Met::Damage(_) => {}
            }
        }
        if ids.is_empty() {
            ids = self.repository.ids().await?;
            ids.retain(begins);
        }
        ids.sort();
        Ok(ids)
    }

    /// The sessions of exactly this name, sorted by id.
    async fn named(&self, name: &str) -> Result<Vec<SessionId>, SessionError> {
        let named = SessionFilter { name: Some(name.to_owned()), ..SessionFilter::everything() };
        let mut sessions = self.repository.list(&named).await?.sessions;
        let is_deleted = |session: &SessionMetadata| session.status == SessionStatus::Deleted;
        if !sessions.iter().all(is_deleted) {
            sessions.retain(|session| !is_deleted(session));
        }
        let mut ids: Vec<_> = sessions.into_iter().map(|session| session.id).collect();
        ids.sort();
        Ok(ids)
    }
}

/// The only candidate, if there is one.
fn one_of(
    selector: &str,
    mut candidates: Vec<SessionId>,
) -> Result<Option<SessionId>, SessionError> {
    if candidates.len() > 1 {
        candidates.truncate(CANDIDATES_MAX);
        return Err(SessionError::Ambiguous { selector: selector.to_owned(), candidates });
    }
    Ok(candidates.pop())
}

fn no_match(selector: &str) -> SessionError {
    SessionError::NoMatch { selector: selector.to_owned() }
}
