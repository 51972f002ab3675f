//! Journals of every shape, with fixed ids, keys and times: the same bytes in every run.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use annals::disk::Disk;
use annals::format::bounds::{FORMAT, PROJECTION};
use annals::format::layout::SessionPaths;
use annals::format::{Header, JournalId, Seed, Snapshot, parse};
use annals::journal::Journal;
use annals::vocabulary::{Digest, Link, SessionId};

use crate::medium::Medium;
use crate::writing::{Writing, example};

/// A line of a sound journal.
pub struct Line {
    pub seq: u64,
    pub batch: Option<u64>,
    /// Its bytes, line feed included.
    pub bytes: Vec<u8>,
    /// Where it begins.
    pub offset: usize,
}

impl Line {
    /// The line without its line feed.
    pub fn solid(&self) -> &[u8] {
        &self.bytes[..self.bytes.len() - 1]
    }
}

/// A sound journal, and what stands beside it.
pub struct Shape {
    pub name: &'static str,
    pub session: SessionId,
    pub journal: JournalId,
    pub lines: Vec<Line>,
    /// The whole file: the lines, and the padding behind them.
    pub bytes: Vec<u8>,
    /// Where the padding begins.
    pub end: usize,
    /// Other files of the session.
    pub beside: Vec<(PathBuf, Vec<u8>)>,
    /// The record that a durable snapshot proves, or 0.
    pub floor: u64,
    /// Records that an earlier recovery has named as lost.
    pub excused: Option<u64>,
    /// The record whose data were removed, and the one that says so.
    pub erased: Option<(u64, u64)>,
}

impl Shape {
    fn of(name: &'static str, session: &str, writing: &Writing, padding: usize) -> Self {
        let mut lines = Vec::new();
        let mut offset = 0;
        for bytes in writing.bytes.split_inclusive(|&byte| byte == b'\n') {
            let view = parse(&bytes[..bytes.len() - 1]).unwrap();
            let (seq, batch) = (view.seq, view.batch);
            lines.push(Line { seq, batch, bytes: bytes.to_vec(), offset });
            offset += bytes.len();
        }
        let journal = Header::decode(lines[0].solid()).unwrap().0.journal;
        let mut bytes = writing.bytes.clone();
        bytes.resize(offset.next_multiple_of(padding), b' ');
        let session = session.parse().unwrap();
        let (beside, floor, excused, erased) = (Vec::new(), 0, None, None);
        Self { name, session, journal, lines, bytes, end: offset, beside, floor, excused, erased }
    }

    pub fn paths(&self) -> SessionPaths {
        SessionPaths::new(Path::new(crate::medium::STORE), &self.session)
    }

    pub fn seed(&self) -> Seed {
        Seed::of(self.journal)
    }

    pub fn head(&self) -> (u64, Link) {
        let last = self.lines.last().unwrap();
        (last.seq, parse(last.solid()).unwrap().link())
    }

    /// The first line of the last write. It is that of the header where the session was made in
    /// one write: that one is not torn, because the session's folder appears with it whole.
    pub fn last_write(&self) -> usize {
        let last = self.lines.last().unwrap();
        let first = last.batch.unwrap_or(last.seq);
        let index = self.lines.iter().position(|line| line.seq == first).unwrap();
        if first == 1 { 0 } else { index }
    }

    /// The same shape with a durable snapshot at the record on a line.
    fn with_snapshot(mut self, line: usize) -> Self {
        let cut = self.lines[line].offset + self.lines[line].bytes.len();
        let medium = Medium::of(&self, &self.bytes[..cut]);
        let disk: Arc<dyn Disk> = Arc::new(medium.disk);
        let opened = Journal::open(&disk, self.paths(), self.session.clone()).unwrap();
        let replay = opened.replay();
        let snapshot = Snapshot {
            format: FORMAT,
            projection: PROJECTION,
            journal: self.journal,
            seq: replay.seq,
            last_offset: replay.last_offset,
            end_offset: replay.end_offset,
            head: replay.head,
            durable: true,
            state: replay.projection.clone(),
        };
        self.floor = snapshot.seq;
        self.beside.push((self.paths().snapshot(), snapshot.encode().unwrap()));
        self
    }
}

/// How large the journals are.
#[derive(Clone, Copy)]
pub struct Scale {
    /// Records of the journal with many.
    records: usize,
    /// Characters of the texts that span sectors.
    text: usize,
    /// Journals end at a multiple of this.
    padding: usize,
}

impl Scale {
    pub const QUICK: Self = Self { records: 4, text: 520, padding: 512 };
    pub const LONG: Self = Self { records: 24, text: 2000, padding: 1024 };
}

fn begin(session: &str) -> Writing {
    // Every journal has an id of its own.
    let digest = Digest::of(session.as_bytes());
    let id: String = digest.as_bytes()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    Writing::begin(&id, session, "damage")
}

fn say(writing: &mut Writing, text: &str) {
    let data = serde_json::json!({ "role": "user", "text": text }).to_string();
    writing.event("message_recorded", &data);
}

fn messages(session: &str, count: usize) -> Writing {
    let mut writing = begin(session);
    writing.event("created", "{}");
    for number in 0..count {
        say(&mut writing, &format!("message {number}"));
    }
    writing
}

fn spanning(scale: Scale) -> Writing {
    let mut writing = begin("spanning");
    writing.event("created", r#"{"name":"Long texts"}"#);
    for (text, length) in [("A line. ", scale.text), ("“é” \\ \n", scale.text / 2)] {
        say(&mut writing, &text.repeat(length / text.len()));
    }
    writing
}

fn batch_at_the_end(scale: Scale) -> Writing {
    let mut writing = messages("batch", 1);
    writing.batch = Some(3);
    for length in [10, scale.text / 2, 40] {
        // Runs of spaces, which look most like a sector that was never written.
        say(&mut writing, &format!("{}{}", "word ".repeat(length / 5), " ".repeat(length / 2)));
    }
    writing
}

fn recovered() -> Writing {
    let mut writing = messages("recovered", 2);
    let mark = writing.bytes.len();
    let head = writing.head;
    say(&mut writing, "lost");
    writing.lose_since(mark);
    writing.head = head;
    let note = r#"{"reason":"corrupt","lost":[{"first_seq":4,"last_seq":4,"bytes":310}],
        "quarantined":["quarantine/journal-c7b9a7463ee534d4.jsonl"]}"#;
    writing.event("recovered", note);
    say(&mut writing, "after");
    writing
}

fn erased() -> Writing {
    let mut writing = messages("erased", 1);
    writing.erased("message_recorded", r#"{"role":"user","text":"a secret"}"#);
    say(&mut writing, "between");
    writing.event("redacted", r#"{"seq":3,"reason":"a secret"}"#);
    say(&mut writing, "after");
    writing
}

fn with_blob() -> (Writing, Digest, String) {
    let text = "A text too long for a record. ".repeat(3000);
    let digest = Digest::of(text.as_bytes());
    let mut writing = messages("blob", 1);
    let blob = serde_json::json!({ "digest": digest.to_string(), "bytes": text.len() });
    let data = serde_json::json!({ "role": "tool", "text": "A text too long", "blob": blob });
    writing.event("message_recorded", &data.to_string());
    say(&mut writing, "after");
    (writing, digest, text)
}

/// A record of a journal that is not among the shapes, and its header.
pub fn foreign() -> &'static [Vec<u8>] {
    static LINES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    LINES.get_or_init(|| {
        let writing = messages("foreign", 0);
        writing.bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()
    })
}

/// The journal of [`foreign`] lines.
pub fn foreign_journal() -> (Seed, SessionId) {
    (messages("foreign", 0).seed, "foreign".parse().unwrap())
}

/// Every shape.
pub fn shapes(scale: Scale) -> Vec<Shape> {
    let padding = scale.padding;
    let longest = "i".repeat(annals::vocabulary::bounds::SESSION_ID_BYTES_MAX);
    let many = |session: &str| messages(session, scale.records);
    let few = |session: &str| messages(session, scale.records - 1);
    let (blob, digest, text) = with_blob();
    let mut blob = Shape::of("a text beside it", "blob", &blob, padding);
    let compressed = zstd::encode_all(text.as_bytes(), 0).unwrap();
    blob.beside.push((blob.paths().blob(&digest), compressed));
    vec![
        Shape::of("one record", "one", &messages("one", 0), padding),
        Shape::of("many records", "many", &many("many"), padding),
        Shape::of("no padding", "bare", &few("bare"), 1),
        Shape::of("records over several sectors", "spanning", &spanning(scale), padding),
        Shape::of("several records in the last write", "batch", &batch_at_the_end(scale), padding),
        Shape {
            excused: Some(4),
            ..Shape::of("recovered before", "recovered", &recovered(), padding)
        },
        Shape {
            erased: Some((3, 5)),
            ..Shape::of("a redacted record", "erased", &erased(), padding)
        },
        Shape::of("the longest id", &longest, &messages(&longest, 1), padding),
        Shape::of("a snapshot half-way", "floor", &few("floor"), padding)
            .with_snapshot(scale.records / 2),
        Shape::of("a snapshot of its end", "ceiling", &few("ceiling"), padding)
            .with_snapshot(scale.records),
        blob,
        Shape::of("the journal of the format's page", "demo", &example(), padding),
    ]
}
