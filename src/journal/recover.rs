//! Repairing a journal: everything that proves itself is kept, the original is set aside, and what
//! was lost is named in a record of its own.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;

use super::batch::{Batch, Prepared};
use super::opening::Journal;
use super::quarantine::{Original, name_of, set_aside};
use super::reader::{End, Position, Step, Tail, Wrong, lost_by};
use super::replay::apply_line;
use super::rewriting::Rewriting;
use super::segments;
use super::settings::Settings;
use super::snapshots::{self, Snapshots};
use super::writer::snapshot_of;
use super::{JournalError, repair};
use crate::disk::{Access, Disk, DiskError, DiskFile, FileLock, FileLockGuard};
use crate::format::layout::SessionPaths;
use crate::format::{Header, Segment, parse};
use crate::vocabulary::{
    Author, Event, Finding, FindingClass, Holder, Key, Link, LostRange, Projection, Recovered,
    SessionId, Timestamp,
};

/// What a recovery did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovery {
    /// Records kept, the header and the `recovered` record not counted.
    pub records_kept: u64,
    /// Records that could not be kept.
    pub lost: Vec<LostRange>,
    /// Files that hold the bytes set aside, relative to the session's folder.
    pub quarantined: Vec<String>,
    /// What was wrong.
    pub findings: Vec<Finding>,
    /// Whether anything was (or would be) changed.
    pub changed: bool,
}

/// Says what a recovery of a session would do. It takes no lock, and changes nothing.
///
/// # Errors
///
/// [`JournalError::Missing`], [`JournalError::Corrupted`] when nothing can be proved, and those of
/// the medium.
pub fn plan_recovery(
    disk: &Arc<dyn Disk>,
    paths: &SessionPaths,
    session: &SessionId,
) -> Result<Recovery, JournalError> {
    let salvage = Salvage::of(disk, paths, session)?;
    let mut recovery = salvage.recovery();
    if recovery.changed {
        for (what, file) in salvage.originals()? {
            recovery.quarantined.push(name_of(&*file, what, 0, file.info()?.len)?);
        }
    }
    Ok(recovery)
}

/// Repairs a session under its lock. Run again, it finds nothing to do.
///
/// # Errors
///
/// As of [`plan_recovery`], and [`JournalError::Lock`]. If it fails half-way, the journal is as it
/// was, and the recovery can be run again.
pub fn recover(
    disk: &Arc<dyn Disk>,
    paths: &SessionPaths,
    session: &SessionId,
    by: &Author,
    settings: &Settings,
) -> Result<Recovery, JournalError> {
    if disk.info(paths.root())?.is_none() {
        return Err(JournalError::Missing { path: paths.root().to_owned() });
    }
    let lock = FileLock::open(&**disk, &paths.lock())?;
    let now = settings.clock.now();
    let holder = Holder { by: by.clone(), since: now };
    let (guard, previous) = lock.exclusive(&holder, settings.lock_timeout)?;
    if previous.suspect {
        repair::renew(&mut Journal::open(disk, paths.clone(), session.clone())?)?;
        guard.clear_suspect()?;
    }
    let salvage = Salvage::of(disk, paths, session)?;
    let mut recovery = salvage.recovery();
    if !recovery.changed {
        return Ok(recovery);
    }
    for (what, file) in salvage.originals()? {
        let len = file.info()?.len;
        recovery.quarantined.push(set_aside(&**disk, paths, &*file, what, 0, len)?);
    }
    salvage.rewrite(&recovery, by, now, &guard)?;
    // Their records are in the journal again.
    segments::remove_unnamed(&**disk, paths, &[])?;
    // Made of the old journal, the snapshots say nothing about the new one.
    snapshots::discard(&**disk, paths)?;
    let journal = Journal::open(disk, paths.clone(), session.clone())?;
    snapshots::write(&**disk, paths, &snapshot_of(&journal, true))?;
    Ok(recovery)
}

/// Open files that are to be set aside.
type Originals = Vec<(Original, Box<dyn DiskFile>)>;

/// A record to keep.
#[derive(Debug, Clone, Copy)]
struct Kept {
    offset: u64,
    length: u64,
    prev: Link,
    link: Link,
}

/// Everything that can be proved of a damaged journal.
struct Salvage {
    journal: Journal,
    snapshots: Snapshots,
    /// By sequence number; where one stands twice, the chain decides below.
    candidates: BTreeMap<u64, Vec<Kept>>,
    /// What is wrong between them.
    wrongs: Vec<Wrong>,
    end: End,
    /// What earlier recoveries have named, with where and in which record each says so.
    named: Vec<(u64, u64, LostRange)>,
}

impl Salvage {
    fn of(
        disk: &Arc<dyn Disk>,
        paths: &SessionPaths,
        session: &SessionId,
    ) -> Result<Self, JournalError> {
        let journal = Journal::open(disk, paths.clone(), session.clone())?;
        let snapshots = Snapshots::read(&**disk, paths, Some(journal.id))?;
        let mut candidates: BTreeMap<u64, Vec<Kept>> = BTreeMap::new();
        let (mut wrongs, mut named) = (Vec::new(), Vec::new());
        let mut reader = journal.reader_from(Position::START);
        let end = loop {
            let (found, wrong) = match reader.next_step()? {
                Step::Record { found, before } => (found, before),
                Step::Misplaced { found, wrong } => (found, Some(wrong)),
                Step::End(end) => break end,
            };
            wrongs.extend(wrong);
            let (offset, seq) = (found.offset, found.view.seq);
            named.extend(lost_by(&found.view).into_iter().map(|range| (offset, seq, range)));
            let length = found.line.len() as u64;
            let (prev, link) = (found.view.prev, found.view.link());
            let kept = Kept { offset, length, prev, link };
            candidates.entry(seq).or_default().push(kept);
        };
        drop(reader);
        Ok(Self { journal, snapshots, candidates, wrongs, end, named })
    }

    /// The files that are damaged, or are about to be replaced.
    fn originals(&self) -> Result<Originals, DiskError> {
        let (disk, paths) = (&self.journal.disk, &self.journal.paths);
        let mut originals = vec![(Original::Journal, disk.open(&paths.journal(), Access::Read)?)];
        for part in self.journal.file.broken() {
            match disk.open(&part.path, Access::Read) {
                Ok(file) => {
                    let Segment { first_seq, last_seq, .. } = part.segment;
                    originals.push((Original::Segment { first_seq, last_seq }, file));
                }
                Err(gone) if gone.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(originals)
    }

    /// One record for each sequence number: where there are several, the one that the next record
    /// follows from, or the first.
    fn kept(&self) -> Vec<(u64, Kept)> {
        let chosen = self.candidates.iter().filter_map(|(&seq, standing)| {
            let next = self.candidates.get(&(seq + 1));
            let is_followed = |kept: &&Kept| {
                next.is_some_and(|next| next.iter().any(|record| record.prev == kept.link))
            };
            let kept = standing.iter().find(is_followed).or_else(|| standing.first())?;
            Some((seq, *kept))
        });
        chosen.collect()
    }

    /// The records that are missing and that no earlier recovery has named.
    fn lost(&self) -> Vec<LostRange> {
        let mut missing = Vec::new();
        let mut expected = 0;
        for &seq in self.candidates.keys() {
            if seq > expected {
                missing.push(self.range(expected, seq - 1));
            }
            expected = seq + 1;
        }
        let tail = match &self.end.tail {
            Tail::Ambiguous(wrong) => wrong.lost.map_or(0, |lost| lost.last_seq),
            Tail::Clean | Tail::Torn { .. } => 0,
        };
        let reached = self.snapshots.floor().max(tail);
        if reached >= expected {
            missing.push(self.range(expected, reached));
        }
        let excused = self.excused();
        missing.into_iter().flat_map(|range| without(range, &excused)).collect()
    }

    /// What the recoveries that are kept have named, as far as it lies before them.
    fn excused(&self) -> Vec<LostRange> {
        let kept = self.kept();
        let is_kept = |offset: u64| kept.iter().any(|(_, kept)| kept.offset == offset);
        let standing = self
            .named
            .iter()
            .filter(|(offset, seq, range)| is_kept(*offset) && range.first_seq < *seq);
        let before = standing.map(|(_, seq, range)| {
            let last_seq = range.last_seq.min(seq - 1);
            LostRange { last_seq, ..*range }
        });
        before.collect()
    }

    /// A range with the bytes that were found in its place.
    fn range(&self, first_seq: u64, last_seq: u64) -> LostRange {
        let tail = match &self.end.tail {
            Tail::Ambiguous(wrong) => Some(wrong),
            Tail::Clean | Tail::Torn { .. } => None,
        };
        let known = self.wrongs.iter().chain(tail).filter_map(|wrong| wrong.lost);
        let bytes = known.filter(|lost| lost.first_seq == first_seq).map(|lost| lost.bytes).sum();
        LostRange { first_seq, last_seq, bytes }
    }

    fn recovery(&self) -> Recovery {
        let mut findings: Vec<Finding> =
            self.wrongs.iter().map(|wrong| wrong.finding.clone()).collect();
        match &self.end.tail {
            Tail::Clean => {}
            Tail::Torn { finding, .. } => findings.push(finding.clone()),
            Tail::Ambiguous(wrong) => findings.push(wrong.finding.clone()),
        }
        findings.extend(self.journal.file.broken().iter().map(|part| {
            let Segment { first_seq, last_seq, .. } = part.segment;
            let message =
                format!("the segment of records {first_seq} to {last_seq} is missing or damaged");
            Finding::new(&self.journal.session, FindingClass::MissingSegment, message)
                .at_seq(first_seq)
                .at_offset(part.from)
        }));
        let lost = self.lost();
        let truncated = self.journal.replay.findings.iter();
        findings.extend(truncated.filter(|f| f.class == FindingClass::Truncated).cloned());
        let records_kept = self.candidates.keys().filter(|&&seq| seq > 0).count() as u64;
        let changed = !findings.is_empty() || !lost.is_empty();
        Recovery { records_kept, lost, quarantined: Vec::new(), findings, changed }
    }

    /// Puts a journal of the kept records, closed by the note of the recovery, in the place of the
    /// damaged one.
    fn rewrite(
        &self,
        recovery: &Recovery,
        by: &Author,
        at: Timestamp,
        guard: &FileLockGuard<'_>,
    ) -> Result<(), JournalError> {
        let mut writing = Rewriting::begin(&*self.journal.disk, &self.journal.paths)?;
        let mut projection = self.start(at);
        let snapshot_seq = projection.metadata.seq;
        let mut kept = self.kept();
        if kept.first().is_none_or(|(seq, _)| *seq > 0) {
            let header = Header::new(self.journal.id, self.journal.session.clone());
            let line = header.encode(at, &by.clone().bounded(), &Key::generate())?;
            writing.put(0, line.link, &line.line)?;
        }
        for (seq, record) in kept.drain(..) {
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
        let batch = Batch::encode(self.journal.seed, last, writing.head, &[note])?;
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
            _ => Projection::blank(self.journal.session.clone(), at),
        }
    }

    /// The bytes of a record, with a line feed.
    fn line_of(&self, record: &Kept) -> Result<Vec<u8>, DiskError> {
        let length = usize::try_from(record.length).unwrap_or(0);
        let mut line = vec![0; length];
        let read = self.journal.file.read_at(record.offset, &mut line)?;
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

/// What is left of a range without the parts that others cover.
fn without(range: LostRange, covered: &[LostRange]) -> Vec<LostRange> {
    let mut left = vec![range];
    for cover in covered {
        left = left.into_iter().flat_map(|part| without_one(part, cover)).collect();
    }
    left
}

fn without_one(range: LostRange, cover: &LostRange) -> Vec<LostRange> {
    if cover.last_seq < range.first_seq || cover.first_seq > range.last_seq {
        return vec![range];
    }
    let mut left = Vec::new();
    if cover.first_seq > range.first_seq {
        left.push(LostRange { last_seq: cover.first_seq - 1, ..range });
    }
    if cover.last_seq < range.last_seq {
        left.push(LostRange { first_seq: cover.last_seq + 1, ..range });
    }
    left
}
