//! The stored bytes of every kind of event, pinned: a change here breaks every store there is.

use std::collections::BTreeSet;
use std::fs;

use annals::format::bounds::{FORMAT, PROJECTION};
use annals::format::{Header, JournalId, Seed, Snapshot, StoreFile, parse};
use annals::journal::apply_line;
use annals::vocabulary::{Digest, Event, EventKind, MessageRecorded, Projection, Role};

use crate::store::fixture;
use crate::writing::{Writing, moment};

const EVERY_KIND: &str = "every-kind";
const FORK: &str = "fork";
const RECOVERED: &str = "recovered";
const JOURNALS: [(&str, &str); 3] = [
    (EVERY_KIND, "0199a0b1c2d37e4f8a5b6c7d8e9f0011"),
    (FORK, "0199a0b1c2d37e4f8a5b6c7d8e9f0022"),
    (RECOVERED, "0199a0b1c2d37e4f8a5b6c7d8e9f0033"),
];
/// The record that the snapshot of the first session was folded to.
const SNAPSHOT_SEQ: u64 = 9;

fn journal_id(session: &str) -> &'static str {
    JOURNALS.iter().find(|(name, _)| *name == session).map(|(_, id)| *id).unwrap()
}

fn begin(session: &str) -> Writing {
    Writing::begin(journal_id(session), session, "golden")
}

/// A text that does not fit its record.
pub(crate) fn long_text() -> String {
    "Long texts are kept beside the journal. ".repeat(2000)
}

/// A session with every kind but the two that cannot stand in it.
fn every_kind() -> Writing {
    let mut writing = begin(EVERY_KIND);
    writing.batch = Some(1);
    writing.event(
        "created",
        r#"{"name":"Every kind","status":"background","cwd":"/home/ada","source":"claude-code","parent":"root","fields":{"depth":{"a":[1,2.5,null,true]},"ticket":"A-1"},"occurred":"2025-01-02T03:04:05.000006Z"}"#,
    );
    writing.event(
        "message_recorded",
        r#"{"role":"user","text":"tab\t nul\u0000 del quote\" é 🦀","meta":true,"occurred":"2025-01-02T03:04:06.000000Z"}"#,
    );
    writing.batch = None;
    writing.event(
        "message_recorded",
        r#"{"role":"assistant","text":"Done.","model":"opus","tokens":{"input":12,"output":34,"cache_read":5,"cache_creation":6}}"#,
    );
    let message = MessageRecorded {
        role: Role::assistant(),
        text: Some(long_text()),
        blob: None,
        model: None,
        tokens: None,
        meta: false,
        occurred: None,
    };
    let (message, _) = Event::MessageRecorded(message).with_long_text_aside();
    writing.event("message_recorded", &message.to_data().unwrap());
    writing.event("file_recorded", r#"{"path":"src/lib.rs","action":"edited"}"#);
    writing.event("activated", "{}");
    writing.event("backgrounded", "{}");
    writing.event("tagged", r#"{"tag":"urgent"}"#);
    writing.event("tagged", r#"{"tag":"café"}"#);
    writing.event("untagged", r#"{"tag":"urgent"}"#);
    writing.event("field_set", r#"{"key":"estimate","value":{"days":3}}"#);
    writing.event("field_cleared", r#"{"key":"ticket"}"#);
    writing.event("relocated", r#"{"cwd":null}"#);
    writing.event("renamed", r#"{"name":null,"occurred":"2025-01-02T03:05:00.000000Z"}"#);
    writing.event("renamed", r#"{"name":"Every kind there is"}"#);
    writing.event(
        "imported",
        r#"{"source":"codex","path":"/home/ada/rollout.jsonl","lines":10,"events_added":8,"unreadable":1}"#,
    );
    writing.erased("message_recorded", r#"{"role":"user","text":"the password is 1234"}"#);
    writing.event("redacted", r#"{"seq":17,"reason":"a password"}"#);
    // What a later version may write: kept, passed over, never lost.
    writing.event("pinned", r#"{"to":"the top","v":1}"#);
    writing.event("renamed", r#"{"v":2,"names":["Every","kind"]}"#);
    writing.event("archived", "{}");
    writing.event("restored", r#"{"status":"active"}"#);
    writing.event("deleted", "{}");
    writing
}

fn fork(parent_head: Digest) -> Writing {
    let mut writing = begin(FORK);
    writing.event(
        "forked",
        &format!(
            r#"{{"parent":"every-kind","at_seq":23,"head":"{parent_head}","name":"A fork","first_message":"Hello","message_count":4,"file_count":1,"tags":["café"],"cwd":"/home/ada","fields":{{"estimate":{{"days":3}}}}}}"#
        ),
    );
    writing
}

/// Records 2 and 3 are gone; a recovery has said so, and put a snapshot's state in their place.
/// With the name and the bytes of the file that it set aside.
fn recovered() -> (Writing, String, Vec<u8>) {
    let mut writing = begin(RECOVERED);
    writing.event("created", "{}");
    let mark = writing.bytes.len();
    writing.event("message_recorded", r#"{"role":"user","text":"Lost words"}"#);
    writing.event("tagged", r#"{"tag":"lost"}"#);
    let mut damaged = writing.bytes.clone();
    damaged[mark..].fill(b'?');
    let lost_bytes = damaged.len() - mark;
    writing.lose_since(mark);
    writing.event("renamed", r#"{"name":"After the damage"}"#);
    damaged.extend_from_slice(&writing.bytes[writing.last_offset..]);
    let digest = Digest::of(&damaged);
    let name: String = digest.as_bytes()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let name = format!("quarantine/journal-{name}.jsonl");
    writing.event(
        "recovered",
        &format!(
            r#"{{"reason":"corrupt","lost":[{{"first_seq":2,"last_seq":3,"bytes":{lost_bytes}}}],"quarantined":["{name}"],"state":{{"id":"recovered","status":"active","created":"2026-11-22T13:45:05.123456Z","last_active":"2026-11-22T13:45:06.123456Z","first_message":"Lost words","name":"After the damage","message_count":1,"file_count":0,"tags":["lost"],"cwd":null,"source":null,"parent":null,"fields":{{}},"seq":4}}}}"#
        ),
    );
    writing.event("message_recorded", r#"{"role":"user","text":"Going on"}"#);
    (writing, name, damaged)
}

/// The snapshot of a journal's first records.
fn snapshot_of(writing: &Writing) -> Snapshot {
    let journal: JournalId = journal_id(EVERY_KIND).parse().unwrap();
    let mut state = Projection::blank(EVERY_KIND.parse().unwrap(), moment(0));
    let mut offset = 0;
    for line in writing.bytes.split_inclusive(|&byte| byte == b'\n') {
        let view = parse(&line[..line.len() - 1]).unwrap();
        if view.seq > 0 {
            apply_line(&mut state, &view);
        }
        if view.seq == SNAPSHOT_SEQ {
            return Snapshot {
                format: FORMAT,
                projection: PROJECTION,
                journal,
                seq: view.seq,
                last_offset: offset,
                end_offset: offset + line.len() as u64,
                head: view.link(),
                durable: true,
                state,
            };
        }
        offset += line.len() as u64;
    }
    panic!("the journal has no record {SNAPSHOT_SEQ}");
}

/// Every file of the fixture that has one spelling, with its bytes.
pub(crate) fn files() -> Vec<(String, Vec<u8>)> {
    let every_kind = every_kind();
    let store = StoreFile {
        store: "annals".to_owned(),
        format: FORMAT,
        id: "0199a0b1c2d37e4f8a5b6c7d8e9f0000".parse().unwrap(),
    };
    let journal = |session: &str| format!("sessions/{session}/journal.jsonl");
    let snapshot = snapshot_of(&every_kind).encode().unwrap();
    let (recovered, set_aside, damaged) = recovered();
    vec![
        ("store.json".to_owned(), store.encode()),
        (journal(EVERY_KIND), every_kind.padded()),
        (format!("sessions/{EVERY_KIND}/snapshot.json"), snapshot),
        (journal(FORK), fork(every_kind.head).padded()),
        (journal(RECOVERED), recovered.bytes),
        (format!("sessions/{RECOVERED}/{set_aside}"), damaged),
    ]
}

#[test]
fn every_file_is_still_written_as_format_1_wrote_it() {
    for (path, bytes) in files() {
        let stored = fs::read(fixture().join(&path)).unwrap();
        let lines = |bytes: &[u8]| -> Vec<String> {
            bytes.split(|&byte| byte == b'\n').map(|l| String::from_utf8_lossy(l).into()).collect()
        };
        for (written, stored) in lines(&bytes).iter().zip(lines(&stored)) {
            assert_eq!(*written, stored, "{path}");
        }
        assert_eq!(bytes.len(), stored.len(), "{path}");
    }
}

#[test]
fn the_golden_journals_hold_every_kind_of_event() {
    let journals = [every_kind().bytes, fork(Digest::ZERO).bytes, recovered().0.bytes].concat();
    let lines = journals.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let kinds: BTreeSet<String> = lines.map(|line| parse(line).unwrap().kind.to_owned()).collect();

    let missing: Vec<&str> = EventKind::ALL
        .iter()
        .map(|(_, name)| *name)
        .filter(|name| !kinds.contains(*name))
        .collect();

    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn a_long_text_is_kept_under_the_name_of_its_digest() {
    let text = long_text();
    let name = format!("{}.zst", Digest::of(text.as_bytes()));

    let stored = fs::read(fixture().join("sessions/every-kind/blobs").join(name)).unwrap();

    assert_eq!(zstd::decode_all(stored.as_slice()).unwrap(), text.as_bytes());
}

#[test]
fn a_header_says_which_journal_it_is_of() {
    for (session, journal) in JOURNALS {
        let stored = fs::read(fixture().join(format!("sessions/{session}/journal.jsonl"))).unwrap();
        let line = stored.split(|&byte| byte == b'\n').next().unwrap();

        let (header, view) = Header::decode(line).unwrap();

        assert_eq!((header.format, header.journal.to_string()), (1, journal.to_owned()));
        assert_eq!((header.session.as_str(), view.at), (session, moment(0)));
        assert_eq!(Seed::of(header.journal), begin(session).seed);
    }
}
