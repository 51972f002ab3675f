//! Removing the data of one record from everywhere that annals has put them.
//!
//! The record itself stays: its envelope and the digest of its data keep the chain whole.

use std::collections::BTreeSet;
use std::sync::Arc;

use tracing::info;

use super::batch::{Batch, Prepared};
use super::compaction::{named, next_sound};
use super::reader::Position;
use super::rewriting::Rewriting;
use super::writer::{Core, JournalWriter, snapshot_of};
use super::{JournalError, blobs, quarantine, segments, snapshots};
use crate::disk::{DiskFile, FileLockGuard};
use crate::format::{DataView, Header, LineView, Sealed, Segment};
use crate::vocabulary::{
    Append, Appended, Author, Command, Digest, Entry, Event, EventKind, ExpectedSeq, Key, Outcome,
    Redacted, Refusal, Upcasts,
};

/// What a redaction has to know of the history.
#[derive(Debug, Default)]
struct Survey {
    /// The record whose data go, where it still has them.
    target: Option<Target>,
    /// Whether an event says already that they are gone.
    noted: bool,
    /// The texts that the record refers to, and those that others do.
    blobs: BTreeSet<Digest>,
    blobs_of_others: BTreeSet<Digest>,
}

/// A record, where it stands in the history.
#[derive(Debug)]
struct Target {
    offset: u64,
    end_offset: u64,
    erased: Vec<u8>,
}

impl JournalWriter {
    /// Removes the data of one record, wherever annals has put them, and appends the event that
    /// says so. A record that a recovery has named as lost may still be in quarantine, and is
    /// removed from there. Asked for again, it makes sure that nothing was left behind.
    ///
    /// # Errors
    ///
    /// [`Refusal::NoRecord`] and [`Refusal::Indispensable`]; otherwise as of an append. If it fails
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
        let seq = redacted.seq;
        let survey = self.survey(seq)?;
        let entry = Entry { command: Command::NoteRedaction(redacted.clone()), key: None };
        let append = Append { expected, entries: vec![entry], by: by.clone() };
        let mut state = self.journal.replay.projection.clone();
        let mut records = Vec::new();
        let mut appended = self.admit(append, &mut state, &mut records)?;
        if survey.noted {
            records.clear();
            appended.outcomes = vec![Outcome::Unchanged];
        }
        let (disk, paths) = (Arc::clone(&self.journal.disk), self.journal.paths.clone());
        // Copies go first: as long as the record has its data, nothing that can be proved is lost.
        // Durably, or a crash could bring a snapshot back that speaks of data which are gone.
        snapshots::discard(&*disk, &paths)?;
        disk.sync_dir(paths.root())?;
        quarantine::erase(&*disk, &paths, self.journal.seed, seq)?;
        if survey.target.is_some() || !records.is_empty() {
            self.rewrite_without(survey.target.as_ref(), &records, guard)?;
            self.journal.refresh()?;
        }
        segments::remove_unnamed(&*disk, &paths, &named(&self.journal))?;
        for digest in survey.blobs.difference(&survey.blobs_of_others) {
            blobs::remove(&*disk, &paths, digest)?;
        }
        snapshots::write(&*disk, &paths, &snapshot_of(&self.journal, true))?;
        info!(session_id = %self.journal.session, seq, reason = redacted.reason, "redacted");
        appended.state = self.journal.replay.projection.metadata.clone();
        Ok(appended)
    }

    /// Reads all of the history, which has to prove itself before any of it is written again.
    fn survey(&self, seq: u64) -> Result<Survey, JournalError> {
        let mut survey = Survey::default();
        let mut reader = self.journal.reader_from(Position::START);
        while let Some(found) = next_sound(&mut reader)? {
            let event = event_of(&found.view);
            if let Some(Event::Redacted(earlier)) = &event {
                survey.noted |= earlier.seq == seq;
            }
            let blob = match &event {
                Some(Event::MessageRecorded(message)) => message.blob,
                _ => None,
            };
            if found.view.seq != seq {
                survey.blobs_of_others.extend(blob.map(|blob| blob.digest));
                continue;
            }
            survey.blobs.extend(blob.map(|blob| blob.digest));
            refuse_the_indispensable(&found.view)?;
            if let DataView::Present(_) = found.view.data {
                let erased = found.view.erased(self.journal.seed);
                let (offset, end_offset) = (found.offset, found.end_offset);
                survey.target = Some(Target { offset, end_offset, erased });
            }
        }
        Ok(survey)
    }

    /// Puts a journal without the target's data in the place of the present one, with the note at
    /// its end.
    fn rewrite_without(
        &self,
        target: Option<&Target>,
        note: &[Prepared],
        guard: &FileLockGuard<'_>,
    ) -> Result<(), JournalError> {
        let (journal, replay) = (&self.journal, &self.journal.replay);
        let mut segments = named(journal);
        let sealed_bytes = segments.iter().map(|segment| segment.bytes).sum();
        if let Some(target) = target.filter(|target| target.offset < sealed_bytes) {
            self.seal_without(target, &mut segments)?;
        }
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
        if let Some(target) = target.filter(|target| target.offset >= sealed_bytes) {
            writing.copy(&journal.file, from, target.offset)?;
            writing.put(replay.seq, replay.head, &target.erased)?;
            from = target.end_offset;
        }
        writing.copy(&journal.file, from, replay.end_offset)?;
        let batch = Batch::encode(journal.seed, replay.seq, replay.head, note)?;
        writing.put(batch.seq, batch.head, &batch.lines)?;
        Ok(writing.finish(guard)?)
    }

    /// Seals the lines of one segment again, without the target's data.
    fn seal_without(&self, target: &Target, list: &mut [Segment]) -> Result<(), JournalError> {
        let journal = &self.journal;
        for (part, segment) in journal.file.parts().iter().zip(list) {
            if !(part.from..part.to()).contains(&target.offset) {
                continue;
            }
            let length = usize::try_from(segment.bytes).unwrap_or(0);
            let mut lines = vec![0; length];
            journal.file.read_at(part.from, &mut lines)?;
            let in_part = |offset: u64| usize::try_from(offset - part.from).unwrap_or(length);
            let place = in_part(target.offset)..in_part(target.end_offset).min(length);
            lines.splice(place, target.erased.iter().copied());
            let (disk, paths) = (&*journal.disk, &journal.paths);
            *segment = segments::write(disk, paths, segment.first_seq, segment.last_seq, &lines)?;
        }
        Ok(())
    }

    /// The link that the first record behind the sealed ones follows.
    fn first_unsealed_prev(&self) -> Result<Digest, JournalError> {
        let place = self.journal.position_before(u64::MAX);
        let mut reader = self.journal.reader_from(place);
        let first = next_sound(&mut reader)?;
        Ok(first.map_or(self.journal.replay.head, |found| found.view.prev))
    }
}

/// A gap is excused, and missing data are explained, by events that must stay.
fn refuse_the_indispensable(view: &LineView<'_>) -> Result<(), Refusal> {
    let kind = match EventKind::from_name(view.kind) {
        Some(EventKind::Recovered) => "recovered",
        Some(EventKind::Redacted) => "redacted",
        _ => return Ok(()),
    };
    Err(Refusal::Indispensable { seq: view.seq, kind })
}

fn event_of(view: &LineView<'_>) -> Option<Event> {
    match view.data {
        DataView::Present(data) => Event::from_data(view.kind, data, &Upcasts::CURRENT).ok(),
        DataView::Erased(_) => None,
    }
}
