//! What a medium may hold at a point of a trace: what is durable, and what has been asked for since.
//!
//! The strictest reading of `docs/durability.md`: a file's bytes and length are durable with
//! `sync_data` of it, entries with `sync_dir` of their directory, and nothing else is ordered. Each
//! creation, removal and renaming of an entry that is not durable is kept or lost by itself; one
//! renaming is kept or lost as a whole.

use std::collections::BTreeMap;
use std::path::Path;

use annals::disk::{Disk, EntryKind, MemoryDisk, Traced};

use crate::history::History;

/// The entries of each directory, by inode.
pub type Tree = BTreeMap<u64, BTreeMap<String, u64>>;

/// A place in a directory.
type Place = (u64, String);

/// A change to entries that is not durable.
#[derive(Debug, Clone)]
struct EntryChange {
    taken: Option<Place>,
    put: Option<(Place, u64)>,
}

/// A medium at a point of a trace.
#[derive(Debug, Clone)]
pub struct Medium {
    pub root: u64,
    live: Tree,
    durable: Tree,
    unsettled: Vec<EntryChange>,
    pub files: BTreeMap<u64, History>,
}

impl Medium {
    /// A medium on which everything is durable.
    pub fn at_rest(disk: &MemoryDisk) -> Self {
        let root = inode(disk, Path::new("/"));
        let (mut live, mut files) = (Tree::new(), BTreeMap::new());
        let contents = disk.image();
        let mut pending = vec![(std::path::PathBuf::from("/"), root)];
        while let Some((path, directory)) = pending.pop() {
            let mut entries = BTreeMap::new();
            for (name, kind) in disk.list_dir(&path).unwrap() {
                let inside = path.join(&name);
                let number = inode(disk, &inside);
                entries.insert(name, number);
                if kind == EntryKind::Directory {
                    pending.push((inside, number));
                } else {
                    files.insert(number, History::at_rest(contents[&inside].clone()));
                }
            }
            live.insert(directory, entries);
        }
        Self { root, durable: live.clone(), live, unsettled: Vec::new(), files }
    }

    /// Does what a call did.
    pub fn apply(&mut self, call: &Traced) {
        match call {
            Traced::CreateFile { path, inode } => {
                self.files.insert(*inode, History::default());
                self.put(path, *inode);
            }
            Traced::CreateDir { path, inode } => {
                self.live.insert(*inode, BTreeMap::new());
                self.durable.insert(*inode, BTreeMap::new());
                self.put(path, *inode);
            }
            Traced::Write { inode, offset, bytes } => self.file(*inode).write(*offset, bytes),
            Traced::SetLen { inode, len } => self.file(*inode).set_len(*len),
            Traced::SyncData { inode } => self.file(*inode).sync(),
            Traced::Rename { from, to, inode } => {
                let (taken, place) = (Some(self.place(from)), self.place(to));
                self.change(EntryChange { taken, put: Some((place, *inode)) });
            }
            Traced::Remove { path, .. } => {
                let taken = Some(self.place(path));
                self.change(EntryChange { taken, put: None });
            }
            Traced::SyncDir { inode, .. } => self.settle(*inode),
        }
    }

    /// How many changes to entries are kept or lost, each by itself.
    pub fn unsettled_entries(&self) -> usize {
        self.unsettled.len()
    }

    /// The entries, with the changes that are kept: 0 stands for "lost".
    pub fn tree(&self, kept: &[usize]) -> Tree {
        let mut tree = self.durable.clone();
        for (change, _) in self.unsettled.iter().zip(kept).filter(|(_, kept)| **kept > 0) {
            make(&mut tree, change);
        }
        tree
    }

    fn put(&mut self, path: &Path, inode: u64) {
        let place = self.place(path);
        self.change(EntryChange { taken: None, put: Some((place, inode)) });
    }

    fn change(&mut self, change: EntryChange) {
        make(&mut self.live, &change);
        self.unsettled.push(change);
    }

    /// The entries of a directory become durable, with both sides of each renaming.
    fn settle(&mut self, directory: u64) {
        let concerns = |change: &EntryChange| {
            let put = change.put.as_ref().map(|(place, _)| place);
            change.taken.iter().chain(put).any(|place| place.0 == directory)
        };
        let (done, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.unsettled).into_iter().partition(concerns);
        self.unsettled = left;
        for change in &done {
            make(&mut self.durable, change);
        }
    }

    fn file(&mut self, inode: u64) -> &mut History {
        self.files.get_mut(&inode).unwrap()
    }

    /// The directory of a path and the name in it, as calls see them now.
    fn place(&self, path: &Path) -> Place {
        let names: Vec<&str> = path.iter().skip(1).map(|name| name.to_str().unwrap()).collect();
        let (last, above) = names.split_last().unwrap();
        let directory = above.iter().fold(self.root, |at, name| self.live[&at][*name]);
        (directory, (*last).to_owned())
    }
}

fn make(tree: &mut Tree, change: &EntryChange) {
    if let Some((directory, name)) = &change.taken {
        tree.get_mut(directory).unwrap().remove(name);
    }
    if let Some(((directory, name), inode)) = &change.put {
        // Nothing has two names: where an earlier renaming was lost, this one still moves it.
        for entries in tree.values_mut() {
            entries.retain(|_, named| named != inode);
        }
        tree.get_mut(directory).unwrap().insert(name.clone(), *inode);
    }
}

fn inode(disk: &MemoryDisk, path: &Path) -> u64 {
    disk.info(path).unwrap().unwrap().identity.inode
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names at the top that each choice leads to.
    fn names(medium: &Medium, kept: &[usize]) -> Vec<String> {
        medium.tree(kept)[&medium.root].keys().cloned().collect()
    }

    #[test]
    fn entries_are_kept_or_lost_each_by_itself_until_their_directory_is_synced() {
        let disk = MemoryDisk::from_image([("/old".into(), Vec::new())], []).unwrap();
        let mut medium = Medium::at_rest(&disk);
        disk.start_trace();
        disk.rename(Path::new("/old"), Path::new("/new")).unwrap();
        disk.create_dir(Path::new("/made")).unwrap();
        disk.trace().iter().for_each(|call| medium.apply(call));

        assert_eq!(names(&medium, &[0, 0]), ["old"]);
        assert_eq!(names(&medium, &[1, 0]), ["new"]);
        assert_eq!(names(&medium, &[0, 1]), ["made", "old"]);

        disk.start_trace();
        disk.sync_dir(Path::new("/")).unwrap();
        disk.trace().iter().for_each(|call| medium.apply(call));

        assert_eq!(medium.unsettled_entries(), 0);
        assert_eq!(names(&medium, &[]), ["made", "new"]);
    }

    #[test]
    fn what_was_renamed_twice_has_one_name() {
        let disk = MemoryDisk::from_image([("/a".into(), Vec::new())], []).unwrap();
        let mut medium = Medium::at_rest(&disk);
        disk.start_trace();
        disk.rename(Path::new("/a"), Path::new("/b")).unwrap();
        disk.rename(Path::new("/b"), Path::new("/c")).unwrap();
        disk.trace().iter().for_each(|call| medium.apply(call));

        assert_eq!(names(&medium, &[0, 1]), ["c"]);
    }
}
