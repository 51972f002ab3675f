//! Following a store: which histories have grown, whoever made them grow.

use std::collections::HashMap;

use super::{Met, RepositoryError, Sessions};
use crate::journal::catalog::Position;
use crate::vocabulary::SessionId;

/// A history that has grown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// The session.
    pub session: SessionId,
    /// Up to where it was told before; 0 for a session that nothing was told of.
    pub after_seq: u64,
    /// Up to where it is told now.
    pub seq: u64,
}

/// How far somebody has followed a repository. It takes some hundred bytes a session, so that what
/// happens next costs as much as happened, and not as much as there is.
#[derive(Debug, Default)]
pub struct Following {
    /// Up to where each session was told; `None` before the beginning.
    told: Option<HashMap<SessionId, u64>>,
    /// Where the catalog was heard up to.
    pub(super) position: Position,
}

/// What is to be told of several sessions.
#[derive(Debug)]
pub(super) struct Growths<'a> {
    told: &'a mut HashMap<SessionId, u64>,
    is_beginning: bool,
    grown: Vec<Growth>,
}

impl Following {
    /// Takes note of what there is, with the position of the catalog.
    pub(super) fn note(&mut self) -> (&mut Position, Growths<'_>) {
        let is_beginning = self.told.is_none();
        let told = self.told.get_or_insert_default();
        (&mut self.position, Growths { told, is_beginning, grown: Vec::new() })
    }

    /// Compares all sessions with what was told of them.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    pub(super) async fn compare(
        &mut self,
        mut sessions: Sessions,
    ) -> Result<Vec<Growth>, RepositoryError> {
        let mut all = Vec::new();
        while let Some(met) = sessions.next().await {
            if let Met::Session(listed) = met? {
                let state = listed.into_state()?;
                all.push((state.id, state.seq));
            }
        }
        let (_, mut growths) = self.note();
        growths.retain(all.iter().map(|(session, _)| session));
        for (session, seq) in all {
            growths.take(session, seq, Soundness::Unknown);
        }
        Ok(growths.finish())
    }
}

/// Whether a history is known to be whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Soundness {
    Sound,
    Unknown,
}

impl Growths<'_> {
    /// Takes note of where a session stands.
    pub(super) fn take(&mut self, session: SessionId, seq: u64, soundness: Soundness) {
        let before = self.told.insert(session.clone(), seq);
        if self.is_beginning {
            return;
        }
        let after_seq = match before {
            None => 0,
            Some(before) if before <= seq => before,
            // What was told last is gone, and something else is in its place: a recovery, or a
            // session made anew. Where it may just be damaged, nothing new has happened.
            Some(_) if soundness == Soundness::Sound => seq.saturating_sub(1),
            Some(_) => seq,
        };
        if after_seq < seq {
            self.grown.push(Growth { session, after_seq, seq });
        }
    }

    /// Forgets a session that is no longer there.
    pub(super) fn forget(&mut self, session: &SessionId) {
        self.told.remove(session);
    }

    /// Forgets all sessions but these.
    pub(super) fn retain<'s>(&mut self, there: impl Iterator<Item = &'s SessionId>) {
        let there: std::collections::HashSet<_> = there.collect();
        self.told.retain(|session, _| there.contains(session));
    }

    /// What is to be told.
    pub(super) fn finish(self) -> Vec<Growth> {
        self.grown
    }
}
