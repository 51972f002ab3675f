//! Hand-written histories, with every kind of event in one of them.

use annals::vocabulary::{
    Author, Command, Data, Digest, Event, EventKind, FileRecorded, Imported, Key, LostRange,
    NewFork, NewMessage, NewSession, Projection, Record, Recovered, Redacted, Role,
    SessionMetadata, SessionStatus, Tokens, replay,
};

use super::assert_snapshot;
use super::history::History;

fn created() -> Command {
    Command::Create(NewSession {
        name: Some("plan the week".parse().unwrap()),
        status: SessionStatus::Background,
        cwd: Some("/home/ada".to_owned()),
        source: Some("codex".to_owned()),
        parent: Some("the-parent".parse().unwrap()),
        fields: [("team".parse().unwrap(), serde_json::json!({"size": 3}))].into(),
        message: Some("  what is due?\n".to_owned()),
        occurred: Some("2026-01-02T03:04:05Z".parse().unwrap()),
    })
}

fn rename(name: &str) -> Command {
    Command::Rename { name: Some(name.parse().unwrap()), occurred: None }
}

fn answer() -> Command {
    Command::RecordMessage(NewMessage {
        model: Some("a-model".to_owned()),
        tokens: Some(Tokens { input: 12, output: 34, cache_read: 56, cache_creation: 0 }),
        ..NewMessage::new(Role::assistant(), "The report.")
    })
}

fn file() -> Command {
    let action = Some("edited".to_owned());
    Command::RecordFile(FileRecorded { path: "report.md".to_owned(), action, occurred: None })
}

fn life() -> History {
    let key = || "priority".parse().unwrap();
    History::unborn().with([
        created(),
        answer(),
        file(),
        rename("write the report"),
        Command::Activate,
        Command::Tag("urgent".parse().unwrap()),
        Command::Tag("q4".parse().unwrap()),
        Command::Untag("q4".parse().unwrap()),
        Command::SetField { key: key(), value: 1.into() },
        Command::SetField { key: key(), value: "high".into() },
        Command::ClearField { key: "team".parse().unwrap() },
        Command::Relocate { cwd: Some("/home/ada/report".to_owned()) },
        Command::Background,
        Command::Archive,
        Command::Restore,
        Command::NoteImport(Imported {
            source: "codex".to_owned(),
            path: "rollout.jsonl".to_owned(),
            lines: 40,
            events_added: 12,
            unreadable: 1,
        }),
        Command::NoteRedaction(Redacted { seq: 2, reason: "a password".to_owned() }),
        Command::NoteRecovery(Box::new(Recovered {
            reason: "torn-tail".to_owned(),
            quarantined: vec!["quarantine/0001".to_owned()],
            ..Recovered::default()
        })),
        Command::Delete,
    ])
}

#[test]
fn a_whole_life() {
    assert_snapshot("a_whole_life", &life().tell());
}

#[test]
fn a_fork_takes_over_the_state_of_its_parent() {
    let parent = life().metadata().clone();
    let head = Digest::of(b"the head of the parent");
    let fork = Command::Fork(Box::new(NewFork { parent, head, name: None }));
    assert_snapshot("a_fork", &History::unborn().with([fork]).tell());
}

#[test]
fn the_first_message_is_the_first_that_a_person_said() {
    let say = |role, text: &str, meta| {
        Command::RecordMessage(NewMessage { meta, ..NewMessage::new(role, text) })
    };
    let mut history = History::begun().with([
        say(Role::system(), "You are helpful.", false),
        say(Role::user(), "<context>generated</context>", true),
        say(Role::user(), "   ", false),
        Command::RecordMessage(NewMessage { text: None, ..NewMessage::new(Role::user(), "") }),
    ]);
    assert_eq!(history.metadata().first_message, None);
    let long = format!("  {}", "ä".repeat(300));
    history = history.with([say(Role::user(), &long, false), say(Role::user(), "second", false)]);
    assert_eq!(history.metadata().first_message, Some("ä".repeat(200)));
    assert_eq!(history.metadata().message_count, 6);
}

#[test]
fn what_happened_earlier_elsewhere_does_not_turn_back_the_clock() {
    let imported = Command::RecordMessage(NewMessage {
        occurred: Some("2020-01-01T00:00:00Z".parse().unwrap()),
        ..NewMessage::new(Role::user(), "long ago")
    });
    let history = History::begun();
    let before = history.metadata().last_active;
    assert_eq!(history.with([imported]).metadata().last_active, before);
}

#[test]
fn what_this_version_does_not_know_is_kept_and_has_no_effect() {
    let mut history = History::begun();
    history.data("telepathy", r#"{"strength": 1.50, "to": "bob"}"#);
    history.data("renamed", r#"{"v":2,"names":["a","b"]}"#);
    history.data("renamed", r#"{"name":"as ever"}"#);
    assert_snapshot("what_is_not_known", &history.tell());
}

#[test]
fn unknown_data_are_written_back_byte_for_byte() {
    for (kind, data) in [
        ("telepathy", r#"{ "b":1.50,"a":[1e3, null] }"#),
        ("renamed", r#"{"v":2,  "names":["a"]}"#),
        ("created", r#"{"v":18446744073709551615}"#),
    ] {
        let event = Event::from_data(kind, data, &annals::vocabulary::Upcasts::CURRENT).unwrap();
        assert_eq!(event.kind(), None);
        assert_eq!((event.kind_name(), event.to_data().unwrap().as_str()), (kind, data));
    }
}

#[test]
fn a_version_inside_a_value_is_no_version_of_the_event() {
    let data = r#"{"fields":{"v":{"v":9}}}"#;
    let event = Event::from_data("created", data, &annals::vocabulary::Upcasts::CURRENT).unwrap();
    assert_eq!(event.kind(), Some(EventKind::Created));
}

#[test]
fn data_that_do_not_fit_their_kind_are_a_fault_that_does_not_repeat_them() {
    let mut told = String::new();
    for (kind, data) in [
        ("created", r#"{"status":"asleep"}"#),
        ("renamed", r#"{"name":""}"#),
        ("renamed", "{}"),
        ("relocated", "{}"),
        ("message_recorded", r#"{"text":"no role"}"#),
        ("tagged", r#"{"tag":"two words"}"#),
        ("restored", r#"{"status":7}"#),
        ("field_set", r#"{"key":"a=b","value":1}"#),
        ("message_recorded", r#"{"role":"user","text":"cut"#),
    ] {
        let fault = Event::from_data(kind, data, &annals::vocabulary::Upcasts::CURRENT);
        told += &format!("{data}\n  {}\n", fault.unwrap_err());
    }
    assert_snapshot("data_faults", &told);
}

fn recovered_with(state: Option<SessionMetadata>) -> Command {
    Command::NoteRecovery(Box::new(Recovered {
        reason: "corrupt".to_owned(),
        lost: vec![LostRange { first_seq: 2, last_seq: 3, bytes: 611 }],
        quarantined: vec!["quarantine/0001".to_owned()],
        state: state.map(Box::new),
    }))
}

#[test]
fn a_recovery_bridges_what_was_lost_with_a_snapshot() {
    let lost = life().metadata().clone();
    let history =
        History::begun().with([rename("before"), recovered_with(Some(lost)), Command::Restore]);
    assert_snapshot("a_bridged_recovery", &history.tell());
}

#[test]
fn what_a_bridge_replaced_cannot_be_undone() {
    let bare = History::begun().metadata().clone();
    let mut history =
        History::begun().with([Command::Tag("red".parse().unwrap()), recovered_with(Some(bare))]);
    assert!(history.ask(Command::Undo).is_err());
    // A repair that bridges nothing leaves the last change as it was.
    let mut history =
        History::begun().with([Command::Tag("red".parse().unwrap()), recovered_with(None)]);
    assert!(history.ask(Command::Undo).is_ok());
}

#[test]
fn a_journal_that_lost_its_beginning_is_read_from_its_repair_on() {
    let mut history = History::unborn();
    history.event(Event::Recovered(Box::default()));
    let history = history.with([rename("found again")]);
    assert_eq!(history.metadata().name.as_ref().unwrap().as_str(), "found again");
}

#[test]
fn a_redacted_message_still_counts() {
    let record = |seq, kind: &str| Record {
        seq,
        prev: Digest::ZERO,
        at: "2027-01-01T00:00:00Z".parse().unwrap(),
        by: Author {
            user: "ada".to_owned(),
            host: "engine".to_owned(),
            pid: 1,
            program: "tests".to_owned(),
            version: "1".to_owned(),
        },
        key: Key::generate(),
        kind: kind.into(),
        data: Data::Erased(Digest::ZERO),
        link: Digest::ZERO,
    };
    let before = History::begun().state.unwrap();
    let kinds = ["message_recorded", "file_recorded", "renamed", "telepathy"];
    let records = kinds.into_iter().zip(2..).map(|(kind, seq)| record(seq, kind));
    let after = records.fold(before.clone(), |state, record| replay(state, &record));
    let expected = Projection {
        metadata: SessionMetadata {
            message_count: 1,
            file_count: 1,
            seq: 5,
            ..before.metadata.clone()
        },
        ..before
    };
    assert_eq!(after, expected);
}
