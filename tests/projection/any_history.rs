//! What holds for every history that commands can make.

use annals::vocabulary::{
    Append, Author, Command, Created, Entry, Event, ExpectedSeq, Projection, SessionMetadata,
    SessionStatus, Timestamp, Upcasts, check_transition, decide, fold, plan,
};
use proptest::prelude::proptest;
use proptest::{collection, prop_assert, prop_assert_eq};

use crate::commands::command;

fn begun() -> Projection {
    let blank = Projection::blank("a-session".parse().unwrap(), Timestamp::EPOCH);
    fold(blank, 1, Timestamp::EPOCH, &Event::Created(Created::default()))
}

/// All of a state but where it stands and when it was worked in.
fn content(state: &Projection) -> SessionMetadata {
    SessionMetadata { seq: 0, last_active: Timestamp::EPOCH, ..state.metadata.clone() }
}

fn at(seq: u64) -> Timestamp {
    Timestamp::EPOCH.saturating_add_micros(i64::try_from(seq).unwrap())
}

proptest! {
    #[test]
    fn what_is_decided_is_possible_and_reads_back_as_it_was(
        commands in collection::vec(command(), 0..40)
    ) {
        let mut state = begun();
        for command in commands {
            let Ok(events) = decide(Some(&state), command) else { continue };
            for event in events {
                prop_assert_eq!(check_transition(Some(&state), &event), Ok(()));
                let data = event.to_data().unwrap();
                let read = Event::from_data(event.kind_name(), &data, &Upcasts::CURRENT).unwrap();
                prop_assert_eq!(read.to_data().unwrap(), data);
                let seq = state.metadata.seq + 1;
                let after = fold(state.clone(), seq, at(seq), &event);
                prop_assert_eq!(&fold(state, seq, at(seq), &read), &after);
                prop_assert_eq!(after.metadata.seq, seq);
                state = after;
            }
        }
    }

    #[test]
    fn an_undo_of_an_undo_is_as_if_there_had_been_none(
        commands in collection::vec(command(), 0..40)
    ) {
        let mut state = begun();
        for command in commands {
            let Ok(events) = decide(Some(&state), command) else { continue };
            state = folded(state, &events);
        }
        if state.reversal.is_some() {
            let undone = folded(state.clone(), &decide(Some(&state), Command::Undo).unwrap());
            prop_assert!(content(&undone) != content(&state));
            let redone = folded(undone.clone(), &decide(Some(&undone), Command::Undo).unwrap());
            prop_assert_eq!(content(&redone), content(&state));
        }
    }

    #[test]
    fn a_plan_comes_to_what_its_events_come_to(commands in collection::vec(command(), 0..20)) {
        let before = begun();
        let by = Author {
            user: String::new(),
            host: String::new(),
            pid: 0,
            program: String::new(),
            version: String::new(),
        };
        let entries = commands.into_iter().map(|command| Entry { command, key: None }).collect();
        let append = Append { expected: ExpectedSeq::Exactly(1), entries, by };
        let id = "a-session".parse().unwrap();
        let Ok(plan) = plan(&id, Some(&before), append, at(2), |_| None) else { return Ok(()) };
        let mut state = before;
        for planned in &plan.events {
            prop_assert_eq!(planned.seq, state.metadata.seq + 1);
            state = fold(state, planned.seq, at(2), &planned.event);
        }
        prop_assert_eq!(state, plan.state);
    }

    #[test]
    fn a_deleted_session_takes_nothing_but_its_restoration(command in command()) {
        let deleted = folded(begun(), &[Event::Deleted]);
        if let Ok(events) = decide(Some(&deleted), command) {
            for event in events {
                let state = folded(deleted.clone(), std::slice::from_ref(&event));
                let is_note = matches!(
                    event,
                    Event::Imported(_) | Event::Redacted(_) | Event::Recovered(_)
                );
                prop_assert!(is_note || state.metadata.status != SessionStatus::Deleted);
            }
        }
    }
}

fn folded(state: Projection, events: &[Event]) -> Projection {
    events.iter().fold(state, |state, event| {
        let seq = state.metadata.seq + 1;
        fold(state, seq, at(seq), event)
    })
}
