//! What a redaction has to know of the history before it begins.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::format::{DataView, LineView};
use crate::journal::JournalError;
use crate::journal::compaction::next_sound;
use crate::journal::opening::Journal;
use crate::journal::reader::Position;
use crate::journal::scan::Found;
use crate::vocabulary::{
    Command, Digest, Event, LostRange, Projection, Recovered, Redacted, Refusal, SessionMetadata,
    Upcasts, without_traces,
};

/// Why the state that a recovery had carried is carried on.
const CARRIED_ON: &str = "redacted";

/// A history, seen by whoever is about to remove the data of one of its records.
#[derive(Debug)]
pub(super) struct Survey {
    seq: u64,
    /// What the records come to without the data that go, and without carried states.
    proved: Projection,
    /// The records whose data go, in order.
    pub(super) targets: Vec<Target>,
    /// The data of the record that was asked for, unless they are gone.
    data: Option<Value>,
    /// Whether that record is there.
    is_there: bool,
    /// Whether an event says already that its data are gone.
    noted: bool,
    /// What recoveries say that show some of the data in the state that they carry.
    carriers: Vec<(u64, Recovered)>,
    /// The texts that the record refers to, and those that others do.
    blobs: BTreeSet<Digest>,
    blobs_of_others: BTreeSet<Digest>,
}

/// A record whose data go, where it stands in the history.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) offset: u64,
    pub(super) end_offset: u64,
    /// The record without them.
    pub(super) erased: Vec<u8>,
}

impl Survey {
    /// Reads all of the history, which has to prove itself before any of it is written again.
    ///
    /// # Errors
    ///
    /// [`Refusal::Indispensable`], [`JournalError::Corrupted`], and those of the medium.
    pub(super) fn of(journal: &Journal, seq: u64) -> Result<Self, JournalError> {
        let mut survey = Self::new(journal, seq);
        let mut reader = journal.reader_from(Position::START);
        while let Some(found) = next_sound(&mut reader)? {
            if survey.read(&found)?
                && let DataView::Present(_) = found.view.data
            {
                let erased = found.view.erased(journal.seed);
                let (offset, end_offset) = (found.offset, found.end_offset);
                survey.targets.push(Target { offset, end_offset, erased });
            }
        }
        Ok(survey)
    }

    fn new(journal: &Journal, seq: u64) -> Self {
        Self {
            seq,
            proved: Projection::blank(journal.session.clone(), journal.began),
            targets: Vec::new(),
            data: None,
            is_there: false,
            noted: false,
            carriers: Vec::new(),
            blobs: BTreeSet::new(),
            blobs_of_others: BTreeSet::new(),
        }
    }

    /// Whether the data of this record go.
    fn read(&mut self, found: &Found<'_>) -> Result<bool, JournalError> {
        let view = &found.view;
        let event = event_of(view);
        let is_it = view.seq == self.seq;
        if is_it {
            self.is_there = true;
            self.data = data_of(view);
        } else if let Some(event) = &event
            && !matches!(event, Event::Recovered(_))
        {
            self.proved.apply(view.seq, view.at, event);
        }
        match event {
            Some(Event::Redacted(earlier)) => {
                self.noted |= earlier.seq == self.seq;
                refuse(is_it, view.seq, "redacted")?;
            }
            Some(Event::Recovered(recovered)) => {
                refuse(is_it && recovered.state.is_none(), view.seq, "recovered")?;
                if is_it || view.seq > self.seq && self.shows_in(&recovered) {
                    self.carriers.push((view.seq, *recovered));
                    return Ok(true);
                }
            }
            Some(Event::MessageRecorded(message)) => {
                let blobs = if is_it { &mut self.blobs } else { &mut self.blobs_of_others };
                blobs.extend(message.blob.map(|blob| blob.digest));
            }
            _ => {}
        }
        Ok(is_it)
    }

    /// Whether the state that a recovery carries has some of the data. A record that is lost may
    /// have had any.
    fn shows_in(&self, recovered: &Recovered) -> bool {
        let is_unknown = self.is_there && self.data.is_none();
        recovered
            .state
            .as_ref()
            .is_some_and(|state| !is_unknown && self.without_traces(state) != **state)
    }

    fn without_traces(&self, state: &SessionMetadata) -> SessionMetadata {
        without_traces(state, self.data.as_ref(), &self.proved.metadata)
    }

    /// The recoveries that lose their data too.
    pub(super) fn carriers(&self) -> impl Iterator<Item = u64> {
        self.carriers.iter().map(|(seq, _)| *seq).filter(|seq| *seq != self.seq)
    }

    /// Whether everything that this redaction has to say has been said.
    pub(super) fn is_noted(&self) -> bool {
        self.noted && self.carriers.is_empty()
    }

    /// The texts that no record refers to any more.
    pub(super) fn forsaken_blobs(&self) -> impl Iterator<Item = &Digest> {
        self.blobs.difference(&self.blobs_of_others)
    }

    /// What is to be recorded: whose data went, and what recoveries had said that must stay.
    pub(super) fn notes(&self, redacted: &Redacted, now: &SessionMetadata) -> Vec<Command> {
        let also = self.carriers().map(|seq| Redacted { seq, ..redacted.clone() });
        let noted = std::iter::once(redacted.clone()).chain(also);
        let mut notes: Vec<Command> = noted.map(Command::NoteRedaction).collect();
        if !self.carriers.is_empty() {
            notes.push(Command::NoteRecovery(Box::new(self.carried_on(now))));
        }
        notes
    }

    /// The recovery that takes the place of those that lose their data.
    fn carried_on(&self, now: &SessionMetadata) -> Recovered {
        let recoveries = || self.carriers.iter().map(|(_, recovered)| recovered);
        let lost: Vec<LostRange> = recoveries().flat_map(|one| one.lost.clone()).collect();
        let quarantined = recoveries().flat_map(|one| one.quarantined.clone()).collect();
        let state = Some(Box::new(self.without_traces(now)));
        Recovered { reason: CARRIED_ON.to_owned(), lost, quarantined, state }
    }
}

/// A gap is excused, and missing data are explained, by events that must stay.
fn refuse(is_asked_for: bool, seq: u64, kind: &'static str) -> Result<(), Refusal> {
    if is_asked_for { Err(Refusal::Indispensable { seq, kind }) } else { Ok(()) }
}

fn event_of(view: &LineView<'_>) -> Option<Event> {
    match view.data {
        DataView::Present(data) => Event::from_data(view.kind, data, &Upcasts::CURRENT).ok(),
        DataView::Erased(_) => None,
    }
}

fn data_of(view: &LineView<'_>) -> Option<Value> {
    match view.data {
        DataView::Present(data) => serde_json::from_str(data).ok(),
        DataView::Erased(_) => None,
    }
}
