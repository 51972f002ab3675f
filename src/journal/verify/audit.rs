//! One pass over one journal.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Scope, foreign};
use crate::disk::{Disk, DiskError, DiskFile, Folder};
use crate::format::layout::SessionPaths;
use crate::format::{DataView, LineView, Seed, Snapshot, SnapshotFault};
use crate::journal::history::{First, Opened, open_history, other_session};
use crate::journal::opening;
use crate::journal::reader::{End, Position, Reader, Step, Tail, Wrong};
use crate::journal::snapshots::Snapshots;
use crate::journal::whole::WholeJournal;
use crate::journal::{JournalError, read_blob};
use crate::vocabulary::{
    Event, Finding, FindingClass, Link, Projection, SessionId, Timestamp, Verification,
    check_transition,
};

/// A verification under way.
pub(super) struct Audit<'a> {
    disk: &'a Arc<dyn Disk>,
    paths: &'a SessionPaths,
    session: &'a SessionId,
    scope: Scope<'a>,
    verification: Verification,
    /// The last record that was read, and its link.
    last: Option<(u64, Link)>,
    /// The last record that was sealed, and its link, as the header names them.
    sealed: Option<(u64, Link)>,
    /// The state so far; `None` before the first event.
    projection: Option<Projection>,
    header_at: Timestamp,
    /// Whether no record is missing of those that made the state.
    state_known: bool,
    snapshots: Vec<Snapshot>,
    /// Records whose data are gone, and those that a `redacted` event names.
    erased: BTreeSet<u64>,
    redacted: BTreeSet<u64>,
    /// Whether a recovery has replaced the header.
    header_replaced: bool,
}

impl<'a> Audit<'a> {
    pub(super) fn new(
        disk: &'a Arc<dyn Disk>,
        paths: &'a SessionPaths,
        session: &'a SessionId,
        scope: Scope<'a>,
    ) -> Self {
        Self {
            disk,
            paths,
            session,
            scope,
            verification: Verification::default(),
            last: None,
            sealed: None,
            projection: None,
            header_at: Timestamp::EPOCH,
            state_known: true,
            snapshots: Vec::new(),
            erased: BTreeSet::new(),
            redacted: BTreeSet::new(),
            header_replaced: false,
        }
    }

    pub(super) fn add(&mut self, findings: Vec<Finding>) {
        self.verification.findings.extend(findings);
    }

    pub(super) fn find(
        &mut self,
        class: FindingClass,
        message: impl Into<String>,
        seq: Option<u64>,
        offset: Option<u64>,
    ) {
        let finding = Finding { seq, offset, ..Finding::new(self.session, class, message) };
        self.verification.findings.push(finding);
    }

    pub(super) fn into_verification(self) -> Verification {
        let (session, at) = (self.session, self.header_at);
        let folded = self.projection.unwrap_or_else(|| Projection::blank(session.clone(), at));
        Verification { state: (!self.scope.quick).then_some(folded.metadata), ..self.verification }
    }

    /// Reads all that the session's folder, as it was looked into, holds.
    pub(super) fn run(&mut self, folder: &Folder) -> Result<(), JournalError> {
        let file = opening::open_to_read(&**self.disk, self.paths, self.session)?;
        let Opened { file, first, snapshots, id } =
            open_history(self.disk, self.paths, self.session, file, Some(folder))?;
        if let First::Header { header, at, .. } = &first {
            self.header_at = *at;
            if header.session == *self.session {
                let sealed = header.sealed.as_ref();
                self.sealed = sealed.map(|sealed| (sealed.last_seq(), sealed.head));
            } else {
                self.add(vec![other_session(self.session, &header.session)]);
            }
        }
        let floor = snapshots.floor();
        self.note_bad_snapshots(&snapshots);
        self.snapshots = snapshots.readable;
        self.read(&file, Seed::of(id))?;
        self.note_broken_segments(&file);
        self.check_floor(floor);
        self.check_leftovers();
        Ok(())
    }

    /// A segment that is missing or damaged is one finding, in the place of those of its records.
    fn note_broken_segments(&mut self, file: &WholeJournal) {
        for part in file.broken() {
            let is_inside = |finding: &Finding| {
                let is_damage =
                    matches!(finding.class, FindingClass::Corrupt | FindingClass::Header);
                is_damage
                    && finding.offset.is_some_and(|offset| (part.from..part.to()).contains(&offset))
            };
            let lost: Vec<String> = self
                .verification
                .findings
                .extract_if(.., |finding| is_inside(finding))
                .map(|finding| finding.message)
                .collect();
            let (seq, last, offset) = (part.segment.first_seq, part.segment.last_seq, part.from);
            let what = format!("the segment of records {seq} to {last}");
            let message = if lost.is_empty() {
                format!("{what} is damaged, and all of them are intact")
            } else {
                format!("{what} is missing or damaged: {}", lost.join("; "))
            };
            self.find(FindingClass::MissingSegment, message, Some(seq), Some(offset));
        }
    }

    fn note_bad_snapshots(&mut self, snapshots: &Snapshots) {
        for bad in &snapshots.bad {
            // One of another version of the projection is simply passed over.
            if !matches!(bad.fault, SnapshotFault::Version { .. }) {
                let message = format!("{} cannot be used: {}", bad.name, bad.fault);
                self.find(FindingClass::SnapshotMismatch, message, None, None);
            }
        }
    }

    fn read(&mut self, file: &dyn DiskFile, seed: Seed) -> Result<(), JournalError> {
        let mut reader = Reader::new(file, self.session, seed, Position::START);
        loop {
            match reader.next_step()? {
                Step::Record { found, before } => {
                    if let Some(wrong) = before {
                        self.note_wrong(file, wrong)?;
                    }
                    self.check_record(&found.view, found.offset)?;
                }
                Step::Misplaced { wrong, .. } => self.note_wrong(file, wrong)?,
                Step::End(end) => return Ok(self.note_end(file, end)?),
            }
        }
    }

    fn note_wrong(&mut self, file: &dyn DiskFile, wrong: Wrong) -> Result<(), DiskError> {
        let mut finding = wrong.finding;
        if let Some(damage) = wrong.damage
            && let Some(owner) =
                foreign::owner(file, damage.offset, damage.bytes, self.scope.others)?
        {
            let message = format!("a record of another journal, that of session {owner}");
            let Finding { seq, offset, .. } = finding;
            let class = FindingClass::Foreign;
            finding = Finding { seq, offset, ..Finding::new(self.session, class, message) };
        }
        self.verification.findings.push(finding);
        Ok(())
    }

    fn note_end(&mut self, file: &dyn DiskFile, end: End) -> Result<(), DiskError> {
        self.verification.bytes = end.file_len;
        match end.tail {
            Tail::Clean => Ok(()),
            Tail::Torn { finding, .. } => {
                self.verification.findings.push(finding);
                Ok(())
            }
            Tail::Ambiguous(wrong) => self.note_wrong(file, wrong),
        }
    }

    fn check_record(&mut self, view: &LineView<'_>, offset: u64) -> Result<(), JournalError> {
        let is_before = |(seq, _): &(u64, Link)| seq + 1 == view.seq;
        let before = self.last.filter(is_before);
        if before.is_none() && view.seq > 0 {
            self.state_known = false;
        }
        let follows = before.or(self.sealed.filter(is_before));
        if view.seq > 0 {
            self.verification.records += 1;
        }
        if self.scope.quick {
            self.last = Some((view.seq, view.prev));
            return Ok(());
        }
        if let Some((_, link)) = follows
            && link != view.prev
        {
            let message = format!("record {} does not follow from the one before it", view.seq);
            self.find(FindingClass::ChainBreak, message, Some(view.seq), Some(offset));
        }
        let link = view.link();
        self.last = Some((view.seq, link));
        self.check_anchors(view.seq, link, offset);
        if view.seq > 0 {
            self.check_event(view, offset)?;
            self.check_snapshots(view.seq, link, offset);
        }
        Ok(())
    }

    fn check_anchors(&mut self, seq: u64, link: Link, offset: u64) {
        for (anchored, expected) in self.scope.anchors {
            if *anchored == seq && *expected == link {
                self.verification.anchored = self.verification.anchored.max(seq);
            } else if *anchored == seq {
                let message = format!("record {seq} is not the one whose head was written down");
                self.find(FindingClass::ChainBreak, message, Some(seq), Some(offset));
            }
        }
    }

    fn check_event(&mut self, view: &LineView<'_>, offset: u64) -> Result<(), JournalError> {
        let data = match view.data {
            DataView::Present(data) => data,
            DataView::Erased(_) => {
                self.erased.insert(view.seq);
                let (session, at) = (self.session, self.header_at);
                self.projection
                    .get_or_insert_with(|| Projection::blank(session.clone(), at))
                    .apply_erased(view.seq, view.kind);
                return Ok(());
            }
        };
        let event = match Projection::read_event(self.projection.as_ref(), view.kind, data) {
            Ok(event) => event,
            Err(fault) => {
                let class = FindingClass::ImpossibleTransition;
                self.find(class, fault.to_string(), Some(view.seq), Some(offset));
                return Ok(());
            }
        };
        self.check_meaning(&event, view.seq, offset)?;
        let (session, at) = (self.session, self.header_at);
        self.projection
            .get_or_insert_with(|| Projection::blank(session.clone(), at))
            .apply(view.seq, view.at, &event);
        Ok(())
    }

    fn check_meaning(&mut self, event: &Event, seq: u64, offset: u64) -> Result<(), JournalError> {
        match event {
            Event::Recovered(recovered) => {
                self.header_replaced |= recovered.lost.iter().any(|lost| lost.first_seq == 0);
                self.state_known = true;
                return Ok(());
            }
            Event::Redacted(redacted) => {
                self.redacted.insert(redacted.seq);
            }
            Event::MessageRecorded(message) => {
                if let Some(blob) = &message.blob
                    && let Err(error) = read_blob(&**self.disk, self.paths, blob)
                {
                    let JournalError::Blob { .. } = error else { return Err(error) };
                    let class = FindingClass::MissingBlob;
                    self.find(class, error.to_string(), Some(seq), Some(offset));
                }
            }
            _ => {}
        }
        if self.state_known
            && let Err(impossible) = check_transition(self.projection.as_ref(), event)
        {
            let class = FindingClass::ImpossibleTransition;
            self.find(class, impossible.to_string(), Some(seq), Some(offset));
        }
        Ok(())
    }

    fn check_snapshots(&mut self, seq: u64, link: Link, offset: u64) {
        if !self.state_known {
            return;
        }
        let disagreeing = self.snapshots.iter().any(|snapshot| {
            snapshot.seq == seq
                && (snapshot.head != link || Some(&snapshot.state) != self.projection.as_ref())
        });
        if disagreeing {
            let message = format!("the snapshot at record {seq} says something else than replay");
            self.find(FindingClass::SnapshotMismatch, message, Some(seq), Some(offset));
        }
    }

    /// Holds the end against what the journal is known to have reached.
    fn check_floor(&mut self, snapshots: u64) {
        let end = self.last.map_or(0, |(seq, _)| seq);
        let anchors = self.scope.anchors.iter().map(|(seq, _)| *seq).max().unwrap_or(0);
        for (floor, what) in [(snapshots, "a snapshot"), (anchors, "an anchored head")] {
            if end < floor {
                let message = format!(
                    "the history ends at record {end}; {what} proves that it reached {floor}"
                );
                self.find(FindingClass::Truncated, message, Some(end + 1), None);
            }
        }
    }

    fn check_leftovers(&mut self) {
        if self.header_replaced {
            // The chain from the old header to the first record went with it.
            self.verification.findings.retain(|finding| {
                finding.class != FindingClass::ChainBreak || finding.seq != Some(1)
            });
        }
        let unexplained: Vec<u64> = self.erased.difference(&self.redacted).copied().collect();
        for seq in unexplained {
            let message =
                format!("the data of record {seq} were removed, and no redaction says by whom");
            self.find(FindingClass::ChainBreak, message, Some(seq), None);
        }
    }
}
