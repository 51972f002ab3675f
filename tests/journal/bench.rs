//! A session on a medium in memory, to be written, damaged and looked at.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use annals::disk::{Access, Disk, MemoryDisk};
use annals::format::layout::SessionPaths;
use annals::format::{Canonical, Envelope, Header, Seed, encode, parse};
use annals::journal::{
    AppendResult, JournalError, JournalWriter, Scope, Settings, create, recover, verify,
};
use annals::vocabulary::{
    Append, Appended, Author, Clock, Command, Entry, Event, ExpectedSeq, Finding, FindingClass,
    Key, Link, NewMessage, NewSession, Role, SessionId, Timestamp, Verification,
};

/// A clock that ticks a second at each look.
#[derive(Debug)]
pub struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        let micros = self.0.fetch_add(1_000_000, Ordering::Relaxed);
        Timestamp::from_micros(micros).unwrap()
    }
}

pub fn author() -> Author {
    Author {
        user: "ann".to_owned(),
        host: "orchard".to_owned(),
        pid: 4711,
        program: "tests".to_owned(),
        version: "1.0.0".to_owned(),
    }
}

pub fn settings() -> Settings {
    let start = 1_795_000_000_000_000;
    Settings {
        clock: Arc::new(Ticking(AtomicI64::new(start))),
        lock_timeout: std::time::Duration::ZERO,
        ..Settings::new(author())
    }
}

/// One store in memory with the sessions `pear` and, where asked for, `plum`.
pub struct Bench {
    pub disk: Arc<dyn Disk>,
    pub memory: MemoryDisk,
    pub settings: Settings,
}

impl Bench {
    pub fn new() -> Self {
        Self::on(MemoryDisk::new())
    }

    pub fn on(memory: MemoryDisk) -> Self {
        Self::through(memory.clone(), Arc::new(memory))
    }

    /// A bench whose calls go through another medium on top of the one in memory.
    pub fn through(memory: MemoryDisk, disk: Arc<dyn Disk>) -> Self {
        memory.create_dir_all(&sessions()).unwrap();
        memory.sync_dir(std::path::Path::new("/store")).unwrap();
        memory.sync_dir(std::path::Path::new("/")).unwrap();
        Self { disk, memory, settings: settings() }
    }

    /// A bench whose session `pear` was created and has messages up to record `last`.
    pub fn with_records(last: u64) -> Self {
        let bench = Self::new();
        bench.create(&pear()).unwrap();
        bench.say(2..=last);
        bench
    }

    pub fn create(&self, session: &SessionId) -> Result<Appended, JournalError> {
        let command = Command::Create(NewSession::default());
        let append = Append::one(command, author());
        create(&*self.disk, &sessions(), session, append, &self.settings)
    }

    pub fn writer(&self) -> JournalWriter {
        self.try_writer().unwrap()
    }

    pub fn try_writer(&self) -> Result<JournalWriter, JournalError> {
        JournalWriter::open(&self.disk, paths(&pear()), pear(), self.settings.clone())
    }

    /// Appends one message for each number, each in a write of its own.
    pub fn say(&self, numbers: impl IntoIterator<Item = u64>) {
        let mut writer = self.writer();
        for number in numbers {
            append(&mut writer, vec![message(number)]).remove(0).unwrap();
        }
    }

    pub fn try_say(&self, number: u64) -> AppendResult {
        append(&mut self.writer(), vec![message(number)]).remove(0)
    }

    pub fn verify(&self) -> Verification {
        self.verify_with(false, &[])
    }

    pub fn verify_with(&self, quick: bool, anchors: &[(u64, Link)]) -> Verification {
        let others = || vec![(self.seed_of(&plum()), plum())];
        let scope = Scope { quick, anchors, others: &others };
        verify(&self.disk, &paths(&pear()), &pear(), scope).unwrap()
    }

    pub fn classes(&self) -> Vec<FindingClass> {
        self.verify().findings.iter().map(|finding| finding.class).collect()
    }

    pub fn findings(&self) -> Vec<Finding> {
        self.verify().findings
    }

    pub fn recover(&self) -> Result<annals::journal::Recovery, JournalError> {
        recover(&self.disk, &paths(&pear()), &pear(), &author(), &self.settings)
    }

    /// The texts of all messages that can be read, in order.
    pub fn texts(&self) -> Vec<String> {
        texts_in(&self.bytes())
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.bytes_of(&pear())
    }

    pub fn bytes_of(&self, session: &SessionId) -> Vec<u8> {
        self.memory.image()[&paths(session).journal()].clone()
    }

    /// Puts other bytes in the journal's place, as damage would: the same file, durably.
    pub fn put(&self, bytes: &[u8]) {
        self.put_at(&paths(&pear()).journal(), bytes);
    }

    pub fn put_at(&self, path: &std::path::Path, bytes: &[u8]) {
        let file = self.memory.open(path, Access::OpenOrCreate).unwrap();
        file.set_len(0).unwrap();
        file.write_at(0, bytes).unwrap();
        file.sync_data().unwrap();
        self.memory.sync_dir(path.parent().unwrap()).unwrap();
    }

    pub fn seed_of(&self, session: &SessionId) -> Seed {
        let path = paths(session).journal();
        let Some(bytes) = self.memory.image().get(&path).cloned() else {
            return Seed::of(annals::format::JournalId::from_bytes([0; 16]));
        };
        let line = bytes.split(|&byte| byte == b'\n').next().unwrap();
        Seed::of(Header::decode(line).unwrap().0.journal)
    }

    /// The journal's lines, each with its line feed, without the padding.
    pub fn lines(&self) -> Vec<Vec<u8>> {
        let bytes = self.bytes();
        let mut lines: Vec<_> =
            bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
        lines.retain(|line| line.ends_with(b"\n"));
        lines
    }

    pub fn put_lines(&self, lines: &[Vec<u8>]) {
        self.put(&lines.concat());
    }

    /// A line with a checksum that holds, whatever it says.
    pub fn forge(&self, seq: u64, prev: Link, event: &Event) -> Vec<u8> {
        let at = Timestamp::from_micros(1_795_000_000_000_000).unwrap();
        let (by, key) = (author(), Key::generate());
        let kind = event.kind_name();
        let envelope = Envelope { seq, prev, at, by: &by, key: &key, batch: None, kind };
        let data = Canonical::of(&event.to_data().unwrap());
        encode(self.seed_of(&pear()), &envelope, &data).unwrap().line
    }
}

pub fn texts_in(journal: &[u8]) -> Vec<String> {
    let lines = journal.split(|&byte| byte == b'\n');
    let messages = lines.filter_map(|line| parse(line).ok()?.to_record().ok()?.event().ok()?);
    messages
        .filter_map(|event| match event {
            Event::MessageRecorded(message) => message.text,
            _ => None,
        })
        .collect()
}

pub fn pear() -> SessionId {
    "pear".parse().unwrap()
}

pub fn plum() -> SessionId {
    "plum".parse().unwrap()
}

pub fn sessions() -> PathBuf {
    PathBuf::from("/store/sessions")
}

pub fn paths(session: &SessionId) -> SessionPaths {
    SessionPaths::new(std::path::Path::new("/store"), session)
}

pub fn message(number: u64) -> Append {
    said(format!("message {number}"))
}

pub fn said(text: impl Into<String>) -> Append {
    Append::one(Command::RecordMessage(NewMessage::new(Role::user(), text)), author())
}

pub fn expecting(expected: ExpectedSeq, append: Append) -> Append {
    Append { expected, ..append }
}

pub fn with_key(key: &str, append: Append) -> Append {
    let entries = append.entries.into_iter();
    let entries = entries.map(|entry| Entry { key: Some(key.parse().unwrap()), ..entry }).collect();
    Append { entries, ..append }
}

pub fn append(writer: &mut JournalWriter, appends: Vec<Append>) -> Vec<AppendResult> {
    let mut answers = Vec::new();
    writer.append_all(appends, |results| answers = results);
    answers
}

/// The link of a line.
pub fn link(line: &[u8]) -> Link {
    parse(line.strip_suffix(b"\n").unwrap_or(line)).unwrap().link()
}
