//! The alphabet: everything that is done to a store, in sequences of up to three.

use std::sync::Arc;

use annals::disk::{DiskOperation, Fault, FaultyDisk};
use annals::journal::Settings;
use annals::vocabulary::{Append, Entry, ExpectedSeq, Outcome, SessionId};

use crate::session::Session;
use crate::world::{World, created, pear, plum, said};

/// Something that is done to a store. All but one are about the session `pear`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Begins `pear` with a text that is too long for a record.
    Create,
    /// Begins `plum`.
    CreateOther,
    /// Appends one message.
    Append,
    /// Another process appends three messages for three callers in one write of several sectors.
    Group,
    /// Appends two messages in one write, if the session is where the caller expects it and has
    /// not got their keys.
    Keyed,
    /// Appends a message with a key that an earlier try may have left.
    Retry,
    /// Appends a message that needs more padding than there is.
    Extend,
    /// Appends a text that is too long for a record.
    LongText,
    /// Another process appends a message, and writes a snapshot after it.
    Snapshot,
    /// Appends to a journal whose last write was not finished.
    Heal,
    /// Appends to a journal whose last line feed is missing.
    HealLineFeed,
    /// Recovers a journal with a damaged record in the middle.
    Recover,
    /// Appends after the sync of another process has failed: the journal is copied first.
    Renew,
    /// Moves all but the last record into a compressed segment.
    Compact,
    /// Removes the data of the second record from everywhere.
    Redact,
    /// Removes the session for good.
    Purge,
}

/// What came of an operation.
#[derive(Debug)]
pub enum Answer {
    /// It was acknowledged after so many calls, and these are the messages it added.
    Acknowledged {
        /// The length of the trace then.
        calls: usize,
        /// Their texts.
        said: Vec<String>,
    },
    /// The state spoke against it.
    Refused(String),
}

impl Operation {
    /// All of them: an operation that is added here is part of every sequence.
    pub const ALL: [Self; 16] = [
        Self::Create,
        Self::CreateOther,
        Self::Append,
        Self::Group,
        Self::Keyed,
        Self::Retry,
        Self::Extend,
        Self::LongText,
        Self::Snapshot,
        Self::Heal,
        Self::HealLineFeed,
        Self::Recover,
        Self::Renew,
        Self::Compact,
        Self::Redact,
        Self::Purge,
    ];

    /// The session that it changes.
    pub fn subject(self) -> SessionId {
        if self == Self::CreateOther { plum() } else { pear() }
    }

    /// Does to the medium what the operation is there to mend, long before it.
    pub fn prepare(self, world: &World) {
        let Some(journal) = world.journal() else { return };
        match self {
            Self::Heal => world.damage(journal.len(), unfinished().as_bytes()),
            Self::HealLineFeed => world.damage(journal.len() - 1, b" "),
            Self::Recover => {
                world.damage(middle_record(&journal) + "{\"crc\":\"".len(), b"x");
            }
            _ => {}
        }
    }

    /// Carries it out. The number tells apart what is said.
    pub fn run(self, world: &World, number: usize) -> Answer {
        let text = |what: &str| format!("{what} {number}");
        let one = |text: String| {
            let answer = world.append(&pear(), said(text.as_str()));
            acknowledged(world, answer, vec![text])
        };
        match self {
            Self::Create => {
                let text = long_text(number);
                let answer = world.append(&pear(), created(Some(text.clone())));
                acknowledged(world, answer, vec![text])
            }
            Self::CreateOther => {
                let answer = world.append(&plum(), created(None));
                acknowledged(world, answer, Vec::new())
            }
            Self::Append => one(text("a message")),
            // Whoever left that is dead: its successor has not seen the journal before.
            Self::Heal | Self::HealLineFeed => {
                by_another(world, world.settings.clone(), vec![text("after a torn write")])
            }
            Self::Extend => one(text(&"more than the padding holds ".repeat(170))),
            Self::LongText => one(long_text(number)),
            Self::Keyed => keyed(world, number),
            Self::Retry => retry(world),
            Self::Group => {
                let texts = ["one ", "two ", "three "].map(|what| text(&what.repeat(200)));
                by_another(world, world.settings.clone(), texts.to_vec())
            }
            Self::Snapshot => {
                let settings = Settings { snapshot_every: 1, ..world.settings.clone() };
                by_another(world, settings, vec![text("before a snapshot")])
            }
            Self::Renew => renew(world, number),
            Self::Recover => acknowledged(world, world.recover(&pear()), Vec::new()),
            Self::Compact => acknowledged(world, world.compact(&pear()), Vec::new()),
            Self::Redact => acknowledged(world, world.redact(&pear()), Vec::new()),
            Self::Purge => acknowledged(world, world.purge(&pear()), Vec::new()),
        }
    }
}

fn acknowledged<T, E: std::fmt::Display>(
    world: &World,
    answer: Result<T, E>,
    said: Vec<String>,
) -> Answer {
    match answer {
        Ok(_) => Answer::Acknowledged { calls: world.calls(), said },
        Err(error) => Answer::Refused(error.to_string()),
    }
}

/// Two messages with keys, on condition.
fn keyed(world: &World, number: usize) -> Answer {
    let standing = world.sessions().remove(&pear()).flatten();
    let last = standing.map_or(0, |session| last_seq(&session));
    let texts: Vec<String> = (0..2).map(|part| format!("with key {number} {part}")).collect();
    let entry = |text: &String| Entry {
        key: Some(text.replace(' ', "-").parse().unwrap()),
        ..said(text.as_str()).entries.remove(0)
    };
    let entries = texts.iter().map(entry).collect();
    let expected = ExpectedSeq::Exactly(last);
    let append = Append { expected, entries, ..said("") };
    acknowledged(world, world.append(&pear(), append), texts)
}

/// A message with the key of every other retry: it is recorded once.
fn retry(world: &World) -> Answer {
    let text = "to be recorded once".to_owned();
    let mut append = said(text.as_str());
    append.entries[0].key = Some("once".parse().unwrap());
    let answer = world.append(&pear(), append);
    let recorded = answer.as_ref().is_ok_and(|appended| {
        appended.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Recorded { .. }))
    });
    acknowledged(world, answer, if recorded { vec![text] } else { Vec::new() })
}

fn last_seq(session: &Session) -> u64 {
    let line = session.lines.last().unwrap();
    annals::format::parse(line).unwrap().seq
}

/// A writer of another process, with one group of appends.
fn by_another(world: &World, settings: Settings, texts: Vec<String>) -> Answer {
    let Some(mut writer) = world.other_writer(&world.disk, settings) else {
        return Answer::Refused("there is no session".to_owned());
    };
    let mut answer = Answer::Refused("nobody was answered".to_owned());
    writer.append_all(texts.iter().map(|text| said(text.as_str())).collect(), |results| {
        let all: Result<Vec<_>, _> = results.into_iter().collect();
        answer = acknowledged(world, all, texts);
    });
    answer
}

/// A process whose sync fails, and the one that comes after it.
fn renew(world: &World, number: usize) -> Answer {
    const EIO: i32 = 5;
    let faulty = FaultyDisk::new(Arc::clone(&world.disk));
    let through = |faulty: FaultyDisk| -> Arc<dyn annals::disk::Disk> { Arc::new(faulty) };
    if let Some(mut writer) = world.other_writer(&through(faulty.clone()), world.settings.clone()) {
        faulty.fail_file("journal.jsonl", DiskOperation::SyncData, 1, Fault::Errno(EIO));
        writer.append_all(vec![said(format!("in doubt {number}"))], |results| {
            assert!(results.iter().all(Result::is_err), "the sync had failed");
        });
    }
    let text = format!("after a failed sync {number}");
    acknowledged(world, world.append(&pear(), said(text.as_str())), vec![text])
}

/// A text of more than 64 KiB that compresses to some sectors.
fn long_text(number: usize) -> String {
    let line = |part: usize| format!("{number}: line {} of a long text\n", part * part % 997);
    (0..2600).map(line).collect()
}

/// What a writer leaves that dies in its write: the beginning of a record, over two sectors.
fn unfinished() -> String {
    format!("{{\"crc\":\"0badc0de\",\"seq\":99,\"data\":\"{}", "never finished ".repeat(50))
}

/// Where the record in the middle of a journal begins. Not one that explains why data are gone:
/// without it they would be gone unexplained, and rightly reported.
fn middle_record(journal: &[u8]) -> usize {
    let lines: Vec<&[u8]> = journal.split_inclusive(|byte| *byte == b'\n').collect();
    let explains = |line: &[u8]| memchr::memmem::find(line, b"\"type\":\"redacted\"").is_some();
    let middle = (1..=lines.len() / 2).rev().find(|place| !explains(lines[*place])).unwrap_or(0);
    lines[..middle].iter().map(|line| line.len()).sum()
}
