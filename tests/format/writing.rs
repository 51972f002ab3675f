//! Journals made by hand with fixed ids and times, so that their bytes can be pinned.

use annals::format::{Canonical, Encoded, Envelope, Header, Seed, encode, parse};
use annals::vocabulary::{Author, Event, Key, Link, Timestamp, Upcasts};

/// 2026-11-22T13:45:04.123456Z: when the header of every such journal was written.
const BEGINNING_MICROS: i64 = 1_795_355_104_123_456;

pub(crate) struct Writing {
    pub(crate) seed: Seed,
    pub(crate) bytes: Vec<u8>,
    pub(crate) seq: u64,
    pub(crate) head: Link,
    /// Where the last line begins.
    pub(crate) last_offset: usize,
    pub(crate) batch: Option<u64>,
    keys: &'static str,
}

pub(crate) fn author() -> Author {
    Author {
        user: "ada".to_owned(),
        host: "mill".to_owned(),
        pid: 4711,
        program: "agent".to_owned(),
        version: "1.2.3".to_owned(),
    }
}

/// The moment of a record: a second after the one before it.
pub(crate) fn moment(seq: u64) -> Timestamp {
    let seconds = i64::try_from(seq).unwrap();
    Timestamp::from_micros(BEGINNING_MICROS + seconds * 1_000_000).unwrap()
}

impl Writing {
    pub(crate) fn begin(journal: &str, session: &str, keys: &'static str) -> Self {
        let header = Header::new(journal.parse().unwrap(), session.parse().unwrap());
        let key: Key = format!("{keys}-0").parse().unwrap();
        let Encoded { line, link } = header.encode(moment(0), &author(), &key).unwrap();
        let seed = Seed::of(header.journal);
        Self { seed, bytes: line, seq: 0, head: link, last_offset: 0, batch: None, keys }
    }

    /// Appends what an event of this kind comes to after being read and written by the code.
    pub(crate) fn event(&mut self, kind: &str, data: &str) {
        let event = Event::from_data(kind, data, &Upcasts::CURRENT).unwrap();
        assert_eq!(event.kind_name(), kind);
        self.data(kind, &event.to_data().unwrap());
    }

    pub(crate) fn data(&mut self, kind: &str, data: &str) {
        let data = Canonical::of(data);
        self.put(kind, |seed, envelope| encode(seed, envelope, &data).unwrap());
    }

    pub(crate) fn erased(&mut self, kind: &str, data: &str) {
        let data = Canonical::of(data);
        self.put(kind, |seed, envelope| {
            let Encoded { line, link } = encode(seed, envelope, &data).unwrap();
            let whole = line.strip_suffix(b"\n").unwrap();
            Encoded { line: parse(whole).unwrap().erased(seed), link }
        });
    }

    /// Loses what has been written since `mark`, as damage would, and keeps the numbering.
    pub(crate) fn lose_since(&mut self, mark: usize) {
        self.bytes.truncate(mark);
    }

    pub(crate) fn padded(&self) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        bytes.resize(bytes.len().next_multiple_of(4096), b' ');
        bytes
    }

    fn put(&mut self, kind: &str, encode: impl FnOnce(Seed, &Envelope<'_>) -> Encoded) {
        let seq = self.seq + 1;
        let key: Key = format!("{}-{seq}", self.keys).parse().unwrap();
        let envelope = Envelope {
            seq,
            prev: self.head,
            at: moment(seq),
            by: &author(),
            key: &key,
            batch: self.batch,
            kind,
        };
        let Encoded { line, link } = encode(self.seed, &envelope);
        self.last_offset = self.bytes.len();
        self.bytes.extend_from_slice(&line);
        (self.seq, self.head) = (seq, link);
    }
}

/// The journal that `docs/format.md` shows whole.
pub(crate) fn example() -> Writing {
    let mut writing = Writing::begin("00112233445566778899aabbccddeeff", "demo", "example");
    writing.batch = Some(1);
    writing.event("created", r#"{"name":"Port the parser","cwd":"/home/ada/parser"}"#);
    let text = "A tab\\t, a line\u{2028}separator, a crab 🦀";
    writing.event("message_recorded", &format!(r#"{{"role":"user","text":"{text}"}}"#));
    writing.batch = None;
    writing.event("renamed", r#"{"name":"Parser, ported"}"#);
    writing.event("archived", "{}");
    writing
}
