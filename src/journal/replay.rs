//! Folding what a reader delivers.

use super::reader::{End, Position, Reader, Step, Tail, Wrong};
use crate::disk::DiskError;
use crate::format::{DataView, LineView, parse};
use crate::vocabulary::{Finding, FindingClass, Link, Projection, SessionId};

/// What a journal comes to, as far as it was read.
#[derive(Debug, Clone)]
pub struct Replay {
    /// The state.
    pub projection: Projection,
    /// The last record, 0 where there is only the header.
    pub seq: u64,
    /// Its link.
    pub head: Link,
    /// Where it begins.
    pub last_offset: u64,
    /// Where it ends, and the next one goes.
    pub end_offset: u64,
    /// The length of the file when its end was read.
    pub file_len: u64,
    /// Whether it may be written to.
    pub condition: Condition,
    /// Everything wrong that was met.
    pub findings: Vec<Finding>,
}

/// Whether a journal may be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// It may.
    Sound,
    /// It may, once the unfinished write at its end has been set aside.
    Torn {
        /// How many bytes of that write arrived.
        bytes: u64,
        /// Whether the last record is all there but for its line feed.
        lacks_line_feed: bool,
    },
    /// It may not, until it was recovered.
    Damaged(Finding),
}

impl Replay {
    /// Folds all that a reader delivers from where this stands. Each record is also shown to
    /// `witness`.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    pub fn continue_with(
        &mut self,
        mut reader: Reader<'_>,
        mut witness: impl FnMut(&LineView<'_>),
    ) -> Result<(), DiskError> {
        let mut last_line = Vec::new();
        loop {
            match reader.next_step()? {
                Step::Record { found, before } => {
                    self.note(before);
                    last_line.clear();
                    last_line.extend_from_slice(found.line);
                    self.seq = found.view.seq;
                    self.last_offset = found.offset;
                    self.end_offset = found.end_offset;
                    if found.view.seq > 0 {
                        apply_line(&mut self.projection, &found.view);
                    }
                    witness(&found.view);
                }
                Step::Misplaced { wrong, .. } => self.note(Some(wrong)),
                Step::End(end) => {
                    self.close(end);
                    break;
                }
            }
        }
        if let Ok(view) = parse(&last_line) {
            self.head = view.link();
        }
        Ok(())
    }

    /// Holds the journal against a sequence number that it is known to have reached.
    pub fn check_floor(&mut self, session: &SessionId, floor: u64) {
        if self.seq < floor {
            let message =
                format!("the history ends at record {}, and had reached {floor}", self.seq);
            let finding = Finding::new(session, FindingClass::Truncated, message)
                .at_seq(self.seq + 1)
                .at_offset(self.end_offset);
            self.damaged(finding);
        }
    }

    /// Notes damage: the first that is met keeps writers out.
    pub fn damaged(&mut self, finding: Finding) {
        if !matches!(self.condition, Condition::Damaged(_)) {
            self.condition = Condition::Damaged(finding.clone());
        }
        self.findings.push(finding);
    }

    fn note(&mut self, wrong: Option<Wrong>) {
        if let Some(wrong) = wrong {
            self.damaged(wrong.finding);
        }
    }

    fn close(&mut self, end: End) {
        self.file_len = end.file_len;
        match end.tail {
            Tail::Clean => {}
            Tail::Torn { bytes, lacks_line_feed, finding } => {
                if self.condition == Condition::Sound {
                    self.condition = Condition::Torn { bytes, lacks_line_feed };
                }
                self.findings.push(finding);
            }
            Tail::Ambiguous(wrong) => self.damaged(wrong.finding),
        }
    }

    /// Where reading goes on.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { seq: self.seq + 1, offset: self.end_offset }
    }
}

/// Folds one more line into a state.
pub fn apply_line(projection: &mut Projection, view: &LineView<'_>) {
    match view.data {
        DataView::Present(data) => {
            match Projection::read_event(Some(projection), view.kind, data) {
                Ok(event) => projection.apply(view.seq, view.at, &event),
                // It proves itself, and says nothing that can be folded: `verify` reports it.
                Err(_) => projection.metadata.seq = view.seq,
            }
        }
        DataView::Erased(_) => projection.apply_erased(view.seq, view.kind),
    }
}
