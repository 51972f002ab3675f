//! A state of a medium: directories, and files with their bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use annals::disk::{Disk as _, MemoryDisk};

use crate::choosing::{Bounds, combinations};
use crate::medium::{Medium, Tree};

/// What a machine finds on its medium.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image {
    pub files: BTreeMap<PathBuf, Vec<u8>>,
    pub directories: BTreeSet<PathBuf>,
}

impl Image {
    /// All that is live on a disk.
    pub fn of(disk: &MemoryDisk) -> Self {
        let (files, mut directories) = (disk.image(), BTreeSet::new());
        let mut pending = vec![PathBuf::from("/")];
        while let Some(path) = pending.pop() {
            for (name, _) in disk.list_dir(&path).unwrap() {
                let inside = path.join(name);
                if !files.contains_key(&inside) {
                    pending.push(inside);
                }
            }
            directories.insert(path);
        }
        Self { files, directories }
    }

    /// A disk with this content, all of it durable.
    pub fn disk(&self) -> MemoryDisk {
        let files = self.files.iter().map(|(path, bytes)| (path.clone(), bytes.clone()));
        MemoryDisk::from_image(files, self.directories.iter().cloned()).unwrap()
    }

    /// The files that some bytes stand in.
    pub fn files_with(&self, bytes: &[u8]) -> Vec<String> {
        let holds = |content: &Vec<u8>| memchr::memmem::find(content, bytes).is_some();
        let files = self.files.iter().filter(|(_, content)| holds(content));
        files.map(|(path, _)| path.display().to_string()).collect()
    }

    /// The same without lock files, which everybody makes who misses them.
    pub fn without_locks(mut self) -> Self {
        self.files.retain(|path, _| !is_lock(path));
        self
    }

    /// Equal for states that are counted once: those that differ only in what lock files say.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.directories.hash(&mut hasher);
        for (path, bytes) in &self.files {
            path.hash(&mut hasher);
            if !is_lock(path) {
                hasher.write(bytes);
            }
        }
        hasher.finish()
    }
}

/// What a lock file says is for people, and never synced.
fn is_lock(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "lock")
}

/// Sessions being made or removed are passed over by everybody.
fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}

/// Hands over every state that a crash may leave of a medium, within bounds. The same state may
/// come several times.
///
/// Two things are not varied by themselves, or they would multiply states that differ in nothing
/// that is ever read: what lies in folders whose names begin with a dot, which is left as it is,
/// and the content of lock files, which goes round with the other choices.
pub fn each_state(medium: &Medium, bounds: Bounds, mut visit: impl FnMut(Image)) {
    let mut seen = BTreeSet::new();
    for kept in combinations(&vec![2; medium.unsettled_entries()], bounds) {
        let tree = Visible::of(medium, &medium.tree(&kept));
        if seen.insert((tree.directories.clone(), tree.files.clone())) {
            tree.each_content(medium, bounds, &mut visit);
        }
    }
}

/// The part of a tree that can be reached.
struct Visible {
    directories: BTreeSet<PathBuf>,
    files: Vec<(PathBuf, u64)>,
}

impl Visible {
    fn of(medium: &Medium, tree: &Tree) -> Self {
        let mut visible = Self { directories: BTreeSet::new(), files: Vec::new() };
        let mut pending = vec![(PathBuf::from("/"), medium.root)];
        while let Some((path, directory)) = pending.pop() {
            for (name, inode) in &tree[&directory] {
                let inside = path.join(name);
                if medium.files.contains_key(inode) {
                    visible.files.push((inside, *inode));
                } else if is_hidden(name) {
                    visible.directories.insert(inside);
                } else {
                    pending.push((inside, *inode));
                }
            }
            visible.directories.insert(path);
        }
        visible
    }

    fn each_content(&self, medium: &Medium, bounds: Bounds, visit: &mut impl FnMut(Image)) {
        let histories = || self.files.iter().map(|(path, inode)| (path, &medium.files[inode]));
        let (open, fixed): (Vec<_>, Vec<_>) =
            histories().partition(|(path, history)| !history.is_settled() && !is_lock(path));
        let options: Vec<Vec<usize>> = open.iter().map(|(_, history)| history.options()).collect();
        let choices = combinations(&options.concat(), bounds);
        for (round, choice) in choices.iter().enumerate() {
            let mut image = Image { directories: self.directories.clone(), ..Image::default() };
            for (path, history) in &fixed {
                image.files.insert((*path).clone(), any_content(history, round));
            }
            let mut rest = choice.as_slice();
            for ((path, history), options) in open.iter().zip(&options) {
                let (own, others) = rest.split_at(options.len());
                image.files.insert((*path).clone(), history.content(own));
                rest = others;
            }
            visit(image);
        }
    }
}

/// One of the contents that a file may have: another one in each round.
fn any_content(history: &crate::history::History, round: usize) -> Vec<u8> {
    let options = history.options();
    let choices: Vec<usize> = options.iter().map(|count| round % count).collect();
    history.content(&choices)
}
