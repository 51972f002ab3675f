//! Every reason to refuse a command.

use annals::vocabulary::bounds;
use annals::vocabulary::{
    Command, Digest, FieldName, FileRecorded, Imported, NewFork, NewMessage, NewSession, Redacted,
    Refusal, Role, SessionStatus,
};

use super::assert_snapshot;
use super::history::History;

fn create(new: NewSession) -> Command {
    Command::Create(new)
}

fn say(text: &str) -> Command {
    Command::RecordMessage(NewMessage::new(Role::user(), text))
}

fn field(n: usize) -> FieldName {
    format!("field-{n}").parse().unwrap()
}

fn detail() -> String {
    "x".repeat(bounds::DETAIL_BYTES_MAX + 1)
}

fn file(path: String, action: Option<String>) -> Command {
    Command::RecordFile(FileRecorded { path, action, occurred: None })
}

fn redact(seq: u64, reason: String) -> Command {
    Command::NoteRedaction(Redacted { seq, reason })
}

fn status_refusals() -> Vec<(&'static str, History, Command)> {
    let with = |command| History::begun().with([command]);
    vec![
        ("archive nothing", History::unborn(), Command::Archive),
        ("undo nothing", History::unborn(), Command::Undo),
        ("create again", History::begun(), create(NewSession::default())),
        ("create a deleted one", with(Command::Delete), create(NewSession::default())),
        ("restore an active one", History::begun(), Command::Restore),
        ("restore a background one", with(Command::Background), Command::Restore),
        ("activate an archived one", with(Command::Archive), Command::Activate),
        ("background an archived one", with(Command::Archive), Command::Background),
        ("say in an archived one", with(Command::Archive), say("hi")),
        ("a file in an archived one", with(Command::Archive), file("a".to_owned(), None)),
        ("say in a deleted one", with(Command::Delete), say("hi")),
        ("archive a deleted one", with(Command::Delete), Command::Archive),
        ("tag a deleted one", with(Command::Delete), Command::Tag("a".parse().unwrap())),
        ("undo a beginning", History::begun(), Command::Undo),
        ("redact what is to come", History::begun(), redact(2, String::new())),
        ("redact the header", History::begun(), redact(0, String::new())),
    ]
}

fn size_refusals() -> Vec<(&'static str, History, Command)> {
    let full_of_tags = History::begun()
        .with((0..bounds::TAGS_MAX).map(|n| Command::Tag(format!("tag-{n}").parse().unwrap())));
    let full_of_fields = History::begun().with(
        (0..bounds::FIELDS_MAX).map(|n| Command::SetField { key: field(n), value: 0.into() }),
    );
    let fields = (0..=bounds::FIELDS_MAX).map(|n| (field(n), 0.into())).collect();
    let value = serde_json::Value::from("x".repeat(bounds::FIELD_VALUE_BYTES_MAX));
    let model = NewMessage { model: Some(detail()), ..NewMessage::new(Role::user(), "") };
    let begins_archived = NewSession { status: SessionStatus::Archived, ..NewSession::default() };
    let imported = Imported {
        source: String::new(),
        path: detail(),
        lines: 0,
        events_added: 0,
        unreadable: 0,
    };
    vec![
        ("begin archived", History::unborn(), create(begins_archived)),
        (
            "too many fields",
            History::unborn(),
            create(NewSession { fields, ..NewSession::default() }),
        ),
        (
            "a long directory",
            History::unborn(),
            create(NewSession { cwd: Some(detail()), ..NewSession::default() }),
        ),
        (
            "a long source",
            History::unborn(),
            create(NewSession { source: Some(detail()), ..NewSession::default() }),
        ),
        (
            "a large field",
            History::unborn(),
            create(NewSession {
                fields: [(field(0), value.clone())].into(),
                ..NewSession::default()
            }),
        ),
        ("one more tag", full_of_tags, Command::Tag("more".parse().unwrap())),
        (
            "one more field",
            full_of_fields,
            Command::SetField { key: "more".parse().unwrap(), value: 0.into() },
        ),
        ("a large value", History::begun(), Command::SetField { key: field(0), value }),
        ("a long model", History::begun(), Command::RecordMessage(model)),
        ("a huge text", History::begun(), say(&"x".repeat(bounds::TEXT_BYTES_MAX + 1))),
        ("a long path", History::begun(), file(detail(), None)),
        ("a long action", History::begun(), file(String::new(), Some(detail()))),
        ("a long move", History::begun(), Command::Relocate { cwd: Some(detail()) }),
        ("a long reason", History::begun(), redact(1, detail())),
        ("a long import", History::begun(), Command::NoteImport(imported)),
    ]
}

#[test]
fn every_refusal_says_why_and_changes_nothing() {
    let mut told = String::new();
    for (what, mut history, command) in status_refusals().into_iter().chain(size_refusals()) {
        let before = history.state.clone();
        let refusal = history.ask(command).expect_err(what);
        assert_eq!(history.state, before);
        told += &format!("{what}: {refusal}\n");
    }
    assert_snapshot("refusals", &told);
}

#[test]
fn what_is_within_the_bounds_is_not_refused() {
    let path = "x".repeat(bounds::DETAIL_BYTES_MAX);
    let value = serde_json::Value::from("x".repeat(bounds::FIELD_VALUE_BYTES_MAX - 2));
    History::begun().with([
        file(path, None),
        Command::SetField { key: field(0), value },
        say(&"x".repeat(bounds::INLINE_TEXT_BYTES_MAX + 1)),
        redact(4, String::new()),
    ]);
}

#[test]
fn a_session_cannot_become_a_fork() {
    let parent = History::begun().metadata().clone();
    let fork = NewFork { parent, head: Digest::ZERO, name: None };
    let refused = History::begun().ask(Command::Fork(Box::new(fork)));
    assert_eq!(refused, Err(Refusal::Exists { seq: 1 }));
}

#[test]
fn what_is_so_already_is_no_refusal() {
    let mut history = History::begun();
    let tag = || "red".parse().unwrap();
    for (command, seq) in [
        (Command::Activate, 1),
        (Command::Rename { name: None, occurred: None }, 1),
        (Command::Untag(tag()), 1),
        (Command::ClearField { key: field(0) }, 1),
        (Command::Relocate { cwd: None }, 1),
        (Command::Tag(tag()), 2),
        (Command::Tag(tag()), 2),
        (Command::Background, 3),
        (Command::Background, 3),
        (Command::Archive, 4),
        (Command::Archive, 4),
        (Command::Delete, 5),
        (Command::Delete, 5),
    ] {
        history.ask(command).unwrap();
        assert_eq!(history.metadata().seq, seq, "{}", history.tell());
    }
}
