//! Stores to be ruined and salvaged, on a medium in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annals::disk::{Access, Disk, MemoryDisk};
use annals::format::frames::decompress;
use annals::format::{Header, Seed, parse, verify_checksum};
use annals::repository::{
    Depth, FileSystemOptions, FileSystemRepository, Recovery, Repair, RepositoryError, Salvage,
    SessionRepository,
};
use annals::vocabulary::{Append, Command, Finding, Link, NewSession, SessionId, Severity};

use super::support::{TestClock, author, id};
use super::{message, rename};

/// The files of a store.
pub type Image = BTreeMap<PathBuf, Vec<u8>>;

/// A record: of which session, which one, and its link.
pub type Known = (SessionId, u64, Link);

pub struct Ruins {
    pub memory: MemoryDisk,
}

/// What `recover --all` came to.
pub struct Salvaged {
    pub salvage: Salvage,
    pub sessions: BTreeMap<SessionId, Result<Recovery, RepositoryError>>,
}

pub fn store() -> &'static Path {
    Path::new("/store")
}

pub fn at(relative: &str) -> PathBuf {
    store().join(relative)
}

impl Ruins {
    pub fn new() -> Self {
        Self::of(&Image::new())
    }

    /// A medium with these files.
    pub fn of(image: &Image) -> Self {
        let ruins = Self { memory: MemoryDisk::new() };
        ruins.memory.create_dir_all(store()).unwrap();
        for (path, bytes) in image {
            ruins.put(path, bytes);
        }
        ruins
    }

    pub fn put(&self, path: &Path, bytes: &[u8]) {
        self.memory.create_dir_all(path.parent().unwrap()).unwrap();
        let file = self.memory.open(path, Access::OpenOrCreate).unwrap();
        file.set_len(0).unwrap();
        file.write_at(0, bytes).unwrap();
        file.sync_data().unwrap();
    }

    pub fn bytes(&self, relative: &str) -> Vec<u8> {
        self.memory.image()[&at(relative)].clone()
    }

    pub fn remove(&self, relative: &str) {
        self.memory.remove_file(&at(relative)).unwrap();
    }

    pub fn rename(&self, from: &str, to: &str) {
        self.memory.rename(&at(from), &at(to)).unwrap();
    }

    pub fn exists(&self, relative: &str) -> bool {
        self.memory.info(&at(relative)).unwrap().is_some()
    }

    fn options() -> FileSystemOptions {
        let clock = TestClock::new();
        FileSystemOptions { clock, snapshot_every: 8, ..FileSystemOptions::new(author()) }
    }

    pub fn open(&self) -> Result<FileSystemRepository, RepositoryError> {
        self.open_over(Arc::new(self.memory.clone()))
    }

    pub fn open_over(&self, disk: Arc<dyn Disk>) -> Result<FileSystemRepository, RepositoryError> {
        FileSystemRepository::open_to_salvage(disk, store(), Self::options())
    }

    /// A session with records up to `last`, of which all but a few are sealed if asked for.
    pub async fn session(&self, name: &str, last: u64, sealed: bool) {
        let repository = self.open().unwrap();
        let append = |command| repository_append(&repository, name, command);
        append(Command::Create(NewSession::default())).await;
        for number in 2..=last {
            let command = match number % 7 {
                3 => rename(&format!("{name} {number}")),
                5 if number < 9 => message(&format!("{name} {number} ").repeat(10_000)),
                _ => message(&format!("{name} {number}")),
            };
            append(command).await;
        }
        // With nothing to seal, it still waits for the writer to be done.
        let keep = if sealed { 4 } else { u64::from(u32::MAX) };
        repository.compact(&id(name), keep).await.unwrap();
    }

    /// What `recover --all` does, or plans.
    pub async fn salvage(&self, repair: Repair) -> Salvaged {
        self.try_salvage(&self.open().unwrap(), repair).await.unwrap()
    }

    pub async fn try_salvage(
        &self,
        repository: &FileSystemRepository,
        repair: Repair,
    ) -> Result<Salvaged, RepositoryError> {
        let mut salvage = repository.salvage(repair).await?;
        let mut sessions = BTreeMap::new();
        if !(repair == Repair::Plan && salvage.store_restored) {
            for session in repository.ids().await? {
                if repair == Repair::Apply || !salvage.has_planned(&session) {
                    let recovery = repository.recover(&session, repair, &author()).await;
                    sessions.insert(session, recovery);
                }
            }
        }
        sessions.extend(std::mem::take(&mut salvage.planned));
        Ok(Salvaged { salvage, sessions })
    }

    /// The records of a session that can be read, by sequence number.
    pub async fn records(&self, session: &SessionId) -> BTreeMap<u64, Link> {
        let repository = self.open().unwrap();
        let Ok(records) = repository.records(session, 1).await else { return BTreeMap::new() };
        let (records, _) = records.collect().await.unwrap();
        records.into_iter().map(|record| (record.seq, record.link)).collect()
    }

    /// What is wrong with the history of a session.
    pub async fn errors(&self, session: &SessionId) -> Vec<Finding> {
        let repository = self.open().unwrap();
        let verification = repository.verify(session, &Depth::default()).await.unwrap();
        let findings = verification.findings.into_iter();
        findings.filter(|finding| finding.severity == Severity::Error).collect()
    }

    /// The files without the locks, which say who held them last.
    pub fn image_without_locks(&self) -> Image {
        let mut image = self.memory.image();
        image.retain(|path, _| !path.ends_with("lock"));
        image
    }
}

async fn repository_append(repository: &FileSystemRepository, session: &str, command: Command) {
    let append = Append::one(command, author());
    repository.append(&id(session), append).await.unwrap();
}

/// Every journal that some files hold the header of.
pub fn journals_in(image: &Image) -> BTreeMap<SessionId, Seed> {
    let headers = image.values().filter_map(|bytes| {
        let lines = unpacked(bytes);
        let first = lines.split(|&byte| byte == b'\n').next()?;
        Some(Header::decode(first).ok()?.0)
    });
    headers.map(|header| (header.session, Seed::of(header.journal))).collect()
}

/// Every record that some file holds, if it is one of these journals'.
pub fn records_in(image: &Image, journals: &BTreeMap<SessionId, Seed>) -> Vec<(Known, PathBuf)> {
    let mut known = Vec::new();
    for (path, bytes) in image {
        for line in unpacked(bytes).split(|&byte| byte == b'\n') {
            let Ok(view) = parse(line) else { continue };
            let of = journals.iter().find(|(_, seed)| verify_checksum(**seed, line).is_ok());
            if let Some((session, _)) = of.filter(|_| view.seq > 0) {
                known.push(((session.clone(), view.seq, view.link()), path.clone()));
            }
        }
    }
    known
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    match bytes.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
        true => decompress(bytes, None).lines,
        false => bytes.to_vec(),
    }
}
