//! The nodes of a disk in memory, each with what is live and what would survive a crash.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path};

use super::trace::Traced;
use crate::disk::{EntryInfo, EntryKind, FileIdentity, LockMode};

/// The root directory's inode.
pub(super) const ROOT: u64 = 1;

/// The one device of every disk in memory.
const DEVICE: u64 = 0;

/// When a disk in memory was made, on its own clock.
const BEGINNING_NS: i64 = 1_795_000_000_000_000_000;

/// How long a change takes on that clock: shorter than what tells two moments apart for sure.
const CHANGE_NS: i64 = 1_000;

/// How coarse the times of changes are, as they are on file systems.
const TICK_NS: i64 = 4_000_000;

pub(super) type Entries = BTreeMap<OsString, u64>;

#[derive(Debug, Clone)]
pub(super) enum Node {
    File { live: Vec<u8>, durable: Vec<u8>, mode: u32 },
    Directory { live: Entries, durable: Entries, mode: u32 },
    Link,
}

impl Node {
    pub(super) fn file() -> Self {
        Self::file_of(Vec::new())
    }

    /// A file whose bytes are not durable yet.
    pub(super) fn file_of(live: Vec<u8>) -> Self {
        Self::File { live, durable: Vec::new(), mode: 0o600 }
    }

    pub(super) fn directory() -> Self {
        Self::Directory { live: Entries::new(), durable: Entries::new(), mode: 0o700 }
    }

    pub(super) fn kind(&self) -> EntryKind {
        match self {
            Self::File { .. } => EntryKind::File,
            Self::Directory { .. } => EntryKind::Directory,
            Self::Link => EntryKind::Link,
        }
    }

    fn info(&self, inode: u64, changed_ns: i64) -> EntryInfo {
        let (len, mode) = match self {
            Self::File { live, mode, .. } => (live.len() as u64, *mode),
            Self::Directory { mode, .. } => (0, *mode),
            Self::Link => (0, 0o777),
        };
        let identity = FileIdentity { device: DEVICE, inode };
        EntryInfo { kind: self.kind(), len, mode, identity, changed_ns }
    }

    /// Makes all that is live durable.
    fn settle(&mut self) {
        match self {
            Self::File { live, durable, .. } => durable.clone_from(live),
            Self::Directory { live, durable, .. } => durable.clone_from(live),
            Self::Link => {}
        }
    }

    fn after_crash(&self) -> Self {
        let mut node = self.clone();
        match &mut node {
            Self::File { live, durable, .. } => live.clone_from(durable),
            Self::Directory { live, durable, .. } => live.clone_from(durable),
            Self::Link => {}
        }
        node
    }
}

/// A rename from one directory to another that neither has been synced since: a sync of either
/// makes both sides durable, since a rename is atomic.
#[derive(Debug)]
struct Move {
    from: (u64, OsString),
    to: (u64, OsString),
    inode: u64,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) nodes: BTreeMap<u64, Node>,
    /// The newest inode or handle number.
    last_number: u64,
    moves: Vec<Move>,
    /// For each inode, which handles lock it, and how.
    locks: BTreeMap<u64, BTreeMap<u64, LockMode>>,
    /// When each inode was changed last.
    changed_ns: BTreeMap<u64, i64>,
    pub(super) now_ns: i64,
    pub(super) boot_id: String,
    pub(super) trace: Option<Vec<Traced>>,
}

impl State {
    /// An empty root directory.
    pub(super) fn new() -> Self {
        Self {
            nodes: BTreeMap::from([(ROOT, Node::directory())]),
            last_number: ROOT,
            moves: Vec::new(),
            locks: BTreeMap::new(),
            changed_ns: BTreeMap::new(),
            now_ns: BEGINNING_NS,
            boot_id: uuid::Uuid::now_v7().to_string(),
            trace: None,
        }
    }

    /// The same disk after its machine went down: what is durable, and no locks.
    pub(super) fn after_crash(&self) -> Self {
        let mut survivor = Self {
            last_number: self.last_number,
            changed_ns: self.changed_ns.clone(),
            now_ns: self.now_ns,
            ..Self::new()
        };
        let mut pending = vec![ROOT];
        while let Some(inode) = pending.pop() {
            let Some(node) = self.nodes.get(&inode) else { continue };
            if let Node::Directory { durable, .. } = node {
                pending.extend(durable.values());
            }
            survivor.nodes.insert(inode, node.after_crash());
        }
        survivor
    }

    /// Makes all that is live durable, as if every file and directory had been synced.
    pub(super) fn settle_all(&mut self) {
        self.nodes.values_mut().for_each(Node::settle);
        self.moves.clear();
    }

    /// Notes that an inode is being changed. Each change takes a moment of its own.
    pub(super) fn touch(&mut self, inode: u64) {
        self.now_ns += CHANGE_NS;
        self.changed_ns.insert(inode, self.now_ns - self.now_ns % TICK_NS);
    }

    pub(super) fn info(&self, inode: u64, node: &Node) -> EntryInfo {
        node.info(inode, self.changed_ns.get(&inode).copied().unwrap_or(BEGINNING_NS))
    }

    pub(super) fn traced(&mut self, call: impl FnOnce() -> Traced) {
        if let Some(trace) = &mut self.trace {
            trace.push(call());
        }
    }

    pub(super) fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// The live and the durable bytes of a file.
    pub(super) fn bytes_mut(&mut self, file: u64) -> io::Result<(&mut Vec<u8>, &mut Vec<u8>)> {
        match self.nodes.get_mut(&file) {
            Some(Node::File { live, durable, .. }) => Ok((live, durable)),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// The live entries of a directory.
    pub(super) fn entries(&self, directory: u64) -> io::Result<&Entries> {
        match self.nodes.get(&directory) {
            Some(Node::Directory { live, .. }) => Ok(live),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn entries_mut(&mut self, directory: u64) -> io::Result<&mut Entries> {
        match self.nodes.get_mut(&directory) {
            Some(Node::Directory { live, .. }) => Ok(live),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// The inode at a path; no link is followed anywhere in it.
    pub(super) fn find(&self, path: &Path) -> io::Result<u64> {
        let mut at = ROOT;
        for component in path.components() {
            match component {
                Component::RootDir | Component::CurDir => {}
                Component::Normal(name) => {
                    at = *self.entries(at)?.get(name).ok_or(io::ErrorKind::NotFound)?;
                }
                Component::ParentDir | Component::Prefix(_) => {
                    return Err(io::ErrorKind::InvalidInput.into());
                }
            }
        }
        Ok(at)
    }

    /// The node at a path, with its inode.
    pub(super) fn node(&self, path: &Path) -> io::Result<(u64, &Node)> {
        let inode = self.find(path)?;
        let node = self.nodes.get(&inode).ok_or(io::ErrorKind::NotFound)?;
        Ok((inode, node))
    }

    /// The inode of the directory that a path is in, and the name there.
    fn place<'a>(&self, path: &'a Path) -> io::Result<(u64, &'a OsStr)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        Ok((self.find(path.parent().unwrap_or(Path::new("")))?, name))
    }

    /// Puts a new node where nothing may be yet.
    pub(super) fn insert(&mut self, path: &Path, node: Node) -> io::Result<u64> {
        if self.find(path).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let (directory, name) = self.place(path)?;
        let inode = self.next_number();
        self.entries_mut(directory)?.insert(name.to_owned(), inode);
        self.nodes.insert(inode, node);
        self.touch(directory);
        self.touch(inode);
        Ok(inode)
    }

    /// Takes an entry away; open handles keep its file.
    pub(super) fn remove(&mut self, path: &Path) -> io::Result<u64> {
        let (directory, name) = self.place(path)?;
        let inode = self.entries_mut(directory)?.remove(name).ok_or(io::ErrorKind::NotFound)?;
        self.touch(directory);
        self.traced(|| Traced::Remove { path: path.to_owned(), inode });
        Ok(inode)
    }

    /// Takes a directory away, and all that it holds first.
    pub(super) fn remove_tree(&mut self, path: &Path) -> io::Result<()> {
        let names: Vec<OsString> = self.entries(self.find(path)?)?.keys().cloned().collect();
        for name in names {
            let inside = path.join(name);
            match self.node(&inside)?.1.kind() {
                EntryKind::Directory => self.remove_tree(&inside)?,
                _ => drop(self.remove(&inside)?),
            }
        }
        self.remove(path).map(drop)
    }

    /// Renames an entry, replacing a file by a file or an empty directory by a directory.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let (inode, node) = self.node(from)?;
        let is_directory = node.kind() == EntryKind::Directory;
        if let Ok((replaced, other)) = self.node(to) {
            if replaced == inode {
                return Ok(());
            }
            check_replaceable(is_directory, other)?;
        }
        if is_directory && to.starts_with(from) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let (from_directory, from_name) = self.place(from)?;
        let (to_directory, to_name) = self.place(to)?;
        self.entries(to_directory)?;
        self.entries_mut(from_directory)?.remove(from_name);
        self.entries_mut(to_directory)?.insert(to_name.to_owned(), inode);
        if from_directory != to_directory {
            let from = (from_directory, from_name.to_owned());
            self.moves.push(Move { from, to: (to_directory, to_name.to_owned()), inode });
        }
        for changed in [from_directory, to_directory, inode] {
            self.touch(changed);
        }
        self.traced(|| Traced::Rename { from: from.to_owned(), to: to.to_owned(), inode });
        Ok(())
    }

    /// Makes a directory's entries durable, and the other side of each rename into or out of it.
    pub(super) fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        let inode = self.find(path)?;
        match self.nodes.get_mut(&inode) {
            Some(Node::Directory { live, durable, .. }) => durable.clone_from(live),
            _ => return Err(io::ErrorKind::NotADirectory.into()),
        }
        let (done, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.moves)
            .into_iter()
            .partition(|moved| moved.from.0 == inode || moved.to.0 == inode);
        self.moves = left;
        for Move { from, to, inode } in done {
            self.settle(&from, inode);
            self.settle(&to, inode);
        }
        self.traced(|| Traced::SyncDir { path: path.to_owned(), inode });
        Ok(())
    }

    /// Makes one entry durable as far as it concerns one inode: there if it is live, else not.
    fn settle(&mut self, (directory, name): &(u64, OsString), inode: u64) {
        if let Some(Node::Directory { live, durable, .. }) = self.nodes.get_mut(directory) {
            if live.get(name) == Some(&inode) {
                durable.insert(name.clone(), inode);
            } else if durable.get(name) == Some(&inode) {
                durable.remove(name);
            }
        }
    }

    /// Locks for a handle, as `flock` does: a lock that it holds already is given back first, even
    /// if the new one is refused.
    pub(super) fn try_lock(&mut self, inode: u64, handle: u64, mode: LockMode) -> bool {
        let holders = self.locks.entry(inode).or_default();
        holders.remove(&handle);
        let free = match mode {
            LockMode::Exclusive => holders.is_empty(),
            LockMode::Shared => holders.values().all(|held| *held == LockMode::Shared),
        };
        if free {
            holders.insert(handle, mode);
        }
        free
    }

    pub(super) fn unlock(&mut self, inode: u64, handle: u64) {
        if let Some(holders) = self.locks.get_mut(&inode) {
            holders.remove(&handle);
        }
    }
}

fn check_replaceable(by_directory: bool, replaced: &Node) -> io::Result<()> {
    match (by_directory, replaced) {
        (true, Node::Directory { live, .. }) if live.is_empty() => Ok(()),
        (true, Node::Directory { .. }) => Err(io::ErrorKind::DirectoryNotEmpty.into()),
        (true, _) => Err(io::ErrorKind::NotADirectory.into()),
        (false, Node::Directory { .. }) => Err(io::ErrorKind::IsADirectory.into()),
        (false, _) => Ok(()),
    }
}
