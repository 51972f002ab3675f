//! The journal that is made of what was salvaged.

use super::Recovery;
use super::merging::Kept;
use super::salvage::Salvage;
use crate::disk::{DiskError, DiskFile, FileLockGuard};
use crate::format::{Header, parse};
use crate::journal::JournalError;
use crate::journal::batch::{Batch, Prepared};
use crate::journal::replay::apply_line;
use crate::journal::rewriting::Rewriting;
use crate::vocabulary::{Author, Event, Finding, Key, Projection, Recovered, Timestamp};

impl Salvage<'_> {
    /// Puts a journal of the kept records, closed by the note of the recovery, in the place of the
    /// damaged one.
    pub(super) fn rewrite(
        &self,
        recovery: &Recovery,
        by: &Author,
        at: Timestamp,
        guard: &FileLockGuard<'_>,
    ) -> Result<(), JournalError> {
        let mut writing = Rewriting::begin(&**self.disk, self.paths)?;
        let mut projection = self.start(at);
        let snapshot_seq = projection.metadata.seq;
        let kept = self.candidates.chosen();
        if kept.first().is_none_or(|(seq, _)| *seq > 0) {
            let header = Header::new(self.id, self.session.clone());
            let line = header.encode(at, &by.clone().bounded(), &Key::generate())?;
            writing.put(0, line.link, &line.line)?;
        }
        for (seq, record) in kept {
            let line = self.line_of(&record)?;
            writing.put(seq, record.link, &line)?;
            if let Ok(view) = parse(line.strip_suffix(b"\n").unwrap_or(&line))
                && seq > snapshot_seq
            {
                apply_line(&mut projection, &view);
            }
        }
        let last_lost = recovery.lost.iter().map(|lost| lost.last_seq).max().unwrap_or(0);
        let last = writing.seq.max(last_lost);
        let bridged = snapshot_seq > 0;
        projection.metadata.seq = last;
        let note = Event::Recovered(Box::new(Recovered {
            reason: reason(&recovery.findings),
            lost: recovery.lost.clone(),
            quarantined: recovery.quarantined.clone(),
            state: bridged.then(|| Box::new(projection.metadata)),
        }));
        let note = Prepared::new(&note, at, by, None)?;
        let batch = Batch::encode(self.seed(), last, writing.head, &[note])?;
        writing.put(batch.seq, batch.head, &batch.lines)?;
        Ok(writing.finish(guard)?)
    }

    /// The state to fold kept records on: a snapshot that covers all that is lost, if records are
    /// lost and there is one.
    fn start(&self, at: Timestamp) -> Projection {
        let last_lost = self.lost().iter().map(|lost| lost.last_seq).max().unwrap_or(0);
        let bridge = self.snapshots.readable.iter().find(|snapshot| snapshot.seq >= last_lost);
        match bridge {
            Some(snapshot) if last_lost > 0 => snapshot.state.clone(),
            _ => Projection::blank(self.session.clone(), at),
        }
    }

    /// The bytes of a record, with a line feed.
    fn line_of(&self, record: &Kept) -> Result<Vec<u8>, DiskError> {
        let length = usize::try_from(record.length).unwrap_or(0);
        let mut line = vec![0; length];
        let copy = record.source.checked_sub(1).and_then(|place| self.copies.get(place));
        let read = match copy.and_then(|source| source.file.as_ref()) {
            Some(file) => file.read_at(record.offset, &mut line)?,
            None => self.journal.read_at(record.offset, &mut line)?,
        };
        line.truncate(read);
        line.push(b'\n');
        Ok(line)
    }
}

/// The worst that was found, which is why the recovery was needed.
fn reason(findings: &[Finding]) -> String {
    let worst = findings.iter().max_by_key(|finding| finding.severity);
    worst.map_or("lost records", |finding| finding.class.as_str()).to_owned()
}
