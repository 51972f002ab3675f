//! Whether what several processes were told about one session could have happened one after the
//! other, each between its question and its answer, in the order of the journal.
//!
//! That order is given, so nothing has to be searched for: each operation has its place, and the
//! places are compared with the times. Sessions are independent of each other, and a whole history
//! is linearizable if that of each object is (Herlihy and Wing, 1990).

use annals::vocabulary::{Event, SessionId};

use crate::history::{Answer, Course, Operation, Recorded};

/// Why a history could not have happened; operations by their index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Objection {
    /// A sequence number is missing or stands twice.
    NotDense { seq: u64 },
    /// An answer tells of a state that the session never had.
    NeverSo { operation: usize },
    /// It was carried out, says its answer, and neither has it a record of its own nor was there
    /// nothing to do.
    Lost { operation: usize },
    /// Nobody asked for this record, or it was asked for once and stands twice.
    NobodyAsked { seq: u64 },
    /// Its place is before that of something that was answered before it was asked.
    OutOfOrder { operation: usize },
    /// It was refused, and at no moment until its answer was there a reason to.
    NoReason { operation: usize },
}

impl Objection {
    /// The operation that it is about, if it is about one.
    pub(crate) fn operation(self) -> Option<usize> {
        match self {
            Self::NeverSo { operation }
            | Self::Lost { operation }
            | Self::OutOfOrder { operation }
            | Self::NoReason { operation } => Some(operation),
            Self::NotDense { .. } | Self::NobodyAsked { .. } => None,
        }
    }
}

/// What a history that could have happened holds.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) recorded: usize,
    /// Answered, and there was nothing to change.
    pub(crate) observed: usize,
    pub(crate) refused: usize,
    pub(crate) busy: usize,
    /// Never answered, and recorded all the same.
    pub(crate) recorded_unanswered: usize,
    /// Never answered, and nowhere to be found.
    pub(crate) vanished: usize,
}

/// Checks one session's history. The operations of a process stand in the order it was asked.
pub(crate) fn check(
    session: &SessionId,
    journal: &[Recorded],
    operations: &[Operation],
) -> Result<Tally, Objection> {
    if let Some((record, seq)) = journal.iter().zip(1..).find(|(record, seq)| record.seq != *seq) {
        return Err(Objection::NotDense { seq: seq.min(record.seq) });
    }
    let course = Course::of(session, journal);
    let mut places = Places {
        of_operations: vec![None; operations.len()],
        is_taken: vec![false; journal.len() + 1],
    };
    for (number, operation) in operations.iter().enumerate() {
        if let Some((_, Answer::Done(_))) = operation.answered {
            places.place_answered(&course, number, operation)?;
        }
    }
    places.place_unanswered(&course, operations)?;
    places.compare_with_times(&course, operations)?;
    Ok(places.tally(operations))
}

/// Where an operation stands in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// The last record that it sees: its own, if it has made one.
    seq: u64,
    /// Whether it comes after everything that made this record, as one does that only looks.
    looks: bool,
}

struct Places {
    of_operations: Vec<Option<Place>>,
    /// By sequence number: whether it is known who made the record.
    is_taken: Vec<bool>,
}

impl Places {
    fn take(&mut self, operation: usize, seq: u64) {
        self.is_taken[seq as usize] = true;
        self.of_operations[operation] = Some(Place { seq, looks: false });
    }

    fn place_answered(
        &mut self,
        course: &Course<'_>,
        number: usize,
        operation: &Operation,
    ) -> Result<(), Objection> {
        let Some((_, Answer::Done(told))) = &operation.answered else { return Ok(()) };
        let seq = told.seq;
        if course.metadata(seq) != Some(told) {
            return Err(Objection::NeverSo { operation: number });
        }
        if !self.is_taken[seq as usize] && course.makes(operation, seq) {
            self.take(number, seq);
        } else if course.changes_nothing(operation, seq) {
            self.of_operations[number] = Some(Place { seq, looks: true });
        } else {
            return Err(Objection::Lost { operation: number });
        }
        Ok(())
    }

    /// Finds out who made the remaining records: the session's beginning and repairs have been
    /// asked for by nobody, all others by somebody who did not live to be answered.
    fn place_unanswered(
        &mut self,
        course: &Course<'_>,
        operations: &[Operation],
    ) -> Result<(), Objection> {
        for seq in 1..=course.last_seq() {
            let of_itself = match course.record(seq).event {
                Event::Recovered(_) => true,
                Event::Created(_) => seq == 1,
                _ => false,
            };
            if self.is_taken[seq as usize] || of_itself {
                continue;
            }
            let unanswered = operations.iter().enumerate().find(|(number, operation)| {
                operation.answered.is_none()
                    && self.of_operations[*number].is_none()
                    && course.makes(operation, seq)
            });
            let (number, _) = unanswered.ok_or(Objection::NobodyAsked { seq })?;
            self.take(number, seq);
        }
        Ok(())
    }

    /// Goes through all questions and answers in the order of their times.
    fn compare_with_times(
        &mut self,
        course: &Course<'_>,
        operations: &[Operation],
    ) -> Result<(), Objection> {
        let ceilings = self.ceilings(operations, course.last_seq());
        let asked = operations.iter().enumerate().map(|(number, it)| (it.asked, false, number));
        let answered = operations.iter().enumerate().filter_map(|(number, operation)| {
            operation.answered.as_ref().map(|(time, _)| (*time, true, number))
        });
        let mut moments: Vec<(u64, bool, usize)> = asked.chain(answered).collect();
        moments.sort_unstable();
        let mut floor = Place { seq: 0, looks: false };
        for (_, is_answer, number) in moments {
            let operation = &operations[number];
            if is_answer {
                floor = floor.max(self.of_operations[number].unwrap_or(floor));
            } else if let Some(place) = self.of_operations[number] {
                if place < floor {
                    return Err(Objection::OutOfOrder { operation: number });
                }
            } else if let Some((time, answer @ (Answer::Conflict | Answer::Refused))) =
                &operation.answered
            {
                // The earliest moment leaves the most room to those that come after.
                let ceiling = ceiling_after(&ceilings, *time, course.last_seq());
                let seq = (floor.seq..=ceiling)
                    .find(|&seq| course.refuses(operation, answer, seq))
                    .ok_or(Objection::NoReason { operation: number })?;
                self.of_operations[number] = Some(Place { seq, looks: true });
            }
        }
        Ok(())
    }

    /// For each time at which something was asked that has a place, the last record that anything
    /// answered earlier can have seen.
    fn ceilings(&self, operations: &[Operation], last_seq: u64) -> Vec<(u64, u64)> {
        let placed = operations.iter().zip(&self.of_operations);
        let mut ceilings: Vec<(u64, u64)> = placed
            .filter_map(|(operation, place)| {
                let Place { seq, looks } = (*place)?;
                Some((operation.asked, if looks { seq } else { seq - 1 }))
            })
            .collect();
        ceilings.sort_unstable();
        let mut lowest = last_seq;
        for (_, ceiling) in ceilings.iter_mut().rev() {
            lowest = lowest.min(*ceiling);
            *ceiling = lowest;
        }
        ceilings
    }

    fn tally(&self, operations: &[Operation]) -> Tally {
        let mut tally = Tally::default();
        for (operation, place) in operations.iter().zip(&self.of_operations) {
            let counter = match (&operation.answered, place) {
                (Some((_, Answer::Busy)), _) => &mut tally.busy,
                (Some((_, Answer::Conflict | Answer::Refused)), _) => &mut tally.refused,
                (Some((_, Answer::Done(_))), Some(Place { looks: true, .. })) => {
                    &mut tally.observed
                }
                (Some((_, Answer::Done(_))), _) => &mut tally.recorded,
                (None, Some(_)) => &mut tally.recorded_unanswered,
                (None, None) => &mut tally.vanished,
            };
            *counter += 1;
        }
        tally
    }
}

fn ceiling_after(ceilings: &[(u64, u64)], time: u64, last_seq: u64) -> u64 {
    let after = ceilings.partition_point(|(asked, _)| *asked <= time);
    ceilings.get(after).map_or(last_seq, |(_, ceiling)| *ceiling)
}
