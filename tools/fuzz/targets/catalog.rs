//! Files of the catalog of any content.

use std::path::Path;
use std::sync::Arc;

use annals::disk::{Access, Disk, MemoryDisk};
use annals::format::JournalId;
use annals::format::catalog::{BaseFile, BaseWriter, BlockIndex, Current, Entry, Row};
use annals::journal::{Settings, create};
use annals::repository::{FileSystemRepository, SessionRepository as _};
use annals::vocabulary::{Append, Author, Command, NewSession, SessionFilter};

use super::sealing::sealed_with;

/// What the checksums of the catalog begin with.
const CATALOG: JournalId = JournalId::from_bytes(*b"annals.catalog.1");

/// What is read is written back to something that is read alike; and whatever stands in the place
/// of `current` or behind a feed without proving itself, every session is listed.
pub fn catalog(bytes: &[u8]) {
    let sealed = sealed_with(CATALOG, bytes);
    if let Some(current) = Current::decode(&sealed) {
        assert_eq!(Current::decode(&current.encode().unwrap()), Some(current));
    }
    sealed.split(|&byte| byte == b'\n').for_each(read_line);
    read_index(bytes);
    if bytes == sealed.as_slice() {
        list_beside(bytes);
    }
}

fn read_line(line: &[u8]) {
    if let Some(entry) = Entry::decode(line)
        && let Some(told) = entry.encode()
    {
        assert!(Entry::decode(told.trim_ascii()).is_some());
    }
    let Ok(text) = str::from_utf8(line) else { return };
    if let Some(row) = Row::read_line(&Arc::new(text.to_owned()), 0..text.len()) {
        let mut writer = BaseWriter::default();
        let mut bytes = writer.put(&row).unwrap_or_default();
        let (rest, base) = writer.finish("base".to_owned());
        bytes.extend(rest);
        let (block, index) = bytes.split_at(usize::try_from(base.index_at).unwrap());
        if let Some(index) = BlockIndex::decode(&base, index) {
            assert!(index.blocks[0].rows(block.to_vec()).unwrap().contains(&row));
        }
        if let Some(state) = row.state() {
            assert_eq!(Row::new(row.stamp, state).unwrap().state(), Some(state));
        }
    }
}

/// The bytes as an index that `current` vouches for.
fn read_index(bytes: &[u8]) {
    let lengths = bytes.chunks_exact(32).filter_map(|entry| entry.first_chunk());
    let index_at = lengths.map(|length| u64::from(u32::from_le_bytes(*length))).sum();
    let (index_bytes, index_crc) = (bytes.len() as u64, crc32fast::hash(bytes));
    let base = BaseFile { name: "base".to_owned(), rows: 0, index_at, index_bytes, index_crc };
    if let Some(index) = BlockIndex::decode(&base, bytes) {
        assert_eq!(index.blocks.len(), bytes.len() / 32);
        let end = index.blocks.last().map_or(0, |block| block.offset + u64::from(block.bytes));
        assert_eq!(end, index_at);
    }
}

fn list_beside(bytes: &[u8]) {
    let memory = MemoryDisk::new();
    let disk: Arc<dyn Disk> = Arc::new(memory.clone());
    let (user, host, program) = ("ada".to_owned(), "mill".to_owned(), "fuzz".to_owned());
    let author = Author { user, host, pid: 1, program, version: "1".to_owned() };
    let settings = Settings::new(author.clone());
    memory.create_dir_all(Path::new("/store/sessions")).unwrap();
    let store = annals::format::StoreFile::generate().encode();
    put(&memory, Path::new("/store/store.json"), &store);
    let begin = Append::one(Command::Create(NewSession::default()), author);
    let session = "demo".parse().unwrap();
    create(&*disk, Path::new("/store/sessions"), &session, begin, &settings).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let list = || {
        let disk = Arc::clone(&disk);
        let repository = FileSystemRepository::open_with(disk, "/store", settings.clone()).unwrap();
        let listing = runtime.block_on(repository.list(&SessionFilter::default())).unwrap();
        assert_eq!(listing.sessions.len(), 1);
        assert!(listing.unreadable.is_empty());
    };
    list();
    let files = || memory.image().into_keys().filter(|path| path.starts_with("/store/catalog"));
    for path in files().filter(|path| path.to_string_lossy().contains("feed-")) {
        let feed = memory.open(&path, Access::Append).unwrap();
        feed.append(&[b"\n", bytes, b"\n"].concat()).unwrap();
    }
    list();
    for path in files().filter(|path| path.ends_with("current")) {
        put(&memory, &path, bytes);
    }
    list();
}

fn put(memory: &MemoryDisk, path: &Path, bytes: &[u8]) {
    let file = memory.open(path, Access::OpenOrCreate).unwrap();
    file.set_len(0).unwrap();
    file.write_at(0, bytes).unwrap();
}
