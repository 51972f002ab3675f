//! Spans and events of the operations.

use std::collections::BTreeSet;

use annals::manager::{ChangeOptions, Moment, Operation, SessionManager};
use annals::repository::{Depth, InMemoryRepository, Repair};
use annals::vocabulary::{
    BlobRef, Command, Digest, Entry, Event, ExpectedSeq, FileRecorded, NewMessage, NewSession,
    Redacted, Role, SessionFilter, SessionId, SessionStatus,
};
use tracing::Level;

use super::capture::{Capture, Seen};
use super::support::id;
use super::troubled::{Trouble, troubled};
use super::{create, hello, manager};

type Manager = SessionManager<InMemoryRepository>;

/// Operations that are not about one session named by the caller.
const ABOUT_THE_STORE: [&str; 6] =
    ["list_sessions", "list_by_status", "list", "session_ids", "salvage_store", "health_check"];

fn file() -> FileRecorded {
    FileRecorded { path: "src/lib.rs".to_owned(), action: None, occurred: None }
}

async fn change_in_every_way(manager: &Manager, session: &SessionId) {
    let options = ChangeOptions::default();
    manager.change(session, Command::Background, options).await.unwrap();
    let entries = vec![Entry { command: Command::Activate, key: None }];
    manager.append(session, ExpectedSeq::Any, entries).await.unwrap();
    manager.name_session(session, "a name").await.unwrap();
    manager.record_message(session, hello()).await.unwrap();
    manager.record_file(session, file()).await.unwrap();
    manager.background_session(session).await.unwrap();
    manager.activate_session(session).await.unwrap();
    manager.archive_session(session).await.unwrap();
    manager.restore_session(session).await.unwrap();
    manager.delete_session(session).await.unwrap();
    manager.undo(session).await.unwrap();
    manager.tag_session(session, "red".parse().unwrap()).await.unwrap();
    manager.untag_session(session, "red".parse().unwrap()).await.unwrap();
    let key: annals::vocabulary::FieldName = "team".parse().unwrap();
    manager.set_field(session, key.clone(), 3.into()).await.unwrap();
    manager.clear_field(session, key).await.unwrap();
    manager.relocate_session(session, Some("/home".to_owned())).await.unwrap();
}

async fn read_in_every_way(manager: &Manager, session: &SessionId, blob: &BlobRef) {
    manager.list_sessions().await.unwrap();
    manager.list_by_status(SessionStatus::Active).await.unwrap();
    manager.list(&SessionFilter::default()).await.unwrap();
    manager.get_session(session).await.unwrap();
    manager.load(session).await.unwrap();
    manager.exists(session).await.unwrap();
    manager.resolve(session.as_str()).await.unwrap();
    manager.history(session, 1).await.unwrap();
    manager.changed(session, 0).await.unwrap();
    manager.text(session, blob).await.unwrap();
    manager.state_at(session, Moment::Seq(1)).await.unwrap();
    manager.session_ids().await.unwrap();
    manager.head(session).await.unwrap();
    manager.verify_session(session, &Depth::default()).await.unwrap();
    manager.recover_session(session, Repair::Apply).await.unwrap();
    manager.salvage_store(Repair::Apply).await.unwrap();
    manager.health_check().await.unwrap();
}

async fn long_text(manager: &Manager, session: &SessionId) -> BlobRef {
    let message = NewMessage::new(Role::assistant(), "long ".repeat(20_000));
    let seq = manager.record_message(session, message).await.unwrap().seq;
    let (records, _) = manager.history(session, seq).await.unwrap().collect().await.unwrap();
    match records[0].event() {
        Ok(Some(Event::MessageRecorded(message))) => message.blob.unwrap(),
        other => panic!("a message was recorded: {other:?}"),
    }
}

fn operations(seen: &[Seen]) -> BTreeSet<&str> {
    seen.iter().filter_map(|seen| seen.get("operation")).collect()
}

#[tokio::test]
async fn every_operation_that_succeeds_says_so_in_a_span_of_its_name() {
    let capture = Capture::begin();
    let (manager, _) = manager();
    let session = create(&manager, "observed").await;
    let blob = long_text(&manager, &session).await;
    change_in_every_way(&manager, &session).await;
    read_in_every_way(&manager, &session, &blob).await;
    manager.compact_session(&session, 64).await.unwrap();
    let redacted = Redacted { seq: 1, reason: "a secret".to_owned() };
    manager.redact_record(&session, redacted, ExpectedSeq::Any).await.unwrap();
    manager.fork_session(&session, Some(id("child")), None).await.unwrap();
    manager.purge_session(&session).await.unwrap();

    let done = capture.at(Level::INFO);
    // An import needs a transcript, and is observed where importing is tested.
    let mut all: BTreeSet<_> = Operation::ALL.into_iter().map(|(_, name)| name).collect();
    all.remove("import_transcript");
    assert_eq!(operations(&done), all);
    for event in done {
        let operation = event.get("operation").unwrap();
        let (span, fields) = &event.spans[0];
        assert_eq!(*span, operation);
        assert!(event.get("duration_us").unwrap().parse::<u64>().is_ok());
        let about = match operation {
            "fork_session" => Some("child"),
            _ if ABOUT_THE_STORE.contains(&operation) => None,
            _ => Some("observed"),
        };
        assert_eq!(event.get("session_id"), about, "{operation}");
        // A selector is not a session before it is resolved.
        let in_span = about.filter(|_| operation != "resolve");
        assert_eq!(fields.get("session_id"), in_span, "{operation}");
    }
    assert_eq!(capture.at(Level::ERROR).len(), 0);
}

#[tokio::test]
async fn every_operation_that_fails_says_so_with_the_kind_of_its_error() {
    let (manager, ghost) = (manager().0, id("ghost"));
    let capture = Capture::begin();
    let blob = BlobRef { digest: Digest::ZERO, bytes: 1 };
    let failures = [
        manager.get_session(&ghost).await.map(drop),
        manager.load(&ghost).await.map(drop),
        manager.history(&ghost, 1).await.map(drop),
        manager.changed(&ghost, 0).await.map(drop),
        manager.text(&ghost, &blob).await.map(drop),
        manager.state_at(&ghost, Moment::Seq(1)).await.map(drop),
        manager.head(&ghost).await.map(drop),
        manager.change(&ghost, Command::Undo, ChangeOptions::default()).await.map(drop),
        manager.append(&ghost, ExpectedSeq::Any, Vec::new()).await.map(drop),
        manager.name_session(&ghost, "name").await.map(drop),
        manager.record_message(&ghost, hello()).await.map(drop),
        manager.record_file(&ghost, file()).await.map(drop),
        manager.archive_session(&ghost).await.map(drop),
        manager.restore_session(&ghost).await.map(drop),
        manager.activate_session(&ghost).await.map(drop),
        manager.background_session(&ghost).await.map(drop),
        manager.delete_session(&ghost).await.map(drop),
        manager.tag_session(&ghost, "red".parse().unwrap()).await.map(drop),
        manager.untag_session(&ghost, "red".parse().unwrap()).await.map(drop),
        manager.set_field(&ghost, "team".parse().unwrap(), 3.into()).await.map(drop),
        manager.clear_field(&ghost, "team".parse().unwrap()).await.map(drop),
        manager.relocate_session(&ghost, Some("/".to_owned())).await.map(drop),
        manager.undo(&ghost).await.map(drop),
        manager.verify_session(&ghost, &Depth::default()).await.map(drop),
        manager.recover_session(&ghost, Repair::Plan).await.map(drop),
        manager.purge_session(&ghost).await,
    ];
    assert!(failures.iter().all(Result::is_err));

    let failed = capture.at(Level::ERROR);
    assert_eq!(operations(&failed).len(), failures.len());
    for event in &failed {
        assert_eq!(event.spans[0].0, event.get("operation").unwrap());
        assert_eq!(event.spans[0].1.get("session_id"), Some("ghost"));
        assert_eq!(event.get("session_id"), Some("ghost"));
        assert_eq!(event.get("kind"), Some("not-found"));
        assert_eq!(event.get("error"), Some("there is no session ghost"));
    }
    assert_eq!(capture.at(Level::INFO).len(), 0);
}

#[tokio::test]
async fn failures_of_other_kinds_are_told_apart() {
    let (manager, _) = manager();
    let session = create(&manager, "observed").await;
    manager.archive_session(&session).await.unwrap();
    let capture = Capture::begin();
    let again = manager.create_session(Some(session.clone()), NewSession::default()).await;
    assert_eq!(again.unwrap_err().session(), Some(&session));
    assert!(manager.record_message(&session, hello()).await.is_err());
    assert!(manager.name_session(&session, "a\u{7}bell").await.is_err());
    assert!(manager.resolve("observatory").await.is_err());
    assert!(manager.state_at(&session, Moment::Seq(9)).await.is_err());
    assert!(manager.fork_session(&id("ghost"), Some(id("child")), None).await.is_err());

    let failed = capture.at(Level::ERROR);
    let kinds: Vec<_> = failed
        .iter()
        .map(|event| (event.get("operation").unwrap(), event.get("kind").unwrap()))
        .collect();
    let expected = [
        ("create_session", "conflict"),
        ("record_message", "refused"),
        ("name_session", "invalid-input"),
        ("resolve", "not-found"),
        ("state_at", "invalid-input"),
        ("fork_session", "not-found"),
    ];
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn a_success_says_where_the_session_stands_or_how_much_was_found() {
    let (manager, _) = manager();
    let session = create(&manager, "observed").await;
    let capture = Capture::begin();
    manager.record_message(&session, hello()).await.unwrap();
    manager.list_sessions().await.unwrap();
    let done = capture.at(Level::INFO);
    assert_eq!(done[0].get("seq"), Some("2"));
    assert_eq!((done[1].get("seq"), done[1].get("count")), (None, Some("1")));
    assert_eq!(done[1].spans[0].1.get("session_count"), Some("1"));
}

#[tokio::test]
async fn steps_are_told_at_debug() {
    let (manager, _) = manager();
    let session = create(&manager, "observed").await;
    let capture = Capture::begin();
    manager.archive_session(&session).await.unwrap();
    manager.get_session(&session).await.unwrap();
    let steps = capture.at(Level::DEBUG);
    let told: Vec<_> =
        steps.iter().map(|step| (step.spans[0].0, step.get("message").unwrap())).collect();
    assert_eq!(told, [("archive_session", "appending"), ("get_session", "loading")]);
}

#[tokio::test]
async fn damage_met_on_the_way_is_a_warning_that_says_where_and_what_next() {
    let (manager, _) = troubled(Trouble { damaged: Some(id("stained")), ..Trouble::default() });
    let session = create(&manager, "stained").await;
    let capture = Capture::begin();
    manager.get_session(&session).await.unwrap();
    manager.list_sessions().await.unwrap();
    manager.verify_session(&session, &Depth::default()).await.unwrap();
    manager.health_check().await.unwrap();

    let warnings = capture.at(Level::WARN);
    let about_damage: Vec<_> =
        warnings.iter().filter(|event| event.get("class") == Some("corrupt")).collect();
    let spans: Vec<_> = about_damage.iter().map(|event| event.spans[0].0).collect();
    assert_eq!(spans, ["get_session", "list_sessions", "verify_session", "health_check"]);
    for event in about_damage {
        assert_eq!(event.get("session_id"), Some("stained"));
        assert_eq!((event.get("seq"), event.get("offset")), (Some("1"), Some("212")));
        assert_eq!(event.get("message"), Some("a stain"));
        assert!(event.get("next").unwrap().contains("annals recover"));
    }
}

#[tokio::test]
async fn a_session_that_cannot_be_listed_is_a_warning() {
    let unreadable = Some("lost+found".to_owned());
    let (manager, _) = troubled(Trouble { unreadable, ..Trouble::default() });
    let capture = Capture::begin();
    assert_eq!(manager.list_sessions().await.unwrap(), []);
    let warnings = capture.at(Level::WARN);
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].get("session_id"), Some("lost+found"));
    assert_eq!(warnings[0].get("why"), Some("it holds no journal"));
}

#[tokio::test]
async fn a_repair_is_a_warning_and_the_plan_of_one_is_none() {
    let (manager, _) = troubled(Trouble { damaged: Some(id("stained")), ..Trouble::default() });
    let session = create(&manager, "stained").await;
    let capture = Capture::begin();
    let recovered = |seen: &[Seen]| {
        seen.iter().filter(|event| event.get("message") == Some("recovered")).count()
    };
    manager.recover_session(&session, Repair::Plan).await.unwrap();
    assert_eq!(recovered(&capture.at(Level::WARN)), 0);
    capture.clear();
    manager.recover_session(&session, Repair::Apply).await.unwrap();
    assert_eq!(recovered(&capture.at(Level::WARN)), 1);
}
