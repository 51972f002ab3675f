//! A filter held against rows, whose states are read only where there is no other way to tell.

use memchr::memmem::Finder;

use crate::format::catalog::Row;
use crate::journal::catalog::Unusable;
use crate::vocabulary::{SessionFilter, SessionMetadata};

const NO_STATE: Unusable = Unusable::Spoilt("a row holds no state");

/// A filter that is about to be held against many rows.
pub(super) struct Admission<'f> {
    filter: &'f SessionFilter,
    /// How the state of a session of the wanted name says so.
    name: Option<Finder<'static>>,
}

impl<'f> Admission<'f> {
    pub(super) fn of(filter: &'f SessionFilter) -> Self {
        let name = filter.name.as_ref().and_then(|name| serde_json::to_string(name).ok());
        let name = name.map(|name| Finder::new(&format!(r#""name":{name},"#)).into_owned());
        Self { filter, name }
    }

    /// Whether a row, and all that come after it, are older than is asked for.
    pub(super) fn is_past(&self, row: &Row) -> bool {
        self.filter.since.is_some_and(|since| row.last_active < since)
    }

    /// Whether the session of a row is admitted.
    pub(super) fn admits(&self, row: &Row) -> Result<bool, Unusable> {
        if !self.may_admit(row) {
            return Ok(false);
        }
        if self.filter.is_content_with_a_glance() {
            return Ok(true);
        }
        Ok(self.filter.admits(row.state().ok_or(NO_STATE)?))
    }

    /// The state of the row, if its session is admitted.
    pub(super) fn state_of<'r>(
        &self,
        row: &'r Row,
    ) -> Result<Option<&'r SessionMetadata>, Unusable> {
        if !self.may_admit(row) {
            return Ok(None);
        }
        let state = row.state().ok_or(NO_STATE)?;
        Ok(Some(state).filter(|state| self.filter.admits(state)))
    }

    fn may_admit(&self, row: &Row) -> bool {
        let named = |name: &Finder<'_>| name.find(row.json().as_bytes()).is_some();
        self.filter.admits_at_a_glance(&row.id, row.status, row.last_active)
            && self.name.as_ref().is_none_or(named)
    }
}
