//! The check of histories can fail: it objects to every history that could not have happened.

use annals::vocabulary::{
    Append, Author, Command, Entry, ExpectedSeq, Key, NewMessage, NewSession, Plan, Projection,
    Rejection, Role, SessionId, Timestamp, plan,
};

use crate::history::{Answer, Operation, Recorded};
use crate::linearizability::{Objection, Tally, check};

const ONE: u32 = 1;
const TWO: u32 = 2;

/// A session that is used by one after the other, at times 10, 20, 30 …
struct Story {
    session: SessionId,
    state: Projection,
    journal: Vec<Recorded>,
    operations: Vec<Operation>,
}

impl Story {
    /// A session of one record.
    fn new() -> Self {
        let session: SessionId = "shared".parse().unwrap();
        let mut story = Self {
            state: Projection::blank(session.clone(), Timestamp::EPOCH),
            session,
            journal: Vec::new(),
            operations: Vec::new(),
        };
        let new = Append::one(Command::Create(NewSession::default()), nobody());
        story.write(0, plan(&story.session, None, new, Timestamp::EPOCH, |_| None).unwrap());
        story
    }

    fn write(&mut self, process: u32, plan: Plan) {
        for planned in plan.events {
            let key = planned.key.unwrap_or_else(Key::generate);
            let (seq, at, event) = (planned.seq, Timestamp::EPOCH, planned.event);
            self.journal.push(Recorded { seq, process, key, at, event });
        }
        self.state = plan.state;
    }

    /// Somebody does something, and is answered before the next one does.
    fn does(&mut self, process: u32, command: Option<Command>, expected: ExpectedSeq) {
        let entries = command.clone().map(|command| Entry { command, key: None });
        let append = Append { expected, entries: entries.into_iter().collect(), by: nobody() };
        let planned = plan(&self.session, Some(&self.state), append, Timestamp::EPOCH, |_| None);
        let answer = match planned {
            Ok(plan) => {
                self.write(process, plan);
                Answer::Done(Box::new(self.state.metadata.clone()))
            }
            Err(Rejection::Conflict { .. }) => Answer::Conflict,
            Err(Rejection::Refused(_)) => Answer::Refused,
        };
        let asked = (self.operations.len() as u64 + 1) * 10;
        let answered = Some((asked + 5, answer));
        self.operations.push(Operation { process, command, expected, key: None, asked, answered });
    }

    fn tags(&mut self, process: u32, tag: &str) {
        self.does(process, Some(Command::Tag(tag.parse().unwrap())), ExpectedSeq::Any);
    }

    fn judged(&self) -> Result<Tally, Objection> {
        check(&self.session, &self.journal, &self.operations)
    }

    /// Gives the records new numbers, as they stand.
    fn renumber(&mut self) {
        self.journal.iter_mut().zip(1..).for_each(|(record, seq)| record.seq = seq);
    }
}

fn nobody() -> Author {
    let nobody = String::new;
    Author { user: nobody(), host: nobody(), pid: 0, program: nobody(), version: nobody() }
}

/// Two processes tag in turn; records 2 to 5.
fn four_tags() -> Story {
    let mut story = Story::new();
    for (process, tag) in [(ONE, "a"), (TWO, "b"), (ONE, "c"), (TWO, "d")] {
        story.tags(process, tag);
    }
    story
}

#[test]
fn what_happened_one_after_the_other_is_accepted() {
    let mut story = four_tags();
    story.tags(ONE, "a");
    story.does(TWO, None, ExpectedSeq::Any);
    story.does(TWO, Some(Command::Archive), ExpectedSeq::Exactly(4));
    story.does(TWO, Some(Command::Restore), ExpectedSeq::Any);
    story.does(ONE, Some(Command::Archive), ExpectedSeq::Exactly(5));
    let expected = Tally { recorded: 5, observed: 2, refused: 2, ..Tally::default() };
    assert_eq!(story.judged(), Ok(expected));
}

#[test]
fn operations_at_the_same_time_may_take_effect_in_either_order() {
    let mut story = four_tags();
    story.operations[1].asked = story.operations[3].asked;
    for operation in &mut story.operations {
        operation.answered.as_mut().unwrap().0 = 1_000;
    }
    assert!(story.judged().is_ok());
}

#[test]
fn an_acknowledged_record_that_is_gone_is_noticed() {
    let mut story = four_tags();
    story.journal.pop();
    assert_eq!(story.judged(), Err(Objection::NeverSo { operation: 3 }));
}

#[test]
fn an_update_that_another_one_has_undone_is_noticed() {
    let mut story = four_tags();
    // The third writer has not seen the second one's record, and written over it.
    story.journal.remove(2);
    story.renumber();
    assert_eq!(story.judged(), Err(Objection::NeverSo { operation: 1 }));
}

#[test]
fn a_fork_of_the_history_is_noticed() {
    let mut story = four_tags();
    let mut other = Story::new();
    other.tags(ONE, "a");
    other.tags(TWO, "z");
    // Both were told that they have made record 3.
    story.operations.push(other.operations[1].clone());
    assert_eq!(story.judged(), Err(Objection::NeverSo { operation: 4 }));
    story.journal[2] = other.journal[2].clone();
    assert_eq!(story.judged(), Err(Objection::NeverSo { operation: 1 }));
}

#[test]
fn two_that_were_acknowledged_with_the_same_record_are_noticed() {
    let mut story = Story::new();
    let hello = || Some(Command::RecordMessage(NewMessage::new(Role::user(), "hello")));
    story.does(ONE, hello(), ExpectedSeq::Any);
    let twin = story.operations[0].clone();
    story.operations.push(twin);
    assert_eq!(story.judged(), Err(Objection::Lost { operation: 1 }));
}

#[test]
fn a_pair_that_stands_the_other_way_round_than_it_happened_is_noticed() {
    let mut story = four_tags();
    let asked = story.operations[0].asked;
    story.operations[1].asked = asked - 8;
    story.operations[1].answered.as_mut().unwrap().0 = asked - 4;
    assert_eq!(story.judged(), Err(Objection::OutOfOrder { operation: 0 }));
}

#[test]
fn a_reader_who_is_shown_the_past_is_noticed() {
    let mut story = four_tags();
    let told_earlier = story.operations[1].answered.clone().unwrap().1;
    story.does(ONE, None, ExpectedSeq::Any);
    story.operations[4].answered.as_mut().unwrap().1 = told_earlier;
    assert_eq!(story.judged(), Err(Objection::OutOfOrder { operation: 4 }));
}

#[test]
fn a_record_that_stands_twice_is_noticed() {
    let mut story = four_tags();
    let mut again = story.journal[4].clone();
    again.seq = 6;
    story.journal.push(again);
    assert_eq!(story.judged(), Err(Objection::NobodyAsked { seq: 6 }));
}

#[test]
fn what_was_never_answered_may_be_there_once_or_not_at_all() {
    let mut story = four_tags();
    story.operations[3].answered = None;
    assert_eq!(story.judged().unwrap().recorded_unanswered, 1);
    let last = story.journal.pop().unwrap();
    assert_eq!(story.judged().unwrap().vanished, 1);
    story.journal.extend([last.clone(), last]);
    story.renumber();
    assert_eq!(story.judged(), Err(Objection::NobodyAsked { seq: 6 }));
}

#[test]
fn a_missing_number_is_noticed() {
    let mut story = four_tags();
    story.journal.remove(3);
    assert_eq!(story.judged(), Err(Objection::NotDense { seq: 4 }));
}

#[test]
fn a_change_on_a_condition_that_was_not_met_is_noticed() {
    let mut story = four_tags();
    story.operations[2].expected = ExpectedSeq::Exactly(2);
    assert_eq!(story.judged(), Err(Objection::Lost { operation: 2 }));
}

#[test]
fn a_refusal_without_a_reason_is_noticed() {
    let mut story = four_tags();
    story.does(ONE, Some(Command::Archive), ExpectedSeq::Exactly(4));
    assert!(story.judged().is_ok());
    story.operations[4].expected = ExpectedSeq::Exactly(5);
    assert_eq!(story.judged(), Err(Objection::NoReason { operation: 4 }));
    // Had the last record been under way, it could have come after the refusal.
    story.operations[3].answered.as_mut().unwrap().0 = 1_000;
    assert!(story.judged().is_ok());
}

#[test]
fn refusals_that_contradict_each_other_are_noticed() {
    let mut story = four_tags();
    // While the last record is under way: refused because it is there already, and then because
    // it is not there yet.
    story.operations[3].answered.as_mut().unwrap().0 = 1_000;
    story.does(ONE, Some(Command::Archive), ExpectedSeq::Exactly(4));
    story.does(ONE, Some(Command::Archive), ExpectedSeq::Exactly(4));
    assert!(story.judged().is_ok());
    story.operations[5].expected = ExpectedSeq::Exactly(5);
    story.operations[5].answered.as_mut().unwrap().1 = Answer::Conflict;
    assert_eq!(story.judged(), Err(Objection::NoReason { operation: 5 }));
}
