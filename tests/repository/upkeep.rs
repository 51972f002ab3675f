//! Redacting and compacting.

use annals::repository::{Depth, RepositoryError, SessionRepository};
use annals::vocabulary::{Data, ExpectedSeq, Outcome, Redacted, Refusal, SessionId};

use super::support::{author, id};
use super::{Place, rename};

async fn session_with_a_secret<R: SessionRepository>(place: &Place<R>) -> SessionId {
    let session = place.create("talk").await;
    place.say(&session, "the password is hunter2").await;
    place.say(&session, "noted").await;
    session
}

fn secret_at(seq: u64) -> Redacted {
    Redacted { seq, reason: "a password".to_owned() }
}

pub async fn a_redacted_record_keeps_its_place_and_loses_its_data<R: SessionRepository>(
    place: Place<R>,
) {
    let session = session_with_a_secret(&place).await;
    let before = place.records(&session, 1).await;

    let appended =
        place.repository.redact(&session, secret_at(2), ExpectedSeq::Exactly(3), &author()).await;

    let appended = appended.unwrap();
    assert_eq!(appended.outcomes, [Outcome::Recorded { first_seq: 4, last_seq: 4 }]);
    let after = place.records(&session, 1).await;
    assert!(matches!(after[1].data, Data::Erased(_)), "{:?}", after[1]);
    let links = |records: &[annals::vocabulary::Record]| -> Vec<_> {
        records.iter().map(|record| record.link).collect()
    };
    assert_eq!(links(&after)[..3], links(&before)[..]);
    assert_eq!((after[3].kind.as_ref(), &after[3].by), ("redacted", &author()));
    let verification = place.repository.verify(&session, &Depth::default()).await.unwrap();
    assert_eq!((verification.findings, verification.records), (vec![], 4));
}

pub async fn the_state_is_that_of_the_history_without_the_data<R: SessionRepository>(
    place: Place<R>,
) {
    let session = session_with_a_secret(&place).await;
    place.make(&session, rename("hunter2")).await;
    place.make(&session, rename("talk about passwords")).await;

    for seq in [2, 4] {
        let redacted =
            place.repository.redact(&session, secret_at(seq), ExpectedSeq::Any, &author()).await;
        redacted.unwrap();
    }

    let loaded = place.repository.load(&session).await.unwrap();
    assert_eq!(loaded.state.first_message.as_deref(), Some("noted"));
    assert_eq!(loaded.state.message_count, 2);
    assert_eq!(loaded.state.name.unwrap().as_str(), "talk about passwords");
    assert_eq!(loaded.state.seq, 7);
}

pub async fn a_redaction_asked_for_twice_is_noted_once<R: SessionRepository>(place: Place<R>) {
    let session = session_with_a_secret(&place).await;
    let by = author();
    let redact = || place.repository.redact(&session, secret_at(2), ExpectedSeq::Any, &by);
    redact().await.unwrap();

    assert_eq!(redact().await.unwrap().outcomes, [Outcome::Unchanged]);
    assert_eq!(place.records(&session, 1).await.len(), 4);
}

pub async fn what_cannot_be_redacted_is_refused<R: SessionRepository>(place: Place<R>) {
    let session = session_with_a_secret(&place).await;
    let by = author();
    let redact = |seq| place.repository.redact(&session, secret_at(seq), ExpectedSeq::Any, &by);
    redact(2).await.unwrap();

    for seq in [0, 99] {
        let refused = redact(seq).await.unwrap_err();
        let RepositoryError::Refused { refusal: Refusal::NoRecord { .. }, .. } = refused else {
            panic!("{refused}")
        };
    }
    let refused = redact(4).await.unwrap_err();
    let RepositoryError::Refused { refusal: Refusal::Indispensable { seq: 4, .. }, .. } = refused
    else {
        panic!("{refused}")
    };
    let unknown =
        place.repository.redact(&id("nobody"), secret_at(1), ExpectedSeq::Any, &author()).await;
    assert!(matches!(unknown.unwrap_err(), RepositoryError::NotFound { .. }));
}

pub async fn a_redaction_is_held_to_its_expectation<R: SessionRepository>(place: Place<R>) {
    let session = session_with_a_secret(&place).await;
    let expected = ExpectedSeq::Exactly(2);
    let refused = place.repository.redact(&session, secret_at(2), expected, &author()).await;
    assert!(matches!(refused.unwrap_err(), RepositoryError::Conflict { actual: Some(3), .. }));
    assert_eq!(place.records(&session, 1).await.len(), 3);
}

pub async fn compaction_changes_nothing_that_can_be_read<R: SessionRepository>(place: Place<R>) {
    let session = place.create("talk").await;
    for number in 2..=60 {
        place.say(&session, &format!("message {number}")).await;
    }
    let before = place.records(&session, 1).await;
    let loaded = place.repository.load(&session).await.unwrap();

    place.repository.compact(&session, 5).await.unwrap();

    let same = |records: &[annals::vocabulary::Record]| -> Vec<_> {
        records.iter().map(|record| (record.seq, record.link)).collect()
    };
    assert_eq!(same(&place.records(&session, 1).await), same(&before));
    for from in [2, 54, 55, 56, 60] {
        let rest = place.records(&session, from).await;
        assert_eq!(same(&rest), same(&before[usize::try_from(from - 1).unwrap()..]));
    }
    let now = place.repository.load(&session).await.unwrap();
    assert_eq!((now.state, now.head), (loaded.state, loaded.head));
    let verification = place.repository.verify(&session, &Depth::default()).await.unwrap();
    assert_eq!((verification.findings, verification.records), (vec![], 60));
    place.say(&session, "and on").await;
    assert!(!place.repository.compact(&session, 100).await.unwrap().changed);
    assert_eq!(place.records(&session, 1).await.len(), 61);
}

pub async fn an_unknown_session_cannot_be_compacted<R: SessionRepository>(place: Place<R>) {
    let unknown = place.repository.compact(&id("nobody"), 5).await.unwrap_err();
    assert!(matches!(unknown, RepositoryError::NotFound { .. }));
}
