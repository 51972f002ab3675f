//! Replaying a journal in memory.

use super::journal::{Journal, Line};
use crate::format::{Header, LineFault, parse, verify_checksum};
use crate::repository::Depth;
use crate::vocabulary::{
    Event, Finding, FindingClass, Link, Projection, Record, SessionId, Verification,
    check_transition, replay,
};

/// Checks the header, every checksum, that sequence numbers are dense, and that anchors hold;
/// unless the depth is quick, also that the chain is whole, that each event could follow its
/// state, and that long texts are there.
pub(super) fn verify(session: &SessionId, journal: &Journal, depth: &Depth) -> Verification {
    let mut check = Check { session, journal, verification: Verification::default() };
    check.header();
    let mut state = None;
    let mut prev = journal.header().link;
    for (line, seq) in journal.lines().iter().zip(1..) {
        match check.line(line, seq) {
            Ok(record) if !depth.quick => {
                check.chain(line, &record, prev);
                state = Some(check.transition(&record, state));
            }
            Ok(_) => {}
            Err(fault) => check.find(FindingClass::Corrupt, seq, fault.to_string()),
        }
        prev = line.link;
    }
    for &(seq, anchor) in &depth.anchors {
        check.anchor(seq, anchor);
    }
    check.verification
}

struct Check<'a> {
    session: &'a SessionId,
    journal: &'a Journal,
    verification: Verification,
}

impl Check<'_> {
    fn find(&mut self, class: FindingClass, seq: u64, message: impl Into<String>) {
        let finding = Finding::new(self.session, class, message).at_seq(seq);
        self.verification.findings.push(finding);
    }

    fn header(&mut self) {
        let header = &self.journal.header().text;
        self.verification.bytes += header.len() as u64 + 1;
        match Header::decode(header) {
            Ok((header, _)) if header.session == *self.session => {}
            Ok((header, _)) => {
                let message = format!("the journal is that of {}", header.session);
                self.find(FindingClass::Header, 0, message);
            }
            Err(fault) => self.find(FindingClass::Header, 0, fault.to_string()),
        }
    }

    fn line(&mut self, line: &Line, seq: u64) -> Result<Record, LineFault> {
        self.verification.bytes += line.text.len() as u64 + 1;
        verify_checksum(self.journal.seed(), &line.text)?;
        let record = parse(&line.text)?.to_record()?;
        self.verification.records += 1;
        if record.seq != seq {
            let message = format!("record {} stands where {seq} belongs", record.seq);
            self.find(FindingClass::SequenceGap, record.seq, message);
        }
        Ok(record)
    }

    fn chain(&mut self, line: &Line, record: &Record, prev: Link) {
        if record.prev != prev || record.link != line.link {
            let message = "the record does not follow from the one before it";
            self.find(FindingClass::ChainBreak, record.seq, message);
        }
    }

    fn transition(&mut self, record: &Record, state: Option<Projection>) -> Projection {
        match record.event() {
            Ok(Some(event)) => {
                if let Err(impossible) = check_transition(state.as_ref(), &event) {
                    let message = impossible.to_string();
                    self.find(FindingClass::ImpossibleTransition, record.seq, message);
                }
                self.text(record.seq, &event);
            }
            Ok(None) => {}
            Err(fault) => self.find(FindingClass::Corrupt, record.seq, fault.to_string()),
        }
        let blank = || Projection::blank(self.session.clone(), record.at);
        replay(state.unwrap_or_else(blank), record)
    }

    fn text(&mut self, seq: u64, event: &Event) {
        let Event::MessageRecorded(message) = event else { return };
        if let Some(blob) = message.blob.filter(|blob| self.journal.text(blob).is_none()) {
            let message = format!("the text {} is missing", blob.digest);
            self.find(FindingClass::MissingBlob, seq, message);
        }
    }

    fn anchor(&mut self, seq: u64, anchor: Link) {
        let lines = std::iter::once(self.journal.header()).chain(self.journal.lines());
        match lines.zip(0..).find(|(_, known)| *known == seq).map(|(line, _)| line.link) {
            Some(link) if link == anchor => {
                self.verification.anchored = self.verification.anchored.max(seq);
            }
            Some(_) => {
                let message = format!("the history up to {seq} is not the one that was anchored");
                self.find(FindingClass::ChainBreak, seq, message);
            }
            None => {
                let message = format!("the history was anchored at {seq}, and ends before it");
                self.find(FindingClass::Truncated, seq, message);
            }
        }
    }
}
