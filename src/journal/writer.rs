//! Appending: one lock, one write, one sync, for as many waiting appends as there are.

use std::sync::Arc;

use tracing::{debug, warn};

use super::batch::{Batch, Prepared};
use super::blobs;
use super::catalog::Feed;
use super::files::Durability;
use super::keys::KeyIndex;
use super::opening::Journal;
use super::padding::padded_len;
use super::replay::Condition;
use super::settings::Settings;
use super::telling::{Pace, Telling};
use super::{JournalError, repair};
use crate::disk::{Disk, DiskError, DiskFile, FileLock, FileLockGuard, Previous};
use crate::format::Snapshot;
use crate::format::bounds::{FORMAT, PADDING, PROJECTION};
use crate::format::layout::SessionPaths;
use crate::vocabulary::{
    Append, Appended, Event, Holder, Plan, Projection, Recovered, Rejection, SessionId, plan,
};

/// What came of one append. Appends that share a write share its failure.
pub type AppendResult = Result<Appended, Arc<JournalError>>;

/// Writes to one session's journal. One process should have one writer for a session; several
/// processes are kept apart by the lock.
#[derive(Debug)]
pub struct JournalWriter {
    pub(super) lock: FileLock,
    pub(super) core: Core,
}

/// All of a writer but its lock, whose guard it works under.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) journal: Journal,
    pub(super) settings: Settings,
    /// Filled when the first append comes with a key.
    keys: Option<KeyIndex>,
    /// Up to where this writer knows the journal to be on the medium.
    pub(super) durable_to: u64,
    /// What the catalog is told of it.
    pub(super) telling: Telling,
    /// Why nothing is written through this handle any more.
    pub(super) poisoned: Option<Arc<JournalError>>,
}

impl JournalWriter {
    /// Opens a session's journal for writing. Nothing is locked yet.
    ///
    /// # Errors
    ///
    /// As of [`Journal::open`].
    pub fn open(
        disk: &Arc<dyn Disk>,
        paths: SessionPaths,
        session: SessionId,
        settings: Settings,
    ) -> Result<Self, JournalError> {
        let feed = Arc::new(Feed::of_session(&paths, settings.catalog));
        Self::open_telling(disk, paths, session, settings, feed)
    }

    /// Opens a session's journal for writing, with a way to the catalog that is shared with other
    /// writers of the process.
    ///
    /// # Errors
    ///
    /// As of [`Journal::open`].
    pub fn open_telling(
        disk: &Arc<dyn Disk>,
        paths: SessionPaths,
        session: SessionId,
        settings: Settings,
        feed: Arc<Feed>,
    ) -> Result<Self, JournalError> {
        let journal = Journal::open(disk, paths, session)?;
        let lock = FileLock::open(&**disk, &journal.paths.lock())?;
        let (telling, poisoned) = (Telling::new(feed), None);
        Ok(Self {
            lock,
            core: Core { journal, settings, keys: None, durable_to: 0, telling, poisoned },
        })
    }

    /// The journal as this writer last saw it.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.core.journal
    }

    /// Decides and appends, in order, and hands over what came of each append as soon as that is
    /// as durable as the settings promise: one write and one sync for all of them.
    ///
    /// # Errors
    ///
    /// None of its own: each append gets its own answer.
    pub fn append_all(&mut self, appends: Vec<Append>, deliver: impl FnOnce(Vec<AppendResult>)) {
        let count = appends.len();
        let core = &mut self.core;
        match core.take_lock(&self.lock) {
            Ok((guard, healed)) => {
                let answers = core.append_ready(&guard, appends, healed);
                core.tell_row(&guard, Pace::Unhurried);
                deliver(answers);
                core.write_snapshot_if_due();
            }
            Err(error) => deliver(vec![Err(error); count]),
        }
    }

    /// Does what no append does, under the lock, on a journal that is fit to be written to.
    pub(super) fn alone<T>(
        &mut self,
        work: impl FnOnce(&mut Core, &FileLockGuard<'_>) -> Result<T, JournalError>,
    ) -> Result<T, Arc<JournalError>> {
        let core = &mut self.core;
        let (guard, healed) = core.take_lock(&self.lock)?;
        core.intend()?;
        core.write_repair(&guard, healed)?;
        core.make_durable(&guard)?;
        let result = work(core, &guard)?;
        core.tell_row(&guard, Pace::AtOnce);
        Ok(result)
    }
}

impl Core {
    pub(super) fn lock<'l>(
        &mut self,
        lock: &'l FileLock,
    ) -> Result<(FileLockGuard<'l>, Previous), JournalError> {
        self.telling.begin();
        let holder = Holder { by: self.settings.by.clone(), since: self.settings.clock.now() };
        let (guard, previous) = lock.exclusive(&holder, self.settings.lock_timeout)?;
        self.telling.has_lock(previous.announced);
        Ok((guard, previous))
    }

    /// Takes the lock and makes the journal fit to be appended to. Returns the note of a repair,
    /// which is to be the first record appended.
    fn take_lock<'l>(
        &mut self,
        lock: &'l FileLock,
    ) -> Result<(FileLockGuard<'l>, Option<Recovered>), Arc<JournalError>> {
        if let Some(reason) = &self.poisoned {
            return Err(Arc::clone(reason));
        }
        let (guard, previous) = self.lock(lock)?;
        let healed = self.make_ready(lock, &guard, previous)?;
        Ok((guard, healed))
    }

    fn make_ready(
        &mut self,
        lock: &FileLock,
        guard: &FileLockGuard<'_>,
        previous: Previous,
    ) -> Result<Option<Recovered>, JournalError> {
        let session = self.journal.session.clone();
        if let Some(holder) = &previous.died_holding {
            warn!(session_id = %session, %holder, "cleared the lock of a holder that died with it");
        }
        let before = self.journal.identity;
        self.journal.refresh()?;
        if self.journal.identity != before {
            self.keys = None;
            self.durable_to = 0;
            // A session removed and made again has another lock than the one that is held.
            if !lock.is_in_place(&*self.journal.disk)? {
                return Err(JournalError::Missing { path: self.journal.paths.root().to_owned() });
            }
        }
        if previous.suspect {
            warn!(session_id = %session, "a sync has failed or was not made: copying what proves itself");
            self.intend()?;
            repair::renew(&mut self.journal)?;
            guard.clear_suspect()?;
        } else if previous.died_holding.is_some() {
            // What it had not synced must not be lost from under what is about to be written: that
            // would look like damage.
            self.durable_to = 0;
            self.make_durable(guard)?;
        }
        match self.journal.replay.condition.clone() {
            Condition::Sound => Ok(None),
            Condition::Damaged(finding) => {
                Err(JournalError::Corrupted { finding: Box::new(finding) })
            }
            Condition::Torn { bytes, lacks_line_feed } => {
                let offset = self.journal.replay.end_offset;
                self.intend()?;
                let healed = repair::heal_tail(&mut self.journal, bytes, lacks_line_feed)?;
                // The old end must be on the medium before a new record is: otherwise a crash could
                // leave parts of the unfinished write behind it.
                if let Err(failed) = self.journal.file.sync_data() {
                    return Err(self.poison(guard, self.journal.replay.seq + 1, &failed));
                }
                warn!(
                    session_id = %session, offset, bytes, quarantined = ?healed.quarantined,
                    "set an unfinished write aside"
                );
                Ok(Some(healed))
            }
        }
    }

    /// Writes the note of a repair alone.
    fn write_repair(
        &mut self,
        guard: &FileLockGuard<'_>,
        healed: Option<Recovered>,
    ) -> Result<(), JournalError> {
        let Some(recovered) = healed else { return Ok(()) };
        let (mut records, mut state) = (Vec::new(), self.journal.replay.projection.clone());
        self.note_repair(recovered, &mut state, &mut records)?;
        self.write(guard, &records, state)
    }

    fn append_ready(
        &mut self,
        guard: &FileLockGuard<'_>,
        appends: Vec<Append>,
        healed: Option<Recovered>,
    ) -> Vec<AppendResult> {
        let mut records = Vec::new();
        let mut state = self.journal.replay.projection.clone();
        if let Some(recovered) = healed
            && let Err(error) = self.note_repair(recovered, &mut state, &mut records)
        {
            return vec![Err(Arc::new(error)); appends.len()];
        }
        let mut answers: Vec<AppendResult> = Vec::with_capacity(appends.len());
        for append in appends {
            let answer = self.admit(append, &mut state, &mut records);
            answers.push(answer.map_err(Arc::new));
        }
        let written = if !records.is_empty() {
            self.write(guard, &records, state)
        } else if answers.iter().any(Result::is_ok) {
            // What is answered rests on records of others, who may have died before their sync.
            self.make_durable(guard)
        } else {
            Ok(())
        };
        if let Err(error) = written {
            // Some keys may have been taken for appends that did not happen.
            self.keys = None;
            self.telling.forget();
            let error = Arc::new(error);
            for answer in answers.iter_mut().filter(|answer| answer.is_ok()) {
                *answer = Err(Arc::clone(&error));
            }
        }
        answers
    }

    /// Plans one append on top of those before it. If it is refused, nothing of it is kept.
    pub(super) fn admit(
        &mut self,
        append: Append,
        state: &mut Projection,
        records: &mut Vec<Prepared>,
    ) -> Result<Appended, JournalError> {
        if append.entries.iter().any(|entry| entry.key.is_some()) {
            self.index_keys()?;
        }
        let at = self.settings.clock.now();
        let by = append.by.clone();
        let keys = self.keys.as_ref();
        let planned = plan(&self.journal.session, Some(state), append, at, |key| {
            keys.and_then(|keys| keys.first_seq(key))
        })?;
        let Plan { state: next, events, outcomes } = planned;
        let mut prepared = Vec::with_capacity(events.len());
        for planned in events {
            if let Some(text) = &planned.text {
                let durability = self.settings.durability;
                blobs::store(&*self.journal.disk, &self.journal.paths, text, durability)?;
            }
            prepared.push(Prepared::new(&planned.event, at, &by, planned.key)?);
        }
        if let Some(keys) = &mut self.keys {
            let first = state.metadata.seq + 1;
            for (seq, record) in (first..).zip(&prepared) {
                keys.insert(record.key().as_str(), seq);
            }
        }
        records.append(&mut prepared);
        *state = next;
        Ok(Appended { state: state.metadata.clone(), outcomes })
    }

    fn note_repair(
        &self,
        recovered: Recovered,
        state: &mut Projection,
        records: &mut Vec<Prepared>,
    ) -> Result<(), JournalError> {
        let event = Event::Recovered(Box::new(recovered));
        let at = self.settings.clock.now();
        records.push(Prepared::new(&event, at, &self.settings.by, None)?);
        let seq = state.metadata.seq + 1;
        state.apply(seq, at, &event);
        Ok(())
    }

    /// Reads the keys of all records, or of those that others have appended since.
    fn index_keys(&mut self) -> Result<(), JournalError> {
        let mut keys = self.keys.take().unwrap_or_else(KeyIndex::new);
        let journal = &self.journal;
        let end = journal.replay.position();
        if keys.known_to != end {
            let reader = journal.reader_from(keys.known_to);
            journal.replay.clone().continue_with(reader, |view| keys.insert(view.key, view.seq))?;
            keys.known_to = end;
        }
        self.keys = Some(keys);
        Ok(())
    }

    /// One write, one sync.
    fn write(
        &mut self,
        guard: &FileLockGuard<'_>,
        records: &[Prepared],
        state: Projection,
    ) -> Result<(), JournalError> {
        let replay = &self.journal.replay;
        let batch = Batch::encode(self.journal.seed, replay.seq, replay.head, records)?;
        let (from, first_seq) = (replay.end_offset, replay.seq + 1);
        let end = from + batch.lines.len() as u64;
        self.intend()?;
        let file_len = self.put(from, &batch.lines)?;
        if self.settings.durability == Durability::Sync {
            self.telling.syncs();
            let synced = self.journal.file.sync_data();
            synced.map_err(|failed| self.poison(guard, first_seq, &failed))?;
            self.telling.has_synced();
        }
        self.telling.has_appended(records.len());
        self.durable_to = end;
        debug!(session_id = %self.journal.session, seq = batch.seq, offset = from, "appended");
        let replay = &mut self.journal.replay;
        let before = replay.position();
        replay.last_offset = from + batch.last_start as u64;
        replay.end_offset = end;
        replay.file_len = file_len;
        replay.seq = batch.seq;
        replay.head = batch.head;
        replay.projection = state;
        // Its own keys were taken in when they were admitted.
        if let Some(keys) = self.keys.as_mut().filter(|keys| keys.known_to == before) {
            keys.known_to = replay.position();
        }
        Ok(())
    }

    /// Syncs what others have written, unless it is known to be on the medium.
    fn make_durable(&mut self, guard: &FileLockGuard<'_>) -> Result<(), JournalError> {
        let (end, seq) = (self.journal.replay.end_offset, self.journal.replay.seq);
        if self.settings.durability == Durability::Sync && self.durable_to < end {
            self.journal.file.sync_data().map_err(|failed| self.poison(guard, seq, &failed))?;
            self.durable_to = end;
        }
        Ok(())
    }

    /// Writes lines over the padding, with more padding behind them where it has run out. Returns
    /// the length of the file. If it fails, the journal reads as before, or what it holds is
    /// [unknown](JournalError::DurabilityUnknown).
    fn put(&self, from: u64, lines: &[u8]) -> Result<u64, JournalError> {
        let old_len = self.journal.replay.file_len;
        let end = from + lines.len() as u64;
        let shift = self.journal.file.shift();
        let padded_end = padded_len(end - shift) + shift;
        let fits = end <= old_len;
        let written = if fits || self.settings.durability == Durability::Buffered {
            self.journal.file.write_at(from, lines)
        } else {
            let mut padded = lines.to_vec();
            padded.resize(lines.len() + usize::try_from(padded_end - end).unwrap_or(0), PADDING);
            self.journal.file.write_at(from, &padded).map(|()| drop(padded))
        };
        match written {
            Ok(()) if fits => Ok(old_len),
            Ok(()) if self.settings.durability == Durability::Buffered => Ok(end),
            Ok(()) => Ok(padded_end),
            Err(failed) => Err(match self.put_back(from, end, old_len) {
                Ok(()) => failed.into(),
                // The next writer finds whole records, or an unfinished write and sets it aside.
                Err(worse) => {
                    warn!(session_id = %self.journal.session, error = %worse, "cannot undo a write");
                    let seq = self.journal.replay.seq + 1;
                    JournalError::DurabilityUnknown { seq, why: failed.to_string() }
                }
            }),
        }
    }

    /// Makes the bytes behind the last record padding again.
    fn put_back(&self, from: u64, end: u64, old_len: u64) -> Result<(), DiskError> {
        let file = &self.journal.file;
        if file.info()?.len > old_len {
            file.set_len(old_len)?;
        }
        let blank = end.min(old_len).saturating_sub(from);
        file.write_at(from, &vec![PADDING; usize::try_from(blank).unwrap_or(0)])
    }

    /// After a failed sync nothing is known of what is on the medium, and asking again would get a
    /// false answer: this handle is done, and the next writer copies before it trusts.
    fn poison(&mut self, guard: &FileLockGuard<'_>, seq: u64, failed: &DiskError) -> JournalError {
        if let Err(error) = guard.mark_suspect() {
            warn!(session_id = %self.journal.session, %error, "cannot mark the journal as suspect");
        }
        let unknown = || JournalError::DurabilityUnknown { seq, why: failed.to_string() };
        self.poisoned = Some(Arc::new(unknown()));
        unknown()
    }
}

/// The snapshot of a journal as it stands.
pub(super) fn snapshot_of(journal: &Journal, durable: bool) -> Snapshot {
    let replay = &journal.replay;
    Snapshot {
        format: FORMAT,
        projection: PROJECTION,
        journal: journal.id,
        seq: replay.seq,
        last_offset: replay.last_offset,
        end_offset: replay.end_offset,
        head: replay.head,
        durable,
        state: replay.projection.clone(),
    }
}

impl From<Rejection> for JournalError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Refused(refusal) => Self::Refused(refusal),
            Rejection::Conflict { expected, actual } => Self::Conflict { expected, actual },
        }
    }
}
