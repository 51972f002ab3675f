//! Commands of every kind, for tests that make up histories.

use annals::vocabulary::{
    Command, FileRecorded, Imported, NewMessage, NewSession, Recovered, Redacted, Role,
    SessionMetadata, Timestamp,
};
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;

/// Few names, so that commands meet what earlier ones left.
pub fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just("a"), Just("b"), Just("ä")].prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
        Just(serde_json::Value::Null),
    ]
}

pub fn message() -> impl Strategy<Value = Command> {
    (any::<bool>(), any::<bool>(), proptest::option::of(any::<String>())).prop_map(
        |(is_user, meta, text)| {
            let role = if is_user { Role::user() } else { Role::assistant() };
            Command::RecordMessage(NewMessage { text, meta, ..NewMessage::new(role, "") })
        },
    )
}

fn note() -> impl Strategy<Value = Command> {
    prop_oneof![
        (0..5_u64, any::<String>())
            .prop_map(|(seq, reason)| Command::NoteRedaction(Redacted { seq, reason })),
        any::<u64>().prop_map(|lines| Command::NoteImport(Imported {
            source: "codex".to_owned(),
            path: "a".to_owned(),
            lines,
            events_added: 0,
            unreadable: 0,
        })),
        any::<bool>().prop_map(|bridges| {
            let id = "another".parse().unwrap();
            let state = SessionMetadata::blank(id, Timestamp::EPOCH);
            let state = bridges.then(|| Box::new(state));
            Command::NoteRecovery(Box::new(Recovered { state, ..Recovered::default() }))
        }),
    ]
}

pub fn command() -> impl Strategy<Value = Command> {
    let key = || name().prop_map(|name| name.parse().unwrap());
    prop_oneof![
        Just(Command::Create(NewSession::default())),
        proptest::option::of(name()).prop_map(|name| Command::Rename {
            name: name.map(|name| name.parse().unwrap()),
            occurred: None
        }),
        message(),
        name().prop_map(|path| Command::RecordFile(FileRecorded {
            path,
            action: None,
            occurred: None
        })),
        Just(Command::Activate),
        Just(Command::Background),
        Just(Command::Archive),
        Just(Command::Restore),
        Just(Command::Delete),
        Just(Command::Undo),
        Just(Command::Undo),
        Just(Command::Undo),
        name().prop_map(|tag| Command::Tag(tag.parse().unwrap())),
        name().prop_map(|tag| Command::Untag(tag.parse().unwrap())),
        (key(), value()).prop_map(|(key, value)| Command::SetField { key, value }),
        key().prop_map(|key| Command::ClearField { key }),
        proptest::option::of(name()).prop_map(|cwd| Command::Relocate { cwd }),
        note(),
    ]
}
