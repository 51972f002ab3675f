//! Taking changes back, and taking that back.

use annals::vocabulary::{Command, Refusal, SessionMetadata};

use super::assert_snapshot;
use super::history::History;

fn rename(name: Option<&str>) -> Command {
    Command::Rename { name: name.map(|name| name.parse().unwrap()), occurred: None }
}

fn tag(tag: &str) -> Command {
    Command::Tag(tag.parse().unwrap())
}

fn set(value: i32) -> Command {
    Command::SetField { key: "team".parse().unwrap(), value: value.into() }
}

/// What came before, and the change that is taken back.
fn changes() -> Vec<(Vec<Command>, Command)> {
    let clear = || Command::ClearField { key: "team".parse().unwrap() };
    let cwd = |cwd: Option<&str>| Command::Relocate { cwd: cwd.map(str::to_owned) };
    vec![
        (vec![], rename(Some("a"))),
        (vec![rename(Some("a"))], rename(Some("b"))),
        (vec![rename(Some("a"))], rename(None)),
        (vec![], tag("red")),
        (vec![tag("red")], Command::Untag("red".parse().unwrap())),
        (vec![], set(1)),
        (vec![set(1)], set(2)),
        (vec![set(1)], clear()),
        (vec![], cwd(Some("/home"))),
        (vec![cwd(Some("/home"))], cwd(None)),
        (vec![], Command::Background),
        (vec![Command::Background], Command::Activate),
        (vec![], Command::Archive),
        (vec![Command::Background], Command::Archive),
        (vec![Command::Archive], Command::Restore),
        (vec![], Command::Delete),
        (vec![Command::Background], Command::Delete),
        (vec![Command::Archive], Command::Delete),
        (vec![Command::Delete], Command::Restore),
        (vec![Command::Archive, Command::Delete], Command::Restore),
    ]
}

/// All of a state but where it stands and when it was worked in.
fn content(history: &History) -> SessionMetadata {
    let state = history.metadata().clone();
    SessionMetadata { seq: 0, last_active: state.created, ..state }
}

#[test]
fn every_change_can_be_undone_and_the_undoing_too() {
    let mut told = String::new();
    for (prelude, change) in changes() {
        let mut history = History::begun().with(prelude);
        let before = content(&history);
        history.ask(change).unwrap();
        let after = content(&history);
        assert_ne!(after, before);
        for expected in [&before, &after, &before] {
            history.ask(Command::Undo).unwrap();
            assert_eq!(content(&history), *expected, "{}", history.tell());
        }
        let tale = history.tell();
        told += tale.split("\n\n").next().unwrap();
        told += "\n\n";
    }
    assert_snapshot("undone_thrice", &told);
}

#[test]
fn what_is_history_is_left_alone_by_undo() {
    let message = annals::vocabulary::NewMessage::new(annals::vocabulary::Role::user(), "hi");
    let mut history = History::begun().with([rename(Some("a")), Command::RecordMessage(message)]);
    history.ask(Command::Undo).unwrap();
    assert_eq!((&history.metadata().name, history.metadata().message_count), (&None, 1));
}

#[test]
fn a_session_that_only_began_has_nothing_to_undo() {
    assert_eq!(History::begun().ask(Command::Undo), Err(Refusal::NothingToUndo));
}
