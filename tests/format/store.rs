//! Stores in a temporary directory, as the permissions check wants them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annals::disk::{Access, Disk, MemoryDisk, RealDisk};
use annals::format::layout::SessionPaths;
use annals::journal::{Journal, Scope, verify};
use annals::vocabulary::{Finding, SessionId, Verification};
use tempfile::TempDir;

/// The store that format 1 is remembered by.
pub(crate) fn fixture() -> PathBuf {
    fixture_of("format-1")
}

/// The store that a format is remembered by.
pub(crate) fn fixture_of(format: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format)
}

/// A copy of the fixture with the modes that git does not keep.
pub(crate) fn copy_of_the_fixture() -> TempDir {
    copy_of(&fixture())
}

/// A copy of a store with the modes that git does not keep.
pub(crate) fn copy_of(store: &Path) -> TempDir {
    let copy = TempDir::new().unwrap();
    copy_dir(store, copy.path());
    copy
}

fn copy_dir(from: &Path, to: &Path) {
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&place).unwrap();
            copy_dir(&entry.path(), &place);
        } else {
            write(&place, &fs::read(entry.path()).unwrap());
        }
    }
}

pub(crate) fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Puts a journal into a store as that of session `name`; the path of the journal.
pub(crate) fn put_journal(store: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let folder = store.join("sessions").join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    let journal = folder.join("journal.jsonl");
    write(&journal, bytes);
    journal
}

pub(crate) fn disk() -> Arc<dyn Disk> {
    Arc::new(RealDisk)
}

/// What `annals` says of the session whose folder this is.
pub(crate) fn verified(folder: &Path, session: &str) -> Verification {
    let scope = Scope { quick: false, anchors: &[], others: &|| Vec::new() };
    let paths = SessionPaths::at(folder.to_owned());
    verify(&disk(), &paths, &session.parse().unwrap(), scope).unwrap()
}

/// What `annals` finds wrong with a journal of session `demo`.
pub(crate) fn findings_of(bytes: &[u8]) -> Vec<Finding> {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new());
    let paths = SessionPaths::at("/demo".into());
    disk.create_dir_all(paths.root()).unwrap();
    disk.open(&paths.journal(), Access::CreateNew).unwrap().write_at(0, bytes).unwrap();
    let scope = Scope { quick: false, anchors: &[], others: &|| Vec::new() };
    verify(&disk, &paths, &"demo".parse().unwrap(), scope).unwrap().findings
}

pub(crate) fn opened(store: &Path, session: &str) -> Journal {
    let session: SessionId = session.parse().unwrap();
    Journal::open(&disk(), SessionPaths::new(store, &session), session).unwrap()
}

pub(crate) fn sessions(store: &Path) -> Vec<String> {
    let entries = fs::read_dir(store.join("sessions")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
