//! What an append does, and what it refuses to do.

use annals::repository::{RepositoryError, SessionRepository};
use annals::vocabulary::{
    Append, Author, Command, ExpectedSeq, NewSession, Outcome, Refusal, SessionStatus,
};

use super::support::{author, id};
use super::{Place, keyed, message, plain, rename};

pub async fn a_created_session_is_loaded_back<R: SessionRepository>(place: Place<R>) {
    let session = id("first");
    let new = NewSession {
        name: Some("plan the week".parse().unwrap()),
        status: SessionStatus::Background,
        cwd: Some("/home/ada".to_owned()),
        source: Some("codex".to_owned()),
        fields: [("team".parse().unwrap(), serde_json::json!({"size": 3}))].into(),
        message: Some("  what is due?  ".to_owned()),
        ..NewSession::default()
    };
    let appended = place.make(&session, Command::Create(new)).await;
    let loaded = place.repository.load(&session).await.unwrap();

    assert_eq!(loaded.findings, []);
    assert_eq!(loaded.state, appended.state);
    let state = loaded.state;
    assert_eq!(state.id, session);
    assert_eq!(state.name.unwrap().as_str(), "plan the week");
    assert_eq!(state.status, SessionStatus::Background);
    assert_eq!(state.cwd.as_deref(), Some("/home/ada"));
    assert_eq!(state.source.as_deref(), Some("codex"));
    assert_eq!(state.first_message.as_deref(), Some("what is due?"));
    assert_eq!(state.fields[&"team".parse().unwrap()], serde_json::json!({"size": 3}));
    assert_eq!((state.message_count, state.seq), (1, 2));
    assert_eq!(state.created.to_string(), super::support::START);
}

pub async fn an_append_answers_with_the_state_and_where_it_was_recorded<R: SessionRepository>(
    place: Place<R>,
) {
    let session = id("answered");
    let new = NewSession { message: Some("hello".to_owned()), ..NewSession::default() };
    let entries = vec![plain(Command::Create(new)), plain(rename("greeting"))];
    let appended = place.append(&session, ExpectedSeq::NoSession, entries).await.unwrap();

    let expected = [
        Outcome::Recorded { first_seq: 1, last_seq: 2 },
        Outcome::Recorded { first_seq: 3, last_seq: 3 },
    ];
    assert_eq!(appended.outcomes, expected);
    assert_eq!(appended.state.seq, 3);
    assert_eq!(appended.state.name.unwrap().as_str(), "greeting");
}

pub async fn what_is_so_already_records_nothing<R: SessionRepository>(place: Place<R>) {
    let session = place.create("calm").await;
    place.make(&session, rename("same")).await;
    let again = place.make(&session, rename("same")).await;
    assert_eq!(again.outcomes, [Outcome::Unchanged]);
    assert_eq!(again.state.seq, 2);
    assert_eq!(place.records(&session, 1).await.len(), 2);
}

pub async fn a_session_cannot_be_created_twice<R: SessionRepository>(place: Place<R>) {
    let session = place.create("once").await;
    let create = || vec![plain(Command::Create(NewSession::default()))];

    let refused = place.append(&session, ExpectedSeq::Any, create()).await;
    assert!(matches!(
        refused,
        Err(RepositoryError::Refused { refusal: Refusal::Exists { seq: 1 }, .. })
    ));
    let conflict = place.append(&session, ExpectedSeq::NoSession, create()).await;
    assert!(matches!(conflict, Err(RepositoryError::Conflict { actual: Some(1), .. })));
    assert_eq!(place.seq(&session).await, 1);
}

pub async fn a_change_of_an_unknown_session_is_not_found<R: SessionRepository>(place: Place<R>) {
    let ghost = id("ghost");
    let change = || vec![plain(Command::Archive)];

    let unknown = place.append(&ghost, ExpectedSeq::Any, change()).await;
    assert!(matches!(unknown, Err(RepositoryError::NotFound { session }) if session == ghost));
    let expected = place.append(&ghost, ExpectedSeq::Exactly(3), change()).await;
    assert!(matches!(expected, Err(RepositoryError::Conflict { actual: None, .. })));
    assert_eq!(place.repository.ids().await.unwrap(), []);
}

pub async fn an_expectation_that_is_not_met_is_a_conflict_that_says_where_it_stands<
    R: SessionRepository,
>(
    place: Place<R>,
) {
    let session = place.create("expected").await;
    place.say(&session, "one").await;
    for expected in [ExpectedSeq::Exactly(1), ExpectedSeq::Exactly(3), ExpectedSeq::NoSession] {
        let conflict = place.append(&session, expected, vec![plain(message("two"))]).await;
        let Err(RepositoryError::Conflict { expected: named, actual, .. }) = conflict else {
            panic!("{expected} is not met: {conflict:?}");
        };
        assert_eq!((named, actual), (expected, Some(2)));
    }
    let met = place.append(&session, ExpectedSeq::Exactly(2), vec![plain(message("two"))]).await;
    assert_eq!(met.unwrap().state.seq, 3);
}

pub async fn a_refused_entry_takes_the_whole_append_with_it<R: SessionRepository>(place: Place<R>) {
    let session = place.create("whole").await;
    let before = place.repository.load(&session).await.unwrap();
    let entries = vec![
        keyed(rename("never"), "never-1"),
        plain(Command::Archive),
        plain(message("an archived session takes no message")),
    ];
    let refused = place.append(&session, ExpectedSeq::Any, entries).await;

    let Err(RepositoryError::Refused { refusal: Refusal::Status { status, .. }, .. }) = refused
    else {
        panic!("the third entry is refused: {refused:?}");
    };
    assert_eq!(status, SessionStatus::Archived);
    let after = place.repository.load(&session).await.unwrap();
    assert_eq!((after.state, after.head), (before.state, before.head));
    assert_eq!(place.records(&session, 1).await.len(), 1);
    // Its keys are as free as before.
    let later = place.append(&session, ExpectedSeq::Any, vec![keyed(rename("now"), "never-1")]);
    assert_eq!(later.await.unwrap().outcomes, [Outcome::Recorded { first_seq: 2, last_seq: 2 }]);
}

pub async fn a_refused_creation_leaves_no_session_behind<R: SessionRepository>(place: Place<R>) {
    let session = id("unborn");
    let new = NewSession { status: SessionStatus::Archived, ..NewSession::default() };
    let entries = vec![plain(Command::Create(new))];
    let refused = place.append(&session, ExpectedSeq::NoSession, entries).await;
    assert!(matches!(refused, Err(RepositoryError::Refused { .. })));
    assert_eq!(place.repository.ids().await.unwrap(), []);
    let unknown = place.repository.load(&session).await;
    assert!(matches!(unknown, Err(RepositoryError::NotFound { .. })));
}

pub async fn an_entry_sees_what_the_ones_before_it_came_to<R: SessionRepository>(place: Place<R>) {
    let session = id("sequel");
    let entries = vec![
        plain(Command::Create(NewSession::default())),
        plain(rename("first")),
        plain(rename("first")),
        plain(rename("second")),
        plain(Command::Undo),
    ];
    let appended = place.append(&session, ExpectedSeq::NoSession, entries).await.unwrap();
    assert_eq!(appended.outcomes[2], Outcome::Unchanged);
    assert_eq!(appended.state.name.unwrap().as_str(), "first");
    assert_eq!(appended.state.seq, 4);
}

pub async fn a_key_that_the_journal_holds_changes_nothing<R: SessionRepository>(place: Place<R>) {
    let session = place.create("keyed").await;
    let say = || vec![keyed(message("once"), "turn-1")];
    let first = place.append(&session, ExpectedSeq::Any, say()).await.unwrap();
    assert_eq!(first.outcomes, [Outcome::Recorded { first_seq: 2, last_seq: 2 }]);
    let again = place.append(&session, ExpectedSeq::Any, say()).await.unwrap();
    assert_eq!(again.outcomes, [Outcome::Repeated { seq: 2 }]);
    assert_eq!(again.state.message_count, 1);

    // Beside something new, a repeat is passed over and the rest goes ahead.
    let entries = vec![keyed(message("once"), "turn-1"), keyed(message("twice"), "turn-2")];
    let mixed = place.append(&session, ExpectedSeq::Any, entries).await.unwrap();
    let expected = [Outcome::Repeated { seq: 2 }, Outcome::Recorded { first_seq: 3, last_seq: 3 }];
    assert_eq!(mixed.outcomes, expected);
}

pub async fn a_retry_succeeds_although_the_session_has_moved_on<R: SessionRepository>(
    place: Place<R>,
) {
    let session = place.create("retried").await;
    let entries = || vec![keyed(message("a"), "a"), keyed(message("b"), "b")];
    place.append(&session, ExpectedSeq::Exactly(1), entries()).await.unwrap();
    place.say(&session, "somebody else").await;

    let retry = place.append(&session, ExpectedSeq::Exactly(1), entries()).await.unwrap();
    assert_eq!(retry.outcomes, [Outcome::Repeated { seq: 2 }, Outcome::Repeated { seq: 3 }]);
    assert_eq!(retry.state.seq, 4);
}

pub async fn a_retry_of_a_creation_succeeds<R: SessionRepository>(place: Place<R>) {
    let session = id("reborn");
    let create = || vec![keyed(Command::Create(NewSession::default()), "create")];
    place.append(&session, ExpectedSeq::NoSession, create()).await.unwrap();
    let retry = place.append(&session, ExpectedSeq::NoSession, create()).await.unwrap();
    assert_eq!(retry.outcomes, [Outcome::Repeated { seq: 1 }]);
}

pub async fn an_append_with_anything_new_in_it_is_held_to_its_expectation<R: SessionRepository>(
    place: Place<R>,
) {
    let session = place.create("mixed").await;
    let first = vec![keyed(message("a"), "a")];
    place.append(&session, ExpectedSeq::Exactly(1), first).await.unwrap();
    let entries = vec![keyed(message("a"), "a"), keyed(message("b"), "b")];
    let conflict = place.append(&session, ExpectedSeq::Exactly(1), entries).await;
    assert!(matches!(conflict, Err(RepositoryError::Conflict { actual: Some(2), .. })));
    assert_eq!(place.seq(&session).await, 2);
}

pub async fn a_key_twice_in_one_append_is_recorded_once<R: SessionRepository>(place: Place<R>) {
    let session = place.create("twice").await;
    let entries = vec![keyed(message("a"), "a"), keyed(message("a"), "a")];
    let appended = place.append(&session, ExpectedSeq::Any, entries).await.unwrap();
    let expected = [Outcome::Recorded { first_seq: 2, last_seq: 2 }, Outcome::Repeated { seq: 2 }];
    assert_eq!(appended.outcomes, expected);
    assert_eq!(appended.state.message_count, 1);
}

pub async fn a_key_belongs_to_the_first_record_of_its_entry<R: SessionRepository>(place: Place<R>) {
    let session = id("opening");
    let new = NewSession { message: Some("hello".to_owned()), ..NewSession::default() };
    let entries = vec![keyed(Command::Create(new), "opening-1")];
    place.append(&session, ExpectedSeq::NoSession, entries).await.unwrap();
    let records = place.records(&session, 1).await;
    assert_eq!(records[0].key.as_str(), "opening-1");
    assert_ne!(records[1].key.as_str(), "opening-1");
}

pub async fn an_append_without_entries_is_a_look<R: SessionRepository>(place: Place<R>) {
    let session = place.create("looked-at").await;
    let looked = place.append(&session, ExpectedSeq::Exactly(1), Vec::new()).await.unwrap();
    assert_eq!((looked.state.seq, looked.outcomes.len()), (1, 0));
    let conflict = place.append(&session, ExpectedSeq::Exactly(2), Vec::new()).await;
    assert!(matches!(conflict, Err(RepositoryError::Conflict { .. })));
    let ghost = place.append(&id("ghost"), ExpectedSeq::Any, Vec::new()).await;
    assert!(matches!(ghost, Err(RepositoryError::NotFound { .. })));
    assert_eq!(place.repository.ids().await.unwrap(), [session]);
}

pub async fn records_say_who_and_when<R: SessionRepository>(place: Place<R>) {
    let session = place.create("signed").await;
    place.clock.advance_ms(1500);
    place.say(&session, "later").await;
    let records = place.records(&session, 1).await;
    assert!(records.iter().all(|record| record.by == author()));
    let at: Vec<_> = records.iter().map(|record| record.at.to_string()).collect();
    assert_eq!(at, ["2026-11-22T13:45:04.000000Z", "2026-11-22T13:45:05.500000Z"]);
}

pub async fn an_author_is_cut_to_what_a_record_holds<R: SessionRepository>(place: Place<R>) {
    let session = id("verbose");
    let by = Author { user: "\u{1b}[31m".to_owned() + &"é".repeat(1000), ..author() };
    let create = Command::Create(NewSession::default());
    place.repository.append(&session, Append::one(create, by.clone())).await.unwrap();
    assert_eq!(place.records(&session, 1).await[0].by, by.bounded());
}

pub async fn an_event_too_large_for_a_record_is_refused<R: SessionRepository>(place: Place<R>) {
    let session = id("hoarder");
    let value = serde_json::Value::String("x".repeat(16_000));
    let fields = (0..100).map(|n| (format!("field-{n}").parse().unwrap(), value.clone())).collect();
    let new = NewSession { fields, ..NewSession::default() };
    let entries = vec![plain(Command::Create(new))];
    let refused = place.append(&session, ExpectedSeq::NoSession, entries).await;
    assert!(
        matches!(refused, Err(RepositoryError::Refused { refusal: Refusal::TooMuch { .. }, .. })),
        "{refused:?}"
    );
    assert_eq!(place.repository.ids().await.unwrap(), []);
}
