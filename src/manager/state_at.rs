//! States of the past.

use std::fmt;

use tracing::instrument;

use super::{Operation, SessionError, SessionManager};
use crate::repository::{Read, SessionRepository};
use crate::vocabulary::{
    NotATime, Projection, Record, SessionId, SessionMetadata, Timestamp, parse_moment, replay,
};

/// A point in a session's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Right after this record.
    Seq(u64),
    /// At this time: after the last record that had been appended by then. What an import brought
    /// counts from the import on, whenever it had happened.
    Time(Timestamp),
}

impl Moment {
    /// The moment that a text stands for, seen from `now`: only digits are a sequence number.
    ///
    /// # Errors
    ///
    /// The text is no time either.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, NotATime> {
        match text.parse() {
            Ok(seq) => Ok(Self::Seq(seq)),
            Err(_) => parse_moment(text, now).map(Self::Time),
        }
    }

    fn is_before(self, record: &Record) -> bool {
        match self {
            Self::Seq(seq) => record.seq > seq,
            Self::Time(time) => record.at > time,
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seq(seq) => write!(formatter, "seq {seq}"),
            Self::Time(time) => time.fmt(formatter),
        }
    }
}

impl<R: SessionRepository> SessionManager<R> {
    /// The session's state as it was at a moment, replayed from its history.
    ///
    /// # Errors
    ///
    /// There is no such session, the moment is before its first record or names a record beyond
    /// its last, or the store cannot be read.
    #[instrument(skip_all, fields(session_id = %session, %moment))]
    pub async fn state_at(
        &self,
        session: &SessionId,
        moment: Moment,
    ) -> Result<SessionMetadata, SessionError> {
        self.observe(Operation::StateAt, Some(session), self.replayed(session, moment)).await
    }

    async fn replayed(
        &self,
        session: &SessionId,
        moment: Moment,
    ) -> Result<SessionMetadata, SessionError> {
        let mut records = self.repository.records(session, 1).await?;
        let mut state: Option<Projection> = None;
        let mut is_reached = matches!(moment, Moment::Time(_));
        while let Some(read) = records.next().await {
            match read? {
                Read::Record(record) if moment.is_before(&record) => {
                    is_reached = true;
                    break;
                }
                Read::Record(record) => {
                    is_reached |= moment == Moment::Seq(record.seq);
                    let blank = || Projection::blank(session.clone(), record.at);
                    state = Some(replay(state.unwrap_or_else(blank), &record));
                }
                Read::Damage(finding) => self.met(&[finding]),
            }
        }
        match state {
            Some(state) if is_reached => Ok(state.metadata),
            _ => {
                let last = self.repository.load(session).await?.state.seq;
                Err(SessionError::NoSuchMoment { session: session.clone(), moment, last })
            }
        }
    }
}
