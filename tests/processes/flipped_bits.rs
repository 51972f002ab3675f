//! Every single bit of a journal, flipped: `verify` finds each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use annals::disk::{Access, Disk, DiskFile, MemoryDisk};
use annals::format::layout::SessionPaths;
use annals::journal::{Scope, Settings, verify};
use annals::manager::SessionManager;
use annals::repository::FileSystemRepository;
use annals::vocabulary::{
    Author, FieldName, NewMessage, NewSession, Role, SessionId, Tag, Verification,
};
use serde_json::json;

const EVENTS: u64 = 50;
const THREADS: usize = 2;
const STORE: &str = "/store";

fn author() -> Author {
    let (user, host, program) = ("ada".to_owned(), "mill".to_owned(), "agent".to_owned());
    Author { user, host, pid: 7, program, version: "1.0".to_owned() }
}

fn session() -> SessionId {
    "flipped".parse().unwrap()
}

fn message(text: &str) -> NewMessage {
    NewMessage {
        role: Role::user(),
        text: Some(text.to_owned()),
        model: None,
        tokens: None,
        meta: false,
        occurred: None,
    }
}

/// The files of a store with one session of fifty events of several kinds. No snapshot: each bit
/// has to be found by what the journal says of itself.
async fn files_of_fifty_events() -> BTreeMap<PathBuf, Vec<u8>> {
    let disk = MemoryDisk::new();
    let settings = Settings { snapshot_every: 0, ..Settings::new(author()) };
    let repository =
        FileSystemRepository::open_with(Arc::new(disk.clone()), STORE, settings).unwrap();
    let manager = SessionManager::new(repository).with_author(author());
    let id = session();
    manager.create_session(Some(id.clone()), NewSession::default()).await.unwrap();
    for turn in 0.. {
        let seq = match turn % 5 {
            0 => manager.name_session(&id, format!("turn {turn}")).await.unwrap().seq,
            1 => {
                let tag: Tag = format!("tag-{turn}").parse().unwrap();
                manager.tag_session(&id, tag).await.unwrap().seq
            }
            2 => {
                let field: FieldName = format!("field-{turn}").parse().unwrap();
                manager.set_field(&id, field, json!({"turn": turn})).await.unwrap().seq
            }
            // Quotes, a backslash, an umlaut and a line feed: escapes and bytes beyond ASCII.
            3 => manager.record_message(&id, message("\"a\\b\" für\n")).await.unwrap().seq,
            _ => manager.record_message(&id, message("text")).await.unwrap().seq,
        };
        if seq == EVENTS {
            break;
        }
    }
    disk.image()
}

/// A disk with these files.
fn disk_with(files: &BTreeMap<PathBuf, Vec<u8>>) -> MemoryDisk {
    let disk = MemoryDisk::new();
    for (path, bytes) in files {
        disk.create_dir_all(path.parent().unwrap()).unwrap();
        disk.open(path, Access::CreateNew).unwrap().write_at(0, bytes).unwrap();
    }
    disk
}

fn paths() -> SessionPaths {
    SessionPaths::new(Path::new(STORE), &session())
}

fn verified(disk: &MemoryDisk) -> Verification {
    let scope = Scope { quick: false, anchors: &[], others: &Vec::new };
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    verify(&disk, &paths(), &session(), scope).unwrap()
}

/// Flips each bit of the bytes at `offsets` on a disk of its own; those that were not found.
fn unnoticed(
    files: &BTreeMap<PathBuf, Vec<u8>>,
    offsets: impl Iterator<Item = usize>,
) -> Vec<(usize, u8)> {
    let disk = disk_with(files);
    let journal: Box<dyn DiskFile> = disk.open(&paths().journal(), Access::Write).unwrap();
    let bytes = &files[&paths().journal()];
    let mut missed = Vec::new();
    for offset in offsets {
        for bit in 0..8 {
            journal.write_at(offset as u64, &[bytes[offset] ^ (1 << bit)]).unwrap();
            if verified(&disk).findings.is_empty() {
                missed.push((offset, bit));
            }
        }
        journal.write_at(offset as u64, &[bytes[offset]]).unwrap();
    }
    assert_eq!(verified(&disk).findings, [], "every bit was put back");
    missed
}

#[tokio::test]
async fn every_flipped_bit_of_every_byte_of_fifty_events_is_found() {
    let files = files_of_fifty_events().await;
    let before = verified(&disk_with(&files));
    assert_eq!((before.records, before.findings), (EVENTS, Vec::new()));
    let journal = &files[&paths().journal()];
    // Header, records and line feeds; behind them there is padding.
    let end = journal.iter().rposition(|&byte| byte == b'\n').unwrap() + 1;

    let missed: Vec<(usize, u8)> = thread::scope(|scope| {
        let files = &files;
        let workers: Vec<_> = (0..THREADS)
            .map(|first| scope.spawn(move || unnoticed(files, (first..end).step_by(THREADS))))
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });

    assert_eq!(missed, [], "of {} bits", end * 8);
}
