//! From what an importer makes of lines to entries of an append.

use std::collections::{BTreeMap, VecDeque};
use std::str::FromStr;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::report::Tally;
use super::{Transcript, TranscriptSource};
use crate::vocabulary::{
    Command, Entry, FieldName, FileRecorded, Key, NewMessage, NewSession, SessionName, Timestamp,
    bounds,
};

/// Most entries appended together: they share a lock and a sync.
const BATCH_ENTRIES_MAX: usize = 256;

/// Most text appended together, in bytes; a longer text goes alone.
const BATCH_TEXT_BYTES_MAX: usize = 1024 * 1024;

/// Longest value of a field that an importer makes of a text, in characters: at four bytes each it
/// stays below the bound on fields.
const FIELD_CHARS_MAX: usize = 4000;

/// Longest id taken into a key as it stands.
const KEY_ID_BYTES_MAX: usize = 64;

/// One record of a transcript, with its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The program that wrote it.
    pub(super) source: TranscriptSource,
    /// Its line, counted from 1.
    pub(super) line: u64,
    /// The record itself.
    pub(super) record: &'a str,
}

impl Place<'_> {
    /// The key of the event that the record becomes: made of the record's own id where it has a
    /// plain one, otherwise of its line and its content. `part` tells several events of one
    /// record apart.
    pub(super) fn key(&self, id: Option<&str>, part: &str) -> Key {
        let plain = |id: &&str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            !id.is_empty() && id.len() <= KEY_ID_BYTES_MAX && id.bytes().all(is_plain)
        };
        match id.filter(plain) {
            Some(id) => key(&format!("{}:{id}{part}", self.source)),
            None => {
                key(&format!("{}:{}:{}{part}", self.source, self.line, short_hash(self.record)))
            }
        }
    }
}

/// A key out of parts that are known to be printable ASCII and short.
pub(super) fn key(text: &str) -> Key {
    let key = Key::from_str(text);
    debug_assert!(key.is_ok(), "importers make keys of plain parts: {text}");
    key.unwrap_or_else(|_| Key::generate())
}

/// The first 16 hex digits of a text's SHA-256.
pub(super) fn short_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// An entry with the line that it comes from.
#[derive(Debug, Clone)]
pub(super) struct Drafted {
    pub(super) line: u64,
    pub(super) entry: Entry,
}

/// Collects what is to be appended, and begins the session before its first message.
#[derive(Debug)]
pub(super) struct Draft {
    source: TranscriptSource,
    beginning: NewSession,
    begun: bool,
    /// Names and fields met before the first message, the latest of each.
    held: Vec<Drafted>,
    ready: VecDeque<Drafted>,
    ready_bytes: usize,
    name: Option<SessionName>,
    fields: BTreeMap<FieldName, Value>,
    moment: Option<Timestamp>,
    pub(super) tally: Tally,
}

impl Draft {
    pub(super) fn new(transcript: &Transcript) -> Self {
        let beginning = NewSession {
            source: Some(transcript.source.to_string()),
            parent: transcript.parent.clone(),
            ..NewSession::default()
        };
        Self {
            source: transcript.source,
            beginning,
            begun: false,
            held: Vec::new(),
            ready: VecDeque::new(),
            ready_bytes: 0,
            name: None,
            fields: BTreeMap::new(),
            moment: None,
            tally: Tally::default(),
        }
    }

    /// How the session begins, to be filled in until it has begun.
    pub(super) fn beginning(&mut self) -> Option<&mut NewSession> {
        (!self.begun).then_some(&mut self.beginning)
    }

    /// Takes note of a record's time and working directory: the first of each are the session's.
    pub(super) fn see(&mut self, line: u64, timestamp: Option<&str>, cwd: Option<&str>) {
        match timestamp.map(str::parse) {
            Some(Ok(moment)) => self.moment = Some(moment),
            Some(Err(_)) => self.tally.unreadable(
                line,
                "its timestamp is not RFC 3339; the time of the record before it stands in",
            ),
            None => {}
        }
        let moment = self.moment;
        let Some(beginning) = self.beginning() else { return };
        beginning.occurred = beginning.occurred.or(moment);
        if beginning.cwd.is_none() {
            let fits = |cwd: &&str| cwd.len() <= bounds::DETAIL_BYTES_MAX;
            beginning.cwd = cwd.filter(fits).map(str::to_owned);
        }
    }

    /// The time of the latest record that had one.
    pub(super) fn moment(&self) -> Option<Timestamp> {
        self.moment
    }

    /// Drafts a message; its time is that of the record seen last.
    pub(super) fn message(&mut self, line: u64, key: Key, message: NewMessage) {
        self.begin(line);
        *self.tally.messages.entry(message.role.to_string()).or_default() += 1;
        let model = message.model.as_deref().map(bounded_detail);
        let occurred = message.occurred.or(self.moment);
        self.push(line, key, Command::RecordMessage(NewMessage { model, occurred, ..message }));
    }

    /// Drafts a file event.
    pub(super) fn file(&mut self, line: u64, key: Key, path: String, action: &str) {
        self.begin(line);
        let file = FileRecorded { path, action: Some(action.to_owned()), occurred: self.moment };
        self.push(line, key, Command::RecordFile(file));
    }

    /// Drafts a rename, unless the transcript has given this name already. A name that annals does
    /// not take is cleaned and cut.
    pub(super) fn rename(&mut self, line: u64, key: Key, text: &str) {
        let Some(name) = session_name(text) else { return self.tally.ignore("empty name") };
        if self.name.as_ref() == Some(&name) {
            return self.tally.ignore("repeated name");
        }
        self.name = Some(name.clone());
        let command = Command::Rename { name: Some(name), occurred: self.moment };
        self.hold_or_push(line, key, command);
    }

    /// Drafts a field, unless it has this value already. What annals does not take is reported.
    pub(super) fn field(&mut self, line: u64, key: Key, name: &str, value: Value) {
        let Ok(field) = name.parse::<FieldName>() else {
            return self.tally.unreadable(line, "a field whose name annals does not take");
        };
        let (bytes, max) = (value.to_string().len(), bounds::FIELD_VALUE_BYTES_MAX);
        if bytes > max {
            let why = format!("a field of {bytes} bytes, over the bound of {max}");
            return self.tally.unreadable(line, why);
        }
        if self.fields.get(&field) == Some(&value) {
            return self.tally.ignore("repeated field");
        }
        self.fields.insert(field.clone(), value.clone());
        self.hold_or_push(line, key, Command::SetField { key: field, value });
    }

    /// Drafts a change of status; a session that never began has none.
    pub(super) fn status(&mut self, key: Key, command: Command) {
        if self.begun {
            self.push(0, key, command);
        }
    }

    /// Begins the session if no message has done so.
    pub(super) fn begin(&mut self, line: u64) {
        if self.begun {
            return;
        }
        self.begun = true;
        let beginning = std::mem::take(&mut self.beginning);
        self.push(line, key(&format!("{}:created", self.source)), Command::Create(beginning));
        for held in std::mem::take(&mut self.held) {
            self.ready.push_back(held);
        }
    }

    /// Whether enough is drafted for an append.
    pub(super) fn is_full(&self) -> bool {
        self.ready.len() >= BATCH_ENTRIES_MAX || self.ready_bytes >= BATCH_TEXT_BYTES_MAX
    }

    /// Whether nothing is drafted.
    pub(super) fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// The next entries to append together.
    pub(super) fn take_batch(&mut self) -> Vec<Drafted> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some(next) = self.ready.front() {
            let next_bytes = text_bytes(&next.entry.command);
            let is_over = bytes + next_bytes > BATCH_TEXT_BYTES_MAX;
            if batch.len() == BATCH_ENTRIES_MAX || (is_over && !batch.is_empty()) {
                break;
            }
            bytes += next_bytes;
            batch.extend(self.ready.pop_front());
        }
        self.ready_bytes -= bytes;
        batch
    }

    fn hold_or_push(&mut self, line: u64, key: Key, command: Command) {
        if self.begun {
            return self.push(line, key, command);
        }
        self.held.retain(|held| !replaces(&command, &held.entry.command));
        self.held.push(Drafted { line, entry: Entry { command, key: Some(key) } });
    }

    fn push(&mut self, line: u64, key: Key, command: Command) {
        self.ready_bytes += text_bytes(&command);
        self.ready.push_back(Drafted { line, entry: Entry { command, key: Some(key) } });
    }
}

fn replaces(new: &Command, old: &Command) -> bool {
    match (new, old) {
        (Command::Rename { .. }, Command::Rename { .. }) => true,
        (Command::SetField { key: new, .. }, Command::SetField { key: old, .. }) => new == old,
        _ => false,
    }
}

/// The texts that can be long; names, paths and fields have bounds of their own.
fn text_bytes(command: &Command) -> usize {
    match command {
        Command::RecordMessage(message) => message.text.as_ref().map_or(0, String::len),
        _ => 0,
    }
}

/// The name nearest to a text: control characters and runs of white space become one space, and it
/// is cut to length.
pub(super) fn session_name(text: &str) -> Option<SessionName> {
    let clean = |character: char| if character.is_control() { ' ' } else { character };
    let mut name = String::new();
    for word in text.split(|character: char| clean(character).is_whitespace()) {
        if !name.is_empty() && !word.is_empty() {
            name.push(' ');
        }
        name.push_str(word);
    }
    let name: String = name.chars().take(bounds::NAME_CHARS_MAX).collect();
    name.trim_end().parse().ok()
}

/// The value of a field made of a text, cut to what a field holds.
pub(super) fn field_text(text: &str) -> Value {
    let clean = |character: char| if character.is_control() { ' ' } else { character };
    Value::String(text.trim().chars().take(FIELD_CHARS_MAX).map(clean).collect())
}

/// As much of a text as a detail of an event holds.
pub(super) fn bounded_detail(text: &str) -> String {
    let fits = |(offset, character): &(usize, char)| {
        offset + character.len_utf8() <= bounds::DETAIL_BYTES_MAX
    };
    text.char_indices().take_while(fits).map(|(_, character)| character).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned_and_cut_to_what_annals_takes() {
        assert_eq!(session_name("  two\nlines\u{1b} ").unwrap().as_str(), "two lines");
        assert_eq!(session_name(&"é".repeat(300)).unwrap().as_str(), "é".repeat(100));
        assert_eq!(session_name(" \n "), None);
    }

    #[test]
    fn the_longest_field_text_fits_the_bound() {
        for character in ["\u{1}", "\"", "😀"] {
            let value = field_text(&character.repeat(5000));
            assert!(value.to_string().len() <= bounds::FIELD_VALUE_BYTES_MAX);
        }
    }

    #[test]
    fn keys_are_made_of_plain_ids_and_otherwise_of_line_and_content() {
        let place = Place { source: TranscriptSource::ClaudeCode, line: 7, record: "{}" };
        assert_eq!(place.key(Some("a-1"), "").as_str(), "claude-code:a-1");
        assert_eq!(place.key(Some("a-1"), ":file:0").as_str(), "claude-code:a-1:file:0");
        for odd in [None, Some(""), Some("a\"b"), Some("é"), Some(&*"x".repeat(65))] {
            assert_eq!(place.key(odd, "").as_str(), "claude-code:7:44136fa355b3678a");
        }
    }
}
