//! Following the catalog: what was told since the last time, at the cost of what was told.
//!
//! A feed is heard from where it was heard last. When the catalog was folded in between, what was
//! told is in the rows by now: those of the run are read again, and those of the base where that is
//! another one, which costs no more than the folding did.

use std::collections::HashMap;
use std::ops::ControlFlow;

use serde::Deserialize;

use super::layers::Reading;
use super::looking::is_past;
use super::settling::stamp_of;
use super::unfolded::Change;
use super::view::{Unusable, View};
use crate::disk::Disk;
use crate::format::catalog::{Row, Stamp};
use crate::format::layout::CatalogPaths;
use crate::vocabulary::SessionId;

/// Up to where somebody has heard the catalog.
#[derive(Debug, Default)]
pub struct Position {
    view: Option<View>,
    /// How much of the view was heard.
    heard: u64,
    /// The base whose rows were read.
    base: Option<String>,
    /// What the journals of pending sessions looked like when they were read, where any later
    /// change makes them look different.
    looked: HashMap<SessionId, Option<Stamp>>,
}

/// What was heard of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Its history reaches up to this sequence number.
    Seq(SessionId, u64),
    /// Its journal has to be looked at.
    Look(SessionId),
    /// It is no longer there.
    Gone(SessionId),
    /// Every session that is there is heard of in the same answer.
    All,
}

impl Heard {
    /// The session that is there.
    #[must_use]
    pub fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Seq(session, _) | Self::Look(session) => Some(session),
            Self::Gone(_) | Self::All => None,
        }
    }
}

/// The part of a state that is looked at.
#[derive(Deserialize)]
struct Reached {
    seq: u64,
}

impl Position {
    /// What was told since the last time, and which journals have changed meanwhile without a word:
    /// those of sessions whose writers told that they are at work.
    ///
    /// # Errors
    ///
    /// The catalog cannot be read as it is; the next call begins with all that there is.
    pub fn hear(&mut self, disk: &dyn Disk, paths: &CatalogPaths) -> Result<Vec<Heard>, Unusable> {
        let mut heard = Vec::new();
        let view = match self.view.take() {
            Some(mut view) => match view.hear(disk, paths) {
                Ok(()) => view,
                Err(Unusable::Moved) => self.opened(disk, paths, &mut heard)?,
                Err(unusable) => return Err(unusable),
            },
            None => self.opened(disk, paths, &mut heard)?,
        };
        for (session, change) in view.changes_since(self.heard) {
            match change {
                Change::Row(row) => heard.push(reached(row)?),
                Change::Gone => heard.push(Heard::Gone(session.clone())),
                Change::Pending => {}
            }
        }
        self.heard = view.heard();
        let pending = view.pending();
        self.looked.retain(|session, _| pending.binary_search(session).is_ok());
        for session in pending {
            if self.has_changed(disk, paths, &session) {
                heard.push(Heard::Look(session));
            }
        }
        self.view = Some(view);
        Ok(heard)
    }

    /// Opens the catalog, and reads the rows that may be others than before.
    fn opened(
        &mut self,
        disk: &dyn Disk,
        paths: &CatalogPaths,
        heard: &mut Vec<Heard>,
    ) -> Result<View, Unusable> {
        let known_base = self.base.take();
        let mut view = View::open(disk, paths)?;
        let base = view.base().map(str::to_owned);
        let is_same_base = base.is_some() && base == known_base;
        let mut wrong = None;
        let read = |row: &Row| match reached(row) {
            Ok(one) => {
                heard.push(one);
                ControlFlow::Continue(())
            }
            Err(unusable) => {
                wrong = Some(unusable);
                ControlFlow::Break(())
            }
        };
        // Of what the feeds tell, the caller hears by itself.
        let (visited, first_heard) = if is_same_base {
            (view.visit_run(read), 0)
        } else {
            (view.visit(Reading::Allowed, read), view.heard())
        };
        visited?;
        if let Some(unusable) = wrong {
            return Err(unusable);
        }
        if !is_same_base {
            self.looked.clear();
            heard.push(Heard::All);
        }
        (self.base, self.heard) = (base, first_heard);
        Ok(view)
    }

    /// Whether a journal looks different from when it was read last, which it is to be after this.
    fn has_changed(&mut self, disk: &dyn Disk, paths: &CatalogPaths, session: &SessionId) -> bool {
        let now_ns = disk.now_ns();
        let stamp = stamp_of(disk, paths, session);
        // A change in the same tick of the clock would look the same.
        let stamp = stamp.filter(|stamp| is_past(stamp.changed_ns, now_ns));
        let before = self.looked.insert(session.clone(), stamp);
        stamp.is_none() || before != Some(stamp)
    }
}

fn reached(row: &Row) -> Result<Heard, Unusable> {
    let reached: Reached =
        serde_json::from_str(row.json()).map_err(|_| Unusable::Spoilt("a row holds no state"))?;
    Ok(Heard::Seq(row.id.clone(), reached.seq))
}
