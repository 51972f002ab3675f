//! A listing as a stream: each session as its row is read.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::iter::Peekable;
use std::ops::ControlFlow;
use std::vec::IntoIter;

use super::Inner;
use super::admission::Admission;
use super::listing::Told;
use super::store::storage;
use crate::format::catalog::Row;
use crate::journal::catalog::{Folding, Reading, Unusable, View};
use crate::repository::{Listed, Listing, Met, RepositoryError, SessionsSender};
use crate::vocabulary::{SessionFilter, SessionId, SessionMetadata, SortKey};

impl Inner {
    /// Feeds the sessions that a filter admits into a stream, until nobody listens.
    pub(super) fn feed_sessions(&self, filter: &SessionFilter, mut sender: SessionsSender) {
        let fed = self.try_feed(filter, &mut sender);
        sender.finish(fed);
    }

    fn try_feed(
        &self,
        filter: &SessionFilter,
        sender: &mut SessionsSender,
    ) -> Result<(), RepositoryError> {
        // Of another order the last one may come first.
        let is_collected = filter.sort != SortKey::LastActive;
        if is_collected || !self.settings.catalog || !self.store.exists()? {
            let _nobody_listens = send_all(sender, self.list(filter)?);
            return Ok(());
        }
        // A view of its own: whoever lists meanwhile is not to wait for who reads this.
        let mut own = None;
        let Some(told) = self.by_catalog(&mut own, |view| Ok(Told::of(view))) else {
            let _nobody_listens = send_all(sender, self.list_by_opening(filter)?);
            return Ok(());
        };
        let Some(mut view) = own else { return Ok(()) };
        let pending: HashSet<SessionId> = told.pending.iter().cloned().collect();
        let (opened, wrong) = self.opened(told, filter);
        let mut shown = Shown {
            admission: Admission::of(filter),
            sender,
            left: filter.limit.unwrap_or(usize::MAX),
            rows: 0,
            opened: opened.into_iter().peekable(),
        };
        let outcome = shown.all_of(&mut view);
        let _nobody_listens = shown.rest();
        match outcome {
            Ok(()) => {
                let _nobody_listens = send_all(shown.sender, wrong);
                Ok(())
            }
            Err(Unusable::Disk(error)) => Err(storage(error)),
            Err(_) => {
                // What was shown has been read, and can be read again to know what it was.
                let seen = seen(&mut view, shown.rows, pending);
                let rest =
                    SessionFilter { limit: filter.limit.and(Some(shown.left)), ..filter.clone() };
                self.feed_others(&rest, &seen, wrong, shown.sender)
            }
        }
    }

    /// Goes on with the sessions that have not been seen, by opening them.
    fn feed_others(
        &self,
        filter: &SessionFilter,
        seen: &HashSet<SessionId>,
        wrong: Listing,
        sender: &mut SessionsSender,
    ) -> Result<(), RepositoryError> {
        self.fold(Folding::Journals);
        let mut others = self.list_opening(filter, |session| !seen.contains(session))?;
        others.findings.extend(wrong.findings);
        for one in wrong.unreadable {
            if !others.unreadable.contains(&one) {
                others.unreadable.push(one);
            }
        }
        let _nobody_listens = send_all(sender, others);
        Ok(())
    }
}

/// What has been shown of a view.
struct Shown<'a> {
    admission: Admission<'a>,
    sender: &'a mut SessionsSender,
    /// How many sessions may still be shown.
    left: usize,
    /// How many rows of the view were visited.
    rows: u64,
    /// Sessions that had to be opened, in order.
    opened: Peekable<IntoIter<SessionMetadata>>,
}

impl Shown<'_> {
    /// Shows every row, and the opened sessions in between.
    fn all_of(&mut self, view: &mut View) -> Result<(), Unusable> {
        let mut wrong = None;
        view.visit(Reading::Allowed, |row| match self.one(row) {
            Ok(flow) => flow,
            Err(unusable) => {
                wrong = Some(unusable);
                ControlFlow::Break(())
            }
        })?;
        wrong.map_or(Ok(()), Err)
    }

    fn one(&mut self, row: &Row) -> Result<ControlFlow<()>, Unusable> {
        if self.left == 0 || self.admission.is_past(row) {
            return Ok(ControlFlow::Break(()));
        }
        let is_admitted = self.admission.admits(row)?;
        self.rows += 1;
        let is_before = |state: &SessionMetadata| {
            (Reverse(state.last_active), &state.id) < (Reverse(row.last_active), &row.id)
        };
        while let Some(state) = self.opened.next_if(is_before) {
            if self.show(state.into()).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        if !is_admitted {
            return Ok(ControlFlow::Continue(()));
        }
        Ok(self.show(row.clone().into()))
    }

    fn show(&mut self, listed: Listed) -> ControlFlow<()> {
        if self.left == 0 {
            return ControlFlow::Break(());
        }
        self.left -= 1;
        self.sender.send(Met::Session(listed))?;
        if self.left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Shows the opened sessions that come last.
    fn rest(&mut self) -> ControlFlow<()> {
        while let Some(state) = self.opened.next() {
            self.show(state.into())?;
        }
        ControlFlow::Continue(())
    }
}

/// The sessions of the first rows of a view, besides those that had no row.
fn seen(view: &mut View, rows: u64, mut seen: HashSet<SessionId>) -> HashSet<SessionId> {
    let mut left = rows;
    // Where this ends early, some session is shown twice rather than not at all.
    let _as_far_as_it_goes = view.visit(Reading::Allowed, |row| {
        if left == 0 {
            return ControlFlow::Break(());
        }
        left -= 1;
        seen.insert(row.id.clone());
        ControlFlow::Continue(())
    });
    seen
}

fn send_all(sender: &mut SessionsSender, listing: Listing) -> ControlFlow<()> {
    let Listing { sessions, findings, unreadable } = listing;
    for state in sessions {
        sender.send(Met::Session(state.into()))?;
    }
    for finding in findings {
        sender.send(Met::Damage(finding))?;
    }
    for one in unreadable {
        sender.send(Met::Unreadable(one))?;
    }
    ControlFlow::Continue(())
}
