//! Which events may follow which states.

use annals::vocabulary::{
    Command, Created, Digest, Event, EventKind, FieldSet, FileRecorded, Forked, Imported,
    MessageRecorded, Redacted, Renamed, Role, SessionStatus, check_transition,
};

use super::assert_snapshot;
use super::history::History;

fn every_event() -> Vec<Event> {
    let forked = Forked {
        parent: "the-parent".parse().unwrap(),
        at_seq: 1,
        head: Digest::ZERO,
        name: None,
        first_message: None,
        message_count: 0,
        file_count: 0,
        tags: [].into(),
        cwd: None,
        fields: [].into(),
    };
    let message = MessageRecorded {
        role: Role::user(),
        text: None,
        blob: None,
        model: None,
        tokens: None,
        meta: false,
        occurred: None,
    };
    let file = FileRecorded { path: "a".to_owned(), action: None, occurred: None };
    let imported = Imported {
        source: "codex".to_owned(),
        path: "a".to_owned(),
        lines: 1,
        events_added: 1,
        unreadable: 0,
    };
    vec![
        Event::Created(Created::default()),
        Event::Forked(Box::new(forked)),
        Event::Renamed(Renamed { name: None, occurred: None }),
        Event::MessageRecorded(message),
        Event::FileRecorded(file),
        Event::Activated,
        Event::Backgrounded,
        Event::Archived,
        Event::Restored(SessionStatus::Active),
        Event::Restored(SessionStatus::Background),
        Event::Restored(SessionStatus::Archived),
        Event::Restored(SessionStatus::Deleted),
        Event::Tagged("held".parse().unwrap()),
        Event::Tagged("new".parse().unwrap()),
        Event::Untagged("held".parse().unwrap()),
        Event::Untagged("new".parse().unwrap()),
        Event::FieldSet(FieldSet { key: "held".parse().unwrap(), value: 1.into() }),
        Event::FieldCleared("held".parse().unwrap()),
        Event::FieldCleared("new".parse().unwrap()),
        Event::Relocated(None),
        Event::Imported(imported),
        Event::Redacted(Redacted { seq: 1, reason: String::new() }),
        Event::Recovered(Box::default()),
        Event::Deleted,
        Event::from_data("telepathy", "{}", &annals::vocabulary::Upcasts::CURRENT).unwrap(),
    ]
}

#[test]
fn the_possible_and_the_impossible() {
    let held = || {
        History::begun().with([
            Command::Tag("held".parse().unwrap()),
            Command::SetField { key: "held".parse().unwrap(), value: 0.into() },
        ])
    };
    let states = [
        ("no session", History::unborn()),
        ("active", held()),
        ("background", held().with([Command::Background])),
        ("archived", held().with([Command::Archive])),
        ("deleted", held().with([Command::Delete])),
    ];
    let mut told = String::new();
    for (name, history) in &states {
        told += &format!("{name}\n");
        for event in every_event() {
            let verdict = match check_transition(history.state.as_ref(), &event) {
                Ok(()) => "possible".to_owned(),
                Err(impossible) => impossible.why.to_owned(),
            };
            let (kind, data) = (event.kind_name(), event.to_data().unwrap());
            let detail = match event {
                Event::Restored(_) | Event::Tagged(_) | Event::Untagged(_) => data,
                Event::FieldCleared(_) => data,
                _ => String::new(),
            };
            told += &format!("  {kind}{detail}: {verdict}\n");
        }
    }
    assert_snapshot("transitions", &told);
}

#[test]
fn every_known_kind_is_tried() {
    let tried: std::collections::BTreeSet<_> =
        every_event().iter().filter_map(Event::kind).collect();
    assert_eq!(tried, EventKind::ALL.into_iter().map(|(kind, _)| kind).collect());
}

#[test]
fn an_impossible_event_still_has_its_effect() {
    let mut history = History::begun();
    history.event(Event::Restored(SessionStatus::Archived));
    history.event(Event::Untagged("absent".parse().unwrap()));
    history.event(Event::Activated);
    assert_snapshot("an_impossible_history", &history.tell());
}
