//! Replaying a journal in memory.

use super::super::Depth;
use super::journal::{Journal, link};
use crate::vocabulary::{
    Data, Event, Finding, FindingClass, Link, Projection, Record, SessionId, Verification,
    check_transition, replay,
};

/// Checks that sequence numbers are dense and anchors hold and, unless the depth is quick, that
/// the chain is whole, each event could follow its state, and long texts are there.
pub(super) fn verify(session: &SessionId, journal: &Journal, depth: &Depth) -> Verification {
    let mut check = Check { session, verification: Verification::default() };
    let mut state = None;
    let mut prev = journal.header();
    for (record, seq) in journal.records().iter().zip(1..) {
        check.sequence(record, seq);
        if !depth.quick {
            check.chain(record, prev);
            state = Some(check.transition(record, state, journal));
        }
        prev = record.link;
        check.verification.records += 1;
        check.verification.bytes += data_bytes(record);
    }
    for &(seq, anchor) in &depth.anchors {
        check.anchor(journal, seq, anchor);
    }
    check.verification
}

fn data_bytes(record: &Record) -> u64 {
    match &record.data {
        Data::Present(data) => data.get().len() as u64,
        Data::Erased(_) => 0,
    }
}

struct Check<'a> {
    session: &'a SessionId,
    verification: Verification,
}

impl Check<'_> {
    fn find(&mut self, class: FindingClass, seq: u64, message: impl Into<String>) {
        let finding = Finding::new(self.session, class, message).at_seq(seq);
        self.verification.findings.push(finding);
    }

    fn sequence(&mut self, record: &Record, seq: u64) {
        if record.seq != seq {
            let message = format!("record {} stands where {seq} belongs", record.seq);
            self.find(FindingClass::SequenceGap, record.seq, message);
        }
    }

    fn chain(&mut self, record: &Record, prev: Link) {
        let proven = link(record).is_ok_and(|link| link == record.link);
        if record.prev != prev || !proven {
            let message = "the record does not follow from the one before it";
            self.find(FindingClass::ChainBreak, record.seq, message);
        }
    }

    fn transition(
        &mut self,
        record: &Record,
        state: Option<Projection>,
        journal: &Journal,
    ) -> Projection {
        match record.event() {
            Ok(Some(event)) => {
                if let Err(impossible) = check_transition(state.as_ref(), &event) {
                    let message = impossible.to_string();
                    self.find(FindingClass::ImpossibleTransition, record.seq, message);
                }
                self.text(record.seq, &event, journal);
            }
            Ok(None) => {}
            Err(fault) => self.find(FindingClass::Corrupt, record.seq, fault.to_string()),
        }
        let blank = || Projection::blank(self.session.clone(), record.at);
        replay(state.unwrap_or_else(blank), record)
    }

    fn text(&mut self, seq: u64, event: &Event, journal: &Journal) {
        let Event::MessageRecorded(message) = event else { return };
        if let Some(blob) = message.blob.filter(|blob| journal.text(blob).is_none()) {
            let message = format!("the text {} is missing", blob.digest);
            self.find(FindingClass::MissingBlob, seq, message);
        }
    }

    fn anchor(&mut self, journal: &Journal, seq: u64, anchor: Link) {
        let held = match seq {
            0 => Some(journal.header()),
            seq => journal.records().iter().find(|record| record.seq == seq).map(|held| held.link),
        };
        match held {
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
