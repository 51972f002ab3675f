//! Removing the data of one record from everywhere that annals has put them.
//!
//! The record itself stays: its envelope and the digest of its data keep the chain whole.

mod survey;

use std::iter;
use std::sync::Arc;

use tracing::info;

use self::survey::{Survey, Target};
use super::batch::{Batch, Prepared};
use super::compaction::{named, next_sound};
use super::rewriting::Rewriting;
use super::writer::{Core, JournalWriter, snapshot_of};
use super::{JournalError, blobs, quarantine, segments, snapshots};
use crate::disk::{DiskFile, FileLockGuard};
use crate::format::{Header, Sealed, Segment};
use crate::vocabulary::{
    Append, Appended, Author, Digest, Entry, ExpectedSeq, Key, Outcome, Redacted,
};

impl JournalWriter {
    /// Removes the data of one record, wherever annals has put them, and appends the event that
    /// says so. A record that a recovery has named as lost may still be in quarantine, and is
    /// removed from there. Asked for again, it makes sure that nothing was left behind.
    ///
    /// Where a recovery has carried a state that shows some of the data across a gap, its record
    /// loses its data too, and another one carries on what may be carried.
    ///
    /// # Errors
    ///
    /// `Refusal::NoRecord` and `Refusal::Indispensable`; otherwise as of an append. If it fails
    /// half-way, the history is as before or without the data, and it must be asked for again.
    pub fn redact(
        &mut self,
        redacted: &Redacted,
        expected: ExpectedSeq,
        by: &Author,
    ) -> Result<Appended, Arc<JournalError>> {
        self.alone(|core, guard| core.redact(redacted, expected, by, guard))
    }
}

impl Core {
    fn redact(
        &mut self,
        redacted: &Redacted,
        expected: ExpectedSeq,
        by: &Author,
        guard: &FileLockGuard<'_>,
    ) -> Result<Appended, JournalError> {
        let survey = Survey::of(&self.journal, redacted.seq)?;
        let before = &self.journal.replay.projection;
        let entries = survey.notes(redacted, &before.metadata);
        let entries = entries.into_iter().map(|command| Entry { command, key: None }).collect();
        let append = Append { expected, entries, by: by.clone() };
        let mut state = before.clone();
        let mut records = Vec::new();
        let mut appended = self.admit(append, &mut state, &mut records)?;
        appended.outcomes = vec![in_all(&appended.outcomes)];
        if survey.is_noted() {
            records.clear();
            appended.outcomes = vec![Outcome::Unchanged];
        }
        let (disk, paths) = (Arc::clone(&self.journal.disk), self.journal.paths.clone());
        // Copies go first: as long as the record has its data, nothing that can be proved is lost.
        // Durably, or a crash could bring a snapshot back that speaks of data which are gone.
        snapshots::discard(&*disk, &paths)?;
        disk.sync_dir(paths.root())?;
        for seq in iter::once(redacted.seq).chain(survey.carriers()) {
            quarantine::erase(&*disk, &paths, self.journal.seed, seq)?;
        }
        if !survey.targets.is_empty() || !records.is_empty() {
            self.rewrite_without(&survey.targets, &records, guard)?;
            self.journal.refresh()?;
        }
        self.forget_rows()?;
        segments::remove_unnamed(&*disk, &paths, &named(&self.journal))?;
        for digest in survey.forsaken_blobs() {
            blobs::remove(&*disk, &paths, digest)?;
        }
        snapshots::write(&*disk, &paths, &snapshot_of(&self.journal, true))?;
        let Redacted { seq, reason } = redacted;
        info!(session_id = %self.journal.session, seq, reason, "redacted");
        appended.state = self.journal.replay.projection.metadata.clone();
        Ok(appended)
    }

    /// Puts a journal without the targets' data in the place of the present one, with the notes at
    /// its end.
    fn rewrite_without(
        &self,
        targets: &[Target],
        notes: &[Prepared],
        guard: &FileLockGuard<'_>,
    ) -> Result<(), JournalError> {
        let (journal, replay) = (&self.journal, &self.journal.replay);
        let mut segments = named(journal);
        let sealed_bytes = segments.iter().map(|segment| segment.bytes).sum();
        let (sealed, unsealed): (Vec<&Target>, Vec<&Target>) =
            targets.iter().partition(|target| target.offset < sealed_bytes);
        self.seal_without(&sealed, &mut segments)?;
        let mut writing = Rewriting::begin(&*journal.disk, &journal.paths)?;
        if !segments.is_empty() {
            let head = self.first_unsealed_prev()?;
            let sealed = Sealed { head, segments };
            let header = Header::of_sealed(journal.id, journal.session.clone(), sealed);
            let by = self.settings.by.clone().bounded();
            let line = header.encode(journal.began, &by, &Key::generate())?;
            writing.put(0, line.link, &line.line)?;
        }
        let mut from = sealed_bytes;
        for target in unsealed {
            writing.copy(&journal.file, from, target.offset)?;
            writing.put(replay.seq, replay.head, &target.erased)?;
            from = target.end_offset;
        }
        writing.copy(&journal.file, from, replay.end_offset)?;
        let batch = Batch::encode(journal.seed, replay.seq, replay.head, notes)?;
        writing.put(batch.seq, batch.head, &batch.lines)?;
        Ok(writing.finish(guard)?)
    }

    /// Seals the lines of the segments that hold targets again, without the data of these.
    fn seal_without(&self, targets: &[&Target], list: &mut [Segment]) -> Result<(), JournalError> {
        let journal = &self.journal;
        for (part, segment) in journal.file.parts().iter().zip(list) {
            let mut held = targets
                .iter()
                .filter(|target| (part.from..part.to()).contains(&target.offset))
                .peekable();
            if held.peek().is_none() {
                continue;
            }
            let length = usize::try_from(segment.bytes).unwrap_or(0);
            let mut lines = vec![0; length];
            journal.file.read_at(part.from, &mut lines)?;
            let in_part = |offset: u64| usize::try_from(offset - part.from).unwrap_or(length);
            // From the last one on, so that the places of those before it stay true.
            for target in held.rev() {
                let place = in_part(target.offset)..in_part(target.end_offset).min(length);
                lines.splice(place, target.erased.iter().copied());
            }
            let (disk, paths) = (&*journal.disk, &journal.paths);
            *segment = segments::write(disk, paths, segment.first_seq, segment.last_seq, &lines)?;
        }
        Ok(())
    }

    /// The link that the first record behind the sealed ones follows.
    fn first_unsealed_prev(&self) -> Result<Digest, JournalError> {
        let place = self.journal.file.position_before(u64::MAX);
        let mut reader = self.journal.reader_from(place);
        let first = next_sound(&mut reader)?;
        Ok(first.map_or(self.journal.replay.head, |found| found.view.prev))
    }
}

/// One outcome for the notes of one redaction.
fn in_all(outcomes: &[Outcome]) -> Outcome {
    let mut all = Outcome::Unchanged;
    for outcome in outcomes {
        all = match (all, *outcome) {
            (Outcome::Recorded { first_seq, .. }, Outcome::Recorded { last_seq, .. }) => {
                Outcome::Recorded { first_seq, last_seq }
            }
            (Outcome::Unchanged, next) => next,
            (all, _) => all,
        };
    }
    all
}
