//! A medium with one session, whose journal's bytes are put there by hand.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use annals::disk::{Access, Disk, DiskFile, MemoryDisk};
use annals::format::Seed;
use annals::format::layout::SessionPaths;
use annals::journal::{
    JournalError, JournalWriter, Position, Reader, Recovery, Scope, Settings, Step, recover, verify,
};
use annals::vocabulary::{Append, Command, Finding, Imported, Link, SessionId, Verification};

use crate::shapes::{Shape, foreign_journal};
use crate::writing::author;

pub const STORE: &str = "/store";

/// A disk with a session on it.
pub struct Medium {
    pub disk: MemoryDisk,
    /// The same disk, as the code asks for it.
    shared: Arc<dyn Disk>,
    journal: Box<dyn DiskFile>,
    paths: SessionPaths,
    session: SessionId,
    others: Vec<(Seed, SessionId)>,
}

impl Medium {
    /// A medium with what stands beside a shape's journal, and other bytes in the journal's place.
    pub fn of(shape: &Shape, bytes: &[u8]) -> Self {
        let disk = MemoryDisk::new();
        let paths = shape.paths();
        disk.create_dir_all(paths.root()).unwrap();
        for (path, bytes) in &shape.beside {
            write_new(&disk, path, bytes);
        }
        let journal = disk.open(&paths.journal(), Access::CreateNew).unwrap();
        journal.write_at(0, bytes).unwrap();
        let others = vec![foreign_journal()];
        let shared = Arc::new(disk.clone());
        Self { disk, shared, journal, paths, session: shape.session.clone(), others }
    }

    /// Puts other bytes in the place of the journal's.
    pub fn put(&self, bytes: &[u8]) {
        self.journal.set_len(bytes.len() as u64).unwrap();
        self.journal.write_at(0, bytes).unwrap();
    }

    /// The journal as it is now, which may be another file than at first.
    pub fn bytes(&self) -> Vec<u8> {
        self.disk.image().remove(&self.paths.journal()).unwrap()
    }

    pub fn verify(&self, anchors: &[(u64, Link)]) -> Verification {
        let others = || self.others.clone();
        let scope = Scope { quick: false, anchors, others: &others };
        verify(&self.shared, &self.paths, &self.session, scope).unwrap()
    }

    pub fn findings(&self) -> Vec<Finding> {
        self.verify(&[]).findings
    }

    /// The sequence numbers that the one reader of journals delivers, misplaced ones as well.
    pub fn read(&self, seed: Seed) -> Vec<u64> {
        let mut reader = Reader::new(&*self.journal, &self.session, seed, Position::START);
        let mut read = Vec::new();
        loop {
            match reader.next_step().unwrap() {
                Step::Record { found, .. } | Step::Misplaced { found, .. } => {
                    read.push(found.view.seq);
                }
                Step::End(_) => return read,
            }
        }
    }

    pub fn recover(&self) -> Result<Recovery, JournalError> {
        recover(&self.shared(), &self.paths, &self.session, &author(), &settings())
    }

    /// Appends what any session takes, as the next writer would.
    pub fn append(&self) -> Result<(), JournalError> {
        let (paths, session) = (self.paths.clone(), self.session.clone());
        let mut writer = JournalWriter::open(&self.shared(), paths, session, settings())?;
        let note = Imported {
            source: "tests".to_owned(),
            path: "a transcript".to_owned(),
            lines: 1,
            events_added: 0,
            unreadable: 0,
        };
        let mut answers = Vec::new();
        writer.append_all(vec![Append::one(Command::NoteImport(note), author())], |given| {
            answers = given
        });
        answers.remove(0).map(drop).map_err(|error| {
            Arc::try_unwrap(error).expect("the answer is the only one that holds the error")
        })
    }

    fn shared(&self) -> Arc<dyn Disk> {
        Arc::new(self.disk.clone())
    }
}

fn settings() -> Settings {
    Settings { lock_timeout: Duration::ZERO, ..Settings::new(author()) }
}

fn write_new(disk: &MemoryDisk, path: &Path, bytes: &[u8]) {
    disk.create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
    disk.open(path, Access::CreateNew).unwrap().write_at(0, bytes).unwrap();
}
