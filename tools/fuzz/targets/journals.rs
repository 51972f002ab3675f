//! Journals and snapshots of any content.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use annals::disk::{Access, Disk, MemoryDisk};
use annals::format::layout::SessionPaths;
use annals::format::{Seed, Snapshot, parse, verify_checksum};
use annals::journal::{
    Journal, Piece, Position, Reader, Scanner, Scope, Settings, Step, recover, seed_of, verify,
};
use annals::vocabulary::{Author, Finding, FindingClass, SessionId};

use super::sealing::{JOURNAL, sealed};

/// A sound journal of two records, for snapshots to be of.
const SOUND: &[u8] = include_bytes!("../corpus/opening/two-records.jsonl");

fn session() -> SessionId {
    "demo".parse().unwrap()
}

fn paths() -> SessionPaths {
    SessionPaths::new(Path::new("/store"), &session())
}

fn author() -> Author {
    let (user, host, program) = ("ada".to_owned(), "mill".to_owned(), "fuzz".to_owned());
    Author { user, host, pid: 1, program, version: "1".to_owned() }
}

/// A disk with a journal and, where there are any, the bytes of a snapshot.
fn disk(journal: &[u8], snapshot: &[u8]) -> MemoryDisk {
    let disk = MemoryDisk::new();
    disk.create_dir_all(paths().root()).unwrap();
    let files = [(paths().journal(), journal), (paths().snapshot(), snapshot)];
    for (path, bytes) in files.iter().filter(|(_, bytes)| !bytes.is_empty()) {
        disk.open(path, Access::CreateNew).unwrap().write_at(0, bytes).unwrap();
    }
    disk
}

/// The scanner passes over every byte once, and the reader delivers what the scanner finds.
pub fn reader(bytes: &[u8]) {
    let bytes = sealed(bytes);
    let disk = disk(&bytes, &[]);
    let Ok(file) = disk.open(&paths().journal(), Access::Read) else { return };
    let seed = Seed::of(JOURNAL);
    let mut scanner = Scanner::new(&*file, seed, 0);
    let (mut reached, mut records) = (0, 0);
    loop {
        match scanner.next_piece().unwrap() {
            Piece::Record { offset, .. } => {
                let found = scanner.found().unwrap();
                assert_eq!(found.offset, offset);
                assert!(offset >= reached && found.end_offset > offset);
                assert_eq!(verify_checksum(seed, found.line), Ok(()));
                reached = found.end_offset;
                records += 1;
            }
            Piece::Damage(damage) => {
                assert!(damage.offset >= reached);
                reached = damage.offset + damage.bytes;
            }
            Piece::End { offset, file_len } => {
                assert!(offset <= file_len && reached <= file_len);
                break;
            }
        }
    }
    let session = session();
    let mut reader = Reader::new(&*file, &session, seed, Position::START);
    let mut delivered = 0;
    while !matches!(reader.next_step().unwrap(), Step::End(_)) {
        delivered += 1;
    }
    assert!(delivered <= records);
}

/// Opening, verifying and recovering a journal of any bytes: a recovery keeps every record that
/// proves itself, leaves no damage, and run again changes nothing.
pub fn opening(bytes: &[u8]) {
    let bytes = sealed(bytes);
    let memory = disk(&bytes, &[]);
    let before = findings(&memory);
    let shared: Arc<dyn Disk> = Arc::new(memory.clone());
    let _any_outcome = Journal::open(&shared, paths(), session());
    let settings = Settings { lock_timeout: Duration::ZERO, ..Settings::new(author()) };
    let again = || recover(&shared, &paths(), &session(), &author(), &settings);
    let Ok(recovery) = again() else {
        return assert_eq!(journal(&memory), bytes, "a recovery that fails changes nothing");
    };
    let after = journal(&memory);
    if !recovery.changed {
        return assert_eq!(after, bytes);
    }
    assert_kept(&memory, &bytes, &after, &before);
    let left: Vec<_> = findings(&memory).into_iter().filter(|f| is_damage(f.class)).collect();
    assert_eq!(left, [], "a recovery leaves no damage");
    let second = again().unwrap();
    assert!(!second.changed, "{second:?}");
    assert_eq!(journal(&memory), after);
}

/// Every intact line of the old journal is in the new one, or another one of its place. What stands
/// behind the beginning of an unfinished write may go with it.
fn assert_kept(memory: &MemoryDisk, before: &[u8], after: &[u8], findings: &[Finding]) {
    let Ok(Some(seed)) = seed_of(memory, &paths(), &session()) else { return };
    let torn = findings.iter().find(|finding| finding.class == FindingClass::TornTail);
    let bound = torn.and_then(|finding| finding.offset).unwrap_or(before.len() as u64);
    let settled = &before[..usize::try_from(bound).unwrap()];
    let kept = intact(seed, after);
    for seq in intact(seed, settled).into_keys() {
        assert!(kept.contains_key(&seq), "record {seq} is gone");
    }
}

/// The lines that are intact from one line feed to the next, by sequence number.
fn intact(seed: Seed, bytes: &[u8]) -> BTreeMap<u64, &[u8]> {
    let lines = bytes.split(|&byte| byte == b'\n');
    let intact = lines.filter(|line| verify_checksum(seed, line).is_ok());
    intact.filter_map(|line| Some((parse(line).ok()?.seq, line))).collect()
}

fn findings(memory: &MemoryDisk) -> Vec<Finding> {
    let scope = Scope { quick: false, anchors: &[], others: &Vec::new };
    let disk: Arc<dyn Disk> = Arc::new(memory.clone());
    verify(&disk, &paths(), &session(), scope).map_or_else(|_| Vec::new(), |found| found.findings)
}

/// Whether a recovery can do anything about it.
fn is_damage(class: FindingClass) -> bool {
    use FindingClass::{
        AmbiguousTail, Corrupt, Duplicate, Foreign, SequenceGap, TornTail, Truncated,
    };
    matches!(
        class,
        AmbiguousTail | Corrupt | Duplicate | Foreign | SequenceGap | TornTail | Truncated
    )
}

fn journal(memory: &MemoryDisk) -> Vec<u8> {
    memory.image().remove(&paths().journal()).unwrap_or_default()
}

/// A snapshot of any bytes: what is read is written back alike, and beside a sound journal it is
/// used, or passed over, and costs no record.
pub fn snapshot(bytes: &[u8]) {
    let bytes = sealed(bytes);
    if let Ok(snapshot) = Snapshot::decode(&bytes) {
        let written = snapshot.encode().unwrap();
        assert_eq!(Snapshot::decode(&written).unwrap(), snapshot);
    }
    let memory = disk(&sealed(SOUND), &bytes);
    let _any_findings = findings(&memory);
    let shared: Arc<dyn Disk> = Arc::new(memory.clone());
    let opened = Journal::open(&shared, paths(), session()).unwrap();
    assert!(opened.replay().seq <= 2);
    let settings = Settings { lock_timeout: Duration::ZERO, ..Settings::new(author()) };
    let recovered = recover(&shared, &paths(), &session(), &author(), &settings).unwrap();
    assert_eq!(recovered.records_kept, 2);
}
