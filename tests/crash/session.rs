//! A session as the product reads it from a medium.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use annals::disk::{Access, Disk, MemoryDisk};
use annals::format::layout::{SESSIONS, STORE_FILE, SessionPaths};
use annals::format::parse;
use annals::journal::{Journal, JournalError, Position, Scope, Step, verify};
use annals::vocabulary::{Digest, Event, FindingClass, Link, SessionId};

/// Where the store is: none of the folders above it exists before it is made.
pub const STORE: &str = "/home/ann/store";

/// What was read of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The journal's lines, the header included, each as its bytes.
    pub lines: Vec<Vec<u8>>,
    /// What verification finds.
    pub findings: Vec<FindingClass>,
    /// What is in quarantine, by its name relative to the session's folder.
    pub set_aside: BTreeMap<String, Vec<u8>>,
    /// What is not as repairs have noted it; damage before a repair is none of that.
    pub dishonest: Option<String>,
    /// A file in quarantine that holds something else than its name says.
    pub altered: Option<String>,
}

pub fn paths(session: &SessionId) -> SessionPaths {
    SessionPaths::new(Path::new(STORE), session)
}

/// The sessions of the store on a medium, as far as there is a store.
pub fn sessions_on(disk: &MemoryDisk) -> Vec<SessionId> {
    let store = Path::new(STORE);
    if disk.info(&store.join(STORE_FILE)).unwrap().is_none() {
        return Vec::new();
    }
    let entries = disk.list_dir(&store.join(SESSIONS)).unwrap_or_default();
    entries.into_iter().filter_map(|(name, _)| name.parse().ok()).collect()
}

impl Session {
    /// Reads a session; `None` where there is none.
    ///
    /// # Errors
    ///
    /// It is there and cannot be opened, or two ways of reading it disagree.
    pub fn read(memory: &MemoryDisk, session: &SessionId) -> Result<Option<Self>, String> {
        if memory.info(Path::new(&format!("{STORE}/{STORE_FILE}"))).unwrap().is_none() {
            return Ok(None);
        }
        let disk: Arc<dyn Disk> = Arc::new(memory.clone());
        let journal = match Journal::open(&disk, paths(session), session.clone()) {
            Ok(journal) => journal,
            Err(JournalError::Missing { .. }) => return Ok(None),
            Err(error) => return Err(format!("cannot be opened: {error}")),
        };
        let scope = Scope { quick: false, anchors: &[], others: &Vec::new };
        let verification = verify(&disk, &paths(session), session, scope)
            .map_err(|error| format!("cannot be verified: {error}"))?;
        let findings: Vec<_> = verification.findings.iter().map(|found| found.class).collect();
        for met in &journal.replay().findings {
            if !findings.contains(&met.class) {
                return Err(format!("opening says {met:?}, verifying {findings:?}"));
            }
        }
        let lines = lines(&journal, memory, session, &findings)?;
        let set_aside = set_aside(memory, session);
        let is_damaged = serious(&findings).iter().any(|class| *class != FindingClass::TornTail);
        let dishonest = check_repairs(&lines, &set_aside).err().filter(|_| !is_damaged);
        let altered = check_set_aside(&set_aside).err();
        Ok(Some(Self { lines, findings, set_aside, dishonest, altered }))
    }

    /// The texts of its messages, in order; of a long one the excerpt.
    pub fn texts(&self) -> Vec<String> {
        let messages = self.lines.iter().filter_map(|line| match event(line) {
            Some(Event::MessageRecorded(message)) => message.text,
            _ => None,
        });
        messages.collect()
    }

    /// The text of its last record.
    pub fn last_text(&self) -> Option<String> {
        match event(self.lines.last()?)? {
            Event::MessageRecorded(message) => message.text,
            _ => None,
        }
    }
}

/// Findings about the history itself.
pub fn serious(findings: &[FindingClass]) -> Vec<FindingClass> {
    findings.iter().copied().filter(|class| *class != FindingClass::SnapshotMismatch).collect()
}

/// Holds what repairs have noted against what is there: each record is there or named as lost, and
/// each file that was set aside is there.
fn check_repairs(lines: &[Vec<u8>], set_aside: &BTreeMap<String, Vec<u8>>) -> Result<(), String> {
    let repairs =
        lines.iter().filter(|line| memchr::memmem::find(line, b"\"type\":\"recovered\"").is_some());
    let (mut lost, mut quarantined) = (Vec::new(), Vec::new());
    for line in repairs {
        if let Some(Event::Recovered(recovered)) = event(line) {
            lost.extend(recovered.lost);
            quarantined.extend(recovered.quarantined);
        }
    }
    let named = |seq| lost.iter().any(|range| range.first_seq <= seq && seq <= range.last_seq);
    let there: Vec<u64> = lines.iter().map(|line| seq(line)).collect();
    for seq in 0..=there.last().copied().unwrap_or(0) {
        if there.contains(&seq) == named(seq) {
            return Err(format!("record {seq}: there {}, named lost", there.contains(&seq)));
        }
    }
    match quarantined.into_iter().find(|name| !set_aside.contains_key(name)) {
        Some(name) => Err(format!("{name} is not there")),
        None => Ok(()),
    }
}

/// Holds the bytes that were set aside against the names of their files.
fn check_set_aside(set_aside: &BTreeMap<String, Vec<u8>>) -> Result<(), String> {
    for (name, bytes) in set_aside {
        let digest = Digest::of(bytes);
        let digest: String =
            digest.as_bytes().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        if !name.contains(&digest) {
            return Err(format!("{name} holds something else"));
        }
    }
    Ok(())
}

/// The link of a record that has been proved, which is the same with its data and without.
pub fn link(line: &[u8]) -> Link {
    parse(line.strip_suffix(b"\n").unwrap_or(line)).unwrap().link()
}

/// The number of a record that has been proved.
pub fn seq(line: &[u8]) -> u64 {
    let digits = &line["{\"crc\":\"00000000\",\"seq\":".len()..];
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |seq, digit| seq * 10 + u64::from(digit - b'0'))
}

fn event(line: &[u8]) -> Option<Event> {
    parse(line).ok()?.to_record().ok()?.event().ok()?
}

/// The lines that opening has proved: up to where they end as they stand in the file, if nothing is
/// wrong and nothing is sealed, and otherwise as the reader delivers them.
fn lines(
    journal: &Journal,
    memory: &MemoryDisk,
    session: &SessionId,
    findings: &[FindingClass],
) -> Result<Vec<Vec<u8>>, String> {
    let is_sealed = memory.info(&paths(session).segments()).unwrap().is_some();
    if is_sealed || !findings.is_empty() {
        return delivered_lines(journal);
    }
    let file = memory.open(&paths(session).journal(), Access::Read).unwrap();
    let mut bytes = vec![0; usize::try_from(journal.replay().end_offset).unwrap()];
    file.read_at(0, &mut bytes).unwrap();
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    Ok(lines.map(|line| line[..line.len() - 1].to_vec()).collect())
}

fn delivered_lines(journal: &Journal) -> Result<Vec<Vec<u8>>, String> {
    let mut reader = journal.reader_from(Position::START);
    let mut lines = Vec::new();
    loop {
        match reader.next_step().map_err(|error| error.to_string())? {
            Step::Record { found, .. } => lines.push(found.line.to_vec()),
            Step::Misplaced { wrong, .. } => return Err(format!("{:?}", wrong.finding)),
            Step::End(_) => return Ok(lines),
        }
    }
}

fn set_aside(memory: &MemoryDisk, session: &SessionId) -> BTreeMap<String, Vec<u8>> {
    let folder = paths(session).quarantine();
    let Ok(entries) = memory.list_dir(&folder) else { return BTreeMap::new() };
    let read = |name: &str| {
        let file = memory.open(&folder.join(name), Access::Read).ok()?;
        let mut bytes = vec![0; usize::try_from(file.info().ok()?.len).ok()?];
        file.read_at(0, &mut bytes).ok().map(|_| bytes)
    };
    let names = entries.into_iter().filter(|(name, _)| !name.ends_with(".new"));
    names.filter_map(|(name, _)| Some((format!("quarantine/{name}"), read(&name)?))).collect()
}
