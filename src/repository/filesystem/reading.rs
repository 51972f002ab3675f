//! What is read of one session in a blocking hop.

use std::sync::Arc;
use std::time::Duration;

use super::error::of_journal;
use super::store::Store;
use super::{Inner, loaded};
use crate::disk::{FileIdentity, FileLock};
use crate::format::Seed;
use crate::format::layout::SessionPaths;
use crate::journal::{
    Journal, JournalError, Position, Scope, Step, Tail, seed_of, verify as verify_journal,
};
use crate::repository::{Depth, Loaded, Read, RecordsSender, RepositoryError};
use crate::vocabulary::{Finding, FindingClass, SessionId, Verification};

impl Inner {
    /// Loads without keeping the session open. Of one that is kept open anyway, only what is new is
    /// read.
    pub(super) fn load_once(&self, session: &SessionId) -> Result<Loaded, RepositoryError> {
        let kept = self.known_slot(session);
        let kept = kept.and_then(|slot| slot.read_again(&self.settings, loaded));
        let open = || {
            if let Some(kept) = kept {
                return kept;
            }
            let paths = self.store.paths(session)?;
            let mut journal = Journal::open(&self.store.disk, paths, session.clone())?;
            journal.settle(self.settings.lock_timeout)?;
            Ok(loaded(&journal))
        };
        open().map_err(|error: JournalError| of_journal(session, &Arc::new(error)))
    }
}

/// Records that are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    from_seq: u64,
    /// Where the search for the first of them may begin, and in which file.
    known: (FileIdentity, Position),
}

impl Wanted {
    /// The records from one on, of a journal that was just looked at.
    pub(super) fn of(journal: &Journal, from_seq: u64) -> Self {
        Self { from_seq, known: (journal.identity(), journal.position_before(from_seq)) }
    }

    /// Where the search begins in a journal that was opened since.
    fn position_in(&self, journal: &Journal) -> Position {
        let own = journal.position_before(self.from_seq);
        let (identity, known) = self.known;
        if identity == journal.identity() && known.seq > own.seq { known } else { own }
    }
}

/// Feeds the records that are wanted into a stream, until it ends or nobody listens.
pub(super) fn feed_records(
    store: &Store,
    session: &SessionId,
    wanted: Wanted,
    lock_timeout: Duration,
    mut sender: RecordsSender,
) {
    let fed = try_feed(store, session, wanted, lock_timeout, &mut sender);
    sender.finish(fed.map_err(|error| of_journal(session, &Arc::new(error))));
}

fn try_feed(
    store: &Store,
    session: &SessionId,
    wanted: Wanted,
    lock_timeout: Duration,
    sender: &mut RecordsSender,
) -> Result<(), JournalError> {
    let open = || Journal::open_unread(&store.disk, store.paths(session)?, session.clone());
    let mut journal = open()?;
    let (mut from_seq, mut from) = (wanted.from_seq, wanted.position_in(&journal));
    let (next, finding) = loop {
        match feed_from(&journal, from, from_seq, sender)? {
            Fed::ToTheEnd { next, finding } => break (next, finding),
            Fed::Replaced { seq } => {
                journal = open()?;
                (from_seq, from) = (seq, journal.position_before(seq));
            }
        }
    };
    if finding.is_none() {
        return Ok(());
    }
    // A writer may be in the middle of it: wait for it before calling it damage.
    if sender.hand_over().is_break() {
        return Ok(());
    }
    let lock = FileLock::open(&*store.disk, &store.paths(session)?.lock()).ok();
    let _guard = lock.as_ref().and_then(|lock| lock.shared(lock_timeout).ok());
    if let Fed::ToTheEnd { finding: Some(finding), .. } =
        feed_from(&journal, next, from_seq, sender)?
    {
        // It is the last that there is to hear.
        let _ = sender.send(Read::Damage(finding));
    }
    Ok(())
}

/// How far a stream was fed.
enum Fed {
    /// To the end of the journal, with what is wrong with it.
    ToTheEnd { next: Position, finding: Option<Finding> },
    /// Up to this record, where segments were gone: a compaction has put others in their place.
    Replaced { seq: u64 },
}

/// Feeds the records from `from_seq` on that there are behind a position.
fn feed_from(
    journal: &Journal,
    from: Position,
    from_seq: u64,
    sender: &mut RecordsSender,
) -> Result<Fed, JournalError> {
    let mut reader = journal.reader_from(from);
    let mut next_seq = from.seq;
    loop {
        let (damage, record) = match reader.next_step()? {
            Step::Record { before: Some(_), .. } if journal.is_replaced()? => {
                return Ok(Fed::Replaced { seq: next_seq.max(from_seq) });
            }
            Step::Record { found, before } => {
                next_seq = found.view.seq + 1;
                let wanted = found.view.seq >= from_seq.max(1);
                let record = wanted.then(|| found.view.to_record()).transpose()?;
                (before, record)
            }
            Step::Misplaced { wrong, .. } => (Some(wrong), None),
            Step::End(end) => {
                let next = Position { seq: next_seq, offset: end.offset };
                return Ok(Fed::ToTheEnd { next, finding: objection(end.tail) });
            }
        };
        let damage = damage.map(|wrong| Read::Damage(wrong.finding));
        let record = record.map(|record| Read::Record(Box::new(record)));
        for read in [damage, record].into_iter().flatten() {
            if sender.send(read).is_break() {
                return Ok(Fed::ToTheEnd { next: from, finding: None });
            }
        }
    }
}

fn objection(tail: Tail) -> Option<Finding> {
    match tail {
        Tail::Clean => None,
        Tail::Torn { finding, .. } => Some(finding),
        Tail::Ambiguous(wrong) => Some(wrong.finding),
    }
}

/// Verifies a session. What is found while nobody is kept out may be a writer's work in progress,
/// so it is believed only if it is still there while writers wait.
pub(super) fn verify(
    store: &Store,
    session: &SessionId,
    depth: &Depth,
    lock_timeout: Duration,
) -> Result<Verification, JournalError> {
    let paths = SessionPaths::new(store.root(), session);
    let others = || seeds_of_others(store, session);
    let scope = Scope { quick: depth.quick, anchors: &depth.anchors, others: &others };
    let verification = verify_journal(&store.disk, &paths, session, scope)?;
    if verification.findings.iter().all(is_at_rest) {
        return Ok(verification);
    }
    let Ok(lock) = FileLock::open(&*store.disk, &paths.lock()) else { return Ok(verification) };
    match lock.shared(lock_timeout) {
        Ok(_guard) => verify_journal(&store.disk, &paths, session, scope),
        // Its holder is stuck, or there are many: what is seen twice is the best there is.
        Err(_) => {
            let mut again = verify_journal(&store.disk, &paths, session, scope)?;
            again.findings.retain(|finding| verification.findings.contains(finding));
            Ok(again)
        }
    }
}

/// Whether a finding cannot be a write in progress.
fn is_at_rest(finding: &Finding) -> bool {
    matches!(finding.class, FindingClass::Permissions | FindingClass::UnknownFormat)
}

fn seeds_of_others(store: &Store, session: &SessionId) -> Vec<(Seed, SessionId)> {
    let sessions = store.entries().map(|entries| entries.sessions).unwrap_or_default();
    let others = sessions.into_iter().filter(|other| other != session);
    others
        .filter_map(|other| {
            let seed = seed_of(&*store.disk, &store.paths(&other).ok()?, &other).ok()??;
            Some((seed, other))
        })
        .collect()
}
