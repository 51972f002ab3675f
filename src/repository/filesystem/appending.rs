//! Appending: everybody waits for their own answer, and one of those who wait does the work.

use std::sync::Arc;

use super::error::of_journal;
use super::queue::{Lead, Leading, Turn, Waiter};
use super::slot::Slot;
use super::{FileSystemRepository, Hop};
use crate::journal::{AppendResult, JournalError};
use crate::repository::RepositoryError;
use crate::vocabulary::{Append, Appended, Command, ExpectedSeq, SessionId};

impl FileSystemRepository {
    /// Puts an append into its session's queue, and waits for what comes of it.
    pub(super) async fn append_in_turn(
        &self,
        session: &SessionId,
        append: Append,
    ) -> Result<Appended, RepositoryError> {
        if begins_a_session(&append) && !self.inner.store.is_ensured() {
            self.blocking(|inner| inner.store.ensure()).await?;
        }
        let expected = append.expected;
        let slot = self.inner.slot(session);
        let (waiter, leading) = slot.enqueue(append);
        let result = self.answered(&slot, waiter, leading).await?;
        result.map_err(|error| match (&*error, expected) {
            // Whoever expects a seq is told that there is none.
            (JournalError::Missing { .. }, ExpectedSeq::Exactly(_)) => {
                RepositoryError::Conflict { session: session.clone(), expected, actual: None }
            }
            _ => of_journal(session, &error),
        })
    }

    /// Waits for the answer to an append, and leads the session's queue where it has to.
    async fn answered(
        &self,
        slot: &Arc<Slot>,
        mut waiter: Waiter,
        leading: Option<Leading>,
    ) -> Result<AppendResult, RepositoryError> {
        let mut leading = leading;
        loop {
            if let Some(leading) = leading.take() {
                self.lead(slot, leading);
            }
            match waiter.turn().await {
                Turn::Answered(result) => return Ok(result),
                Turn::Lead(given) => leading = Some(given),
                Turn::Left => {
                    let why = "the thread that was appending has stopped".to_owned();
                    return Err(RepositoryError::Interrupted { why });
                }
            }
        }
    }

    fn lead(&self, slot: &Arc<Slot>, leading: Leading) {
        if self.hop == Hop::None {
            slot.lead(leading, &self.inner.store, &self.inner.settings, Lead::OneGroup);
            return self.inner.fold_if_due();
        }
        let (inner, slot) = (Arc::clone(&self.inner), Arc::clone(slot));
        let span = tracing::Span::current();
        // Not awaited: the lead outlives whoever asked first, and each waits for its answer.
        tokio::task::spawn_blocking(move || {
            span.in_scope(|| {
                slot.lead(leading, &inner.store, &inner.settings, Lead::UntilEmpty);
                inner.fold_if_due();
            });
        });
    }
}

/// Whether an append can be the first of its session, and so needs a store to put it in.
pub(super) fn begins_a_session(append: &Append) -> bool {
    let first = append.entries.first().map(|entry| &entry.command);
    matches!(first, Some(Command::Create(_) | Command::Fork(_)))
}
