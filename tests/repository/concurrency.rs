//! Many writers at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use annals::repository::{RepositoryError, SessionRepository};
use annals::vocabulary::{Append, Appended, Command, Entry, ExpectedSeq, NewSession, Outcome};

use super::support::{author, id};
use super::{Place, keyed, message, plain};

const WRITERS: usize = 8;

/// The same append, made by every writer at once.
async fn race<R: SessionRepository>(
    place: &Place<R>,
    name: &str,
    expected: ExpectedSeq,
    entry: Entry,
) -> Vec<Result<Appended, RepositoryError>> {
    let racing: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (repository, session) = (Arc::clone(&place.repository), id(name));
            let append = Append { expected, entries: vec![entry.clone()], by: author() };
            tokio::spawn(async move { repository.append(&session, append).await })
        })
        .collect();
    let mut answers = Vec::new();
    for answer in racing {
        answers.push(answer.await.unwrap());
    }
    answers
}

pub async fn appends_from_many_tasks_are_dense_and_all_there<R: SessionRepository>(
    place: Place<R>,
) {
    const EACH: usize = 25;
    let session = place.create("busy").await;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (repository, session) = (Arc::clone(&place.repository), session.clone());
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for n in 0..EACH {
                    let text = format!("{writer}: {n}");
                    let append = Append::one(message(&text), author());
                    let appended = repository.append(&session, append).await.unwrap();
                    let seen = repository.load(&session).await.unwrap().state.seq;
                    assert!(seen >= appended.state.seq, "what was acknowledged is seen");
                    acknowledged.push((appended.state.seq, text));
                }
                acknowledged
            })
        })
        .collect();
    let mut acknowledged = BTreeSet::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }

    let records = place.records(&session, 2).await;
    let recorded: BTreeSet<_> = records
        .iter()
        .map(|record| match record.event() {
            Ok(Some(annals::vocabulary::Event::MessageRecorded(message))) => {
                (record.seq, message.text.unwrap())
            }
            other => panic!("only messages were recorded: {other:?}"),
        })
        .collect();
    assert_eq!(recorded, acknowledged);
    let seqs: Vec<_> = records.iter().map(|record| record.seq).collect();
    assert_eq!(seqs, (2..=1 + (WRITERS * EACH) as u64).collect::<Vec<_>>());
}

pub async fn of_writers_that_expect_the_same_seq_one_wins<R: SessionRepository>(place: Place<R>) {
    place.create("contested").await;
    let answers = race(&place, "contested", ExpectedSeq::Exactly(1), plain(message("mine"))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for answer in answers.iter().filter(|answer| answer.is_err()) {
        assert!(matches!(answer, Err(RepositoryError::Conflict { actual: Some(2), .. })));
    }
    assert_eq!(place.seq(&id("contested")).await, 2);
}

pub async fn of_creators_of_one_session_one_wins<R: SessionRepository>(place: Place<R>) {
    let create = plain(Command::Create(NewSession::default()));
    let answers = race(&place, "wanted", ExpectedSeq::NoSession, create).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(place.records(&id("wanted"), 1).await.len(), 1);
}

pub async fn a_key_used_by_many_at_once_is_recorded_once<R: SessionRepository>(place: Place<R>) {
    place.create("retried").await;
    let entry = keyed(message("once"), "turn-1");
    let answers = race(&place, "retried", ExpectedSeq::Exactly(1), entry).await;
    let outcomes: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().outcomes[0]).collect();
    let recorded = Outcome::Recorded { first_seq: 2, last_seq: 2 };
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == recorded).count(), 1);
    assert!(
        outcomes
            .iter()
            .all(|outcome| { *outcome == recorded || *outcome == Outcome::Repeated { seq: 2 } })
    );
    assert_eq!(place.seq(&id("retried")).await, 2);
}
