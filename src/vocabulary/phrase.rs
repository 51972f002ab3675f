//! What happened, as a phrase for people.

use std::fmt;

use super::{
    ByteCount, Created, Event, FieldSet, FileRecorded, Forked, Imported, LostRange,
    MessageRecorded, Record, Recovered, Redacted, Renamed, Timestamp,
};

impl Record {
    /// What happened, in words. They are as they were written: whoever shows them makes them
    /// harmless first, with [`one_line`](super::one_line).
    #[must_use]
    pub fn in_words(&self) -> String {
        match self.event() {
            Ok(Some(event)) => of_event(&event),
            Ok(None) => format!("{} (its data was redacted)", spaced(&self.kind)),
            Err(fault) => fault.to_string(),
        }
    }

    /// When it happened, if that was before it was recorded.
    #[must_use]
    pub fn occurred(&self) -> Option<Timestamp> {
        occurred(&self.event().ok()??)
    }
}

impl fmt::Display for LostRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first_seq, last_seq, .. } = self;
        if first_seq == last_seq {
            write!(formatter, "seq {first_seq}")
        } else {
            write!(formatter, "seq {first_seq} to {last_seq}")
        }
    }
}

fn of_event(event: &Event) -> String {
    match event {
        Event::Created(created) => began(created),
        Event::Renamed(Renamed { name: Some(name), .. }) => format!("renamed to {name}"),
        Event::Renamed(Renamed { name: None, .. }) => "name taken away".to_owned(),
        Event::MessageRecorded(message) => spoken(message),
        Event::FileRecorded(FileRecorded { path, action, .. }) => {
            format!("file {}: {path}", action.as_deref().unwrap_or("recorded"))
        }
        Event::Activated => "brought to the foreground".to_owned(),
        Event::Backgrounded => "sent to the background".to_owned(),
        Event::Archived => "archived".to_owned(),
        Event::Restored(status) => format!("restored as {status}"),
        Event::Tagged(tag) => format!("tagged {tag}"),
        Event::Untagged(tag) => format!("untagged {tag}"),
        Event::FieldSet(FieldSet { key, value }) => format!("set {key} = {value}"),
        Event::FieldCleared(key) => format!("unset {key}"),
        Event::Relocated(Some(directory)) => format!("moved to {directory}"),
        Event::Relocated(None) => "directory forgotten".to_owned(),
        Event::Forked(forked) => {
            let Forked { parent, at_seq, .. } = &**forked;
            format!("forked from {parent} at seq {at_seq}")
        }
        Event::Imported(imported) => brought_in(imported),
        Event::Redacted(Redacted { seq, reason }) => format!("redacted seq {seq}: {reason}"),
        Event::Recovered(recovered) => repaired(recovered),
        Event::Deleted => "deleted".to_owned(),
        Event::Unknown { kind, data } => format!("{} {}", spaced(kind), data.get()),
    }
}

fn occurred(event: &Event) -> Option<Timestamp> {
    match event {
        Event::Created(Created { occurred, .. })
        | Event::Renamed(Renamed { occurred, .. })
        | Event::MessageRecorded(MessageRecorded { occurred, .. })
        | Event::FileRecorded(FileRecorded { occurred, .. }) => *occurred,
        _ => None,
    }
}

fn began(created: &Created) -> String {
    let mut phrase = "created".to_owned();
    if let Some(name) = &created.name {
        phrase.push_str(&format!(" as {name}"));
    }
    if let Some(source) = &created.source {
        phrase.push_str(&format!(" from {source}"));
    }
    if let Some(directory) = &created.cwd {
        phrase.push_str(&format!(" in {directory}"));
    }
    phrase
}

fn spoken(message: &MessageRecorded) -> String {
    let text = message.text.as_deref().map(str::trim).unwrap_or_default();
    let role = &message.role;
    match message.blob {
        Some(blob) => format!("{role} ({}): {text} …", ByteCount(blob.bytes)),
        None if text.is_empty() => format!("{role} spoke, without text"),
        None => format!("{role}: {text}"),
    }
}

fn brought_in(imported: &Imported) -> String {
    let Imported { source, path, events_added, unreadable, .. } = imported;
    let mut phrase = format!("imported {events_added} events of {source} from {path}");
    if *unreadable > 0 {
        phrase.push_str(&format!(", {unreadable} lines unreadable"));
    }
    phrase
}

fn repaired(recovered: &Recovered) -> String {
    let Recovered { reason, lost, .. } = recovered;
    if lost.is_empty() {
        return format!("recovered from {reason}, nothing lost");
    }
    let ranges: Vec<_> = lost.iter().map(ToString::to_string).collect();
    format!("recovered from {reason}, lost {}", ranges.join(", "))
}

fn spaced(kind: &str) -> String {
    kind.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::of_event;
    use crate::vocabulary::{Event, Upcasts};

    #[test]
    fn every_kind_of_event_has_its_words() {
        let zero = "A".repeat(43);
        let cases = [
            ("created", "{}".to_owned(), "created"),
            ("created", r#"{"name":"n","source":"codex","cwd":"/p"}"#.to_owned(), "created as n from codex in /p"),
            ("renamed", r#"{"name":"n"}"#.to_owned(), "renamed to n"),
            ("renamed", r#"{"name":null}"#.to_owned(), "name taken away"),
            ("message_recorded", r#"{"role":"user","text":" hi "}"#.to_owned(), "user: hi"),
            ("message_recorded", r#"{"role":"tool"}"#.to_owned(), "tool spoke, without text"),
            ("message_recorded", format!(r#"{{"role":"user","text":"begin","blob":{{"digest":"{zero}","bytes":2048}}}}"#), "user (2.00 KiB): begin …"),
            ("file_recorded", r#"{"path":"a.rs","action":"edited"}"#.to_owned(), "file edited: a.rs"),
            ("activated", "{}".to_owned(), "brought to the foreground"),
            ("backgrounded", "{}".to_owned(), "sent to the background"),
            ("archived", "{}".to_owned(), "archived"),
            ("restored", r#"{"status":"active"}"#.to_owned(), "restored as active"),
            ("tagged", r#"{"tag":"t"}"#.to_owned(), "tagged t"),
            ("untagged", r#"{"tag":"t"}"#.to_owned(), "untagged t"),
            ("field_set", r#"{"key":"k","value":[1]}"#.to_owned(), "set k = [1]"),
            ("field_cleared", r#"{"key":"k"}"#.to_owned(), "unset k"),
            ("relocated", r#"{"cwd":"/p"}"#.to_owned(), "moved to /p"),
            ("relocated", r#"{"cwd":null}"#.to_owned(), "directory forgotten"),
            ("forked", format!(r#"{{"parent":"p","at_seq":3,"head":"{zero}"}}"#), "forked from p at seq 3"),
            ("imported", r#"{"source":"codex","path":"f","lines":9,"events_added":4,"unreadable":2}"#.to_owned(), "imported 4 events of codex from f, 2 lines unreadable"),
            ("redacted", r#"{"seq":4,"reason":"secret"}"#.to_owned(), "redacted seq 4: secret"),
            ("recovered", r#"{"reason":"torn-tail"}"#.to_owned(), "recovered from torn-tail, nothing lost"),
            ("recovered", r#"{"reason":"corrupt","lost":[{"first_seq":2,"last_seq":2,"bytes":9},{"first_seq":5,"last_seq":7,"bytes":9}]}"#.to_owned(), "recovered from corrupt, lost seq 2, seq 5 to 7"),
            ("deleted", "{}".to_owned(), "deleted"),
            ("brand_new", r#"{"x":1}"#.to_owned(), r#"brand new {"x":1}"#),
        ];
        for (kind, data, words) in cases {
            let event = Event::from_data(kind, &data, &Upcasts::CURRENT).unwrap();
            assert_eq!(of_event(&event), words);
        }
    }
}
