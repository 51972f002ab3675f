//! Which sessions a listing is to hold, and in what order.

use super::{SessionId, SessionMetadata, SessionStatus, Tag, Timestamp, UnknownStatus};

/// Stands for every status where statuses are asked for.
const EVERY_STATUS: &str = "all";

/// What a listing orders by. Ties are broken by id, so that an order is always total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortKey {
    /// Newest activity first.
    #[default]
    LastActive,
    /// Newest session first.
    Created,
    /// By name, then by id; unnamed ones last.
    Name,
    /// Most messages first.
    Messages,
}

/// What one word stands for where statuses are asked for.
#[derive(Debug, Clone, Copy)]
pub enum Statuses {
    /// Every status there is.
    All,
    /// One of them.
    One(SessionStatus),
}

impl Statuses {
    /// Reads a status, or `all`.
    ///
    /// # Errors
    ///
    /// The text is neither.
    pub fn parse(text: &str) -> Result<Self, UnknownStatus> {
        if text == EVERY_STATUS { Ok(Self::All) } else { text.parse().map(Self::One) }
    }

    /// The statuses that a listing is to hold: active sessions, where none is asked for.
    #[must_use]
    pub fn collect(asked: &[Self]) -> Vec<SessionStatus> {
        let mut statuses = Vec::new();
        for asked in asked {
            match asked {
                Self::All => statuses.extend(SessionStatus::ALL),
                Self::One(status) => statuses.push(*status),
            }
        }
        if statuses.is_empty() { vec![SessionStatus::Active] } else { statuses }
    }
}

/// Which sessions to list. The default holds every session that is not deleted.
#[derive(Debug, Clone, Default)]
pub struct SessionFilter {
    /// Only these statuses; empty means every one but deleted.
    pub statuses: Vec<SessionStatus>,
    /// Only sessions whose id begins like this.
    pub id_prefix: Option<String>,
    /// Only sessions of exactly this name.
    pub name: Option<String>,
    /// Only sessions whose name, first message or tags contain this text, whatever its case.
    pub search: Option<String>,
    /// Only sessions with all of these tags.
    pub tags: Vec<Tag>,
    /// Only sessions that work in this directory.
    pub cwd: Option<String>,
    /// Only sessions active at this moment or later.
    pub since: Option<Timestamp>,
    /// Only sessions last active at this moment or earlier.
    pub until: Option<Timestamp>,
    /// The order.
    pub sort: SortKey,
    /// At most this many.
    pub limit: Option<usize>,
}

impl SessionFilter {
    /// Every session, deleted ones too.
    #[must_use]
    pub fn everything() -> Self {
        Self { statuses: SessionStatus::ALL.to_vec(), ..Self::default() }
    }

    /// Every session of one status.
    #[must_use]
    pub fn with_status(status: SessionStatus) -> Self {
        Self { statuses: vec![status], ..Self::default() }
    }

    /// Whether a session is to be listed.
    #[must_use]
    pub fn admits(&self, session: &SessionMetadata) -> bool {
        let name = session.name.as_ref().map(|name| name.as_str());
        self.admits_at_a_glance(&session.id, session.status, session.last_active)
            && self.name.as_deref().is_none_or(|wanted| name == Some(wanted))
            && self.tags.iter().all(|tag| session.tags.contains(tag))
            && self.cwd.as_ref().is_none_or(|cwd| session.cwd.as_ref() == Some(cwd))
            && self.search.as_ref().is_none_or(|text| mentions(session, &text.to_lowercase()))
    }

    /// Whether nothing that can be said without the whole state speaks against a session.
    #[must_use]
    pub fn admits_at_a_glance(
        &self,
        id: &SessionId,
        status: SessionStatus,
        last_active: Timestamp,
    ) -> bool {
        let status_admitted = match self.statuses.as_slice() {
            [] => status != SessionStatus::Deleted,
            wanted => wanted.contains(&status),
        };
        status_admitted
            && self.since.is_none_or(|since| last_active >= since)
            && self.until.is_none_or(|until| last_active <= until)
            && self.id_prefix.as_ref().is_none_or(|prefix| id.as_str().starts_with(prefix))
    }

    /// Whether [`admits_at_a_glance`](Self::admits_at_a_glance) says all that there is to say.
    #[must_use]
    pub fn is_content_with_a_glance(&self) -> bool {
        let Self { name, tags, cwd, search, .. } = self;
        name.is_none() && tags.is_empty() && cwd.is_none() && search.is_none()
    }

    /// Puts admitted sessions in order and cuts the list to the limit.
    pub fn arrange(&self, sessions: &mut Vec<SessionMetadata>) {
        sessions.sort_by(|a, b| {
            let by_key = match self.sort {
                SortKey::LastActive => b.last_active.cmp(&a.last_active),
                SortKey::Created => b.created.cmp(&a.created),
                SortKey::Name => match (&a.name, &b.name) {
                    (Some(a), Some(b)) => a.as_str().cmp(b.as_str()),
                    (a, b) => b.is_some().cmp(&a.is_some()),
                },
                SortKey::Messages => b.message_count.cmp(&a.message_count),
            };
            by_key.then_with(|| a.id.cmp(&b.id))
        });
        if let Some(limit) = self.limit {
            sessions.truncate(limit);
        }
    }
}

fn mentions(session: &SessionMetadata, lowercase: &str) -> bool {
    let contains = |text: &str| text.to_lowercase().contains(lowercase);
    session.name.as_ref().is_some_and(|name| contains(name.as_str()))
        || session.first_message.as_deref().is_some_and(contains)
        || session.tags.iter().any(|tag| contains(tag.as_str()))
}
