//! What every medium promises.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annals::disk::{
    Access, Disk, EntryKind, FaultyDisk, Folder, LockMode, Look, MemoryDisk, RealDisk,
};

/// A medium with an empty directory of its own.
struct Ground {
    disk: Box<dyn Disk>,
    home: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl Ground {
    fn real() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let home = temporary.path().to_owned();
        Self { disk: Box::new(RealDisk), home, _temporary: Some(temporary) }
    }

    fn memory() -> Self {
        Self::on(Box::new(MemoryDisk::new()))
    }

    fn faultless() -> Self {
        Self::on(Box::new(FaultyDisk::new(Arc::new(MemoryDisk::new()))))
    }

    fn on(disk: Box<dyn Disk>) -> Self {
        let home = PathBuf::from("/home/ground");
        disk.create_dir_all(&home).unwrap();
        Self { disk, home, _temporary: None }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    fn write(&self, path: &Path, bytes: &[u8]) {
        self.disk.open(path, Access::OpenOrCreate).unwrap().write_at(0, bytes).unwrap();
    }

    fn read(&self, path: &Path) -> Vec<u8> {
        let file = self.disk.open(path, Access::Read).unwrap();
        let mut bytes = vec![0; 4096];
        let count = file.read_at(0, &mut bytes).unwrap();
        bytes.truncate(count);
        bytes
    }

    fn names(&self, path: &Path) -> Vec<(String, EntryKind)> {
        let mut names = self.disk.list_dir(path).unwrap();
        names.sort_by(|one, other| one.0.cmp(&other.0));
        names
    }
}

/// Runs each promise against each medium.
macro_rules! promises {
    ($($promise:ident)*) => {
        mod real { $(#[test] fn $promise() { super::$promise(&super::Ground::real()); })* }
        mod memory { $(#[test] fn $promise() { super::$promise(&super::Ground::memory()); })* }
        mod faultless { $(#[test] fn $promise() { super::$promise(&super::Ground::faultless()); })* }
    };
}

promises! {
    access_says_whether_a_file_must_or_may_exist
    what_is_made_is_private_to_its_owner
    reading_stops_at_the_end_of_the_file
    writing_beyond_the_end_leaves_nul_bytes_between
    a_file_opened_for_reading_cannot_be_changed
    a_length_cuts_and_extends
    a_directory_is_not_opened_as_a_file
    a_directory_in_the_way_or_missing_is_told_apart
    missing_directories_are_made_together
    a_directory_lists_its_entries_and_their_kinds
    what_a_folder_holds_is_told_as_looking_at_each_entry_tells_it
    a_rename_replaces_a_file_and_keeps_its_identity
    a_rename_to_a_new_name_refuses_one_that_is_taken
    a_directory_is_renamed_with_what_it_holds
    a_rename_refuses_what_would_lose_something
    an_open_file_outlives_its_name
    a_tree_is_removed_whole
    what_is_missing_is_not_found
    syncs_answer_for_files_and_directories_only
    an_exclusive_lock_keeps_out_other_opens_of_the_file
    a_lock_goes_with_the_open_that_took_it
}

fn kind_of<T>(answer: Result<T, annals::disk::DiskError>) -> Option<ErrorKind> {
    answer.err().map(|error| error.kind())
}

fn access_says_whether_a_file_must_or_may_exist(ground: &Ground) {
    let path = ground.at("file");
    let open = |access| ground.disk.open(&path, access);

    assert_eq!(kind_of(open(Access::Read)), Some(ErrorKind::NotFound));
    assert_eq!(kind_of(open(Access::Write)), Some(ErrorKind::NotFound));
    open(Access::CreateNew).unwrap().write_at(0, b"kept").unwrap();
    assert_eq!(kind_of(open(Access::CreateNew)), Some(ErrorKind::AlreadyExists));
    open(Access::OpenOrCreate).unwrap();
    open(Access::Write).unwrap();
    assert_eq!(ground.read(&path), b"kept");
    let elsewhere = ground.at("missing").join("file");
    assert_eq!(
        kind_of(ground.disk.open(&elsewhere, Access::OpenOrCreate)),
        Some(ErrorKind::NotFound)
    );
}

fn what_is_made_is_private_to_its_owner(ground: &Ground) {
    ground.disk.create_dir(&ground.at("directory")).unwrap();
    ground.disk.create_dir_all(&ground.at("deep/er")).unwrap();
    ground.disk.open(&ground.at("file"), Access::OpenOrCreate).unwrap();

    let mode = |name| ground.disk.info(&ground.at(name)).unwrap().unwrap().mode & 0o777;

    assert_eq!([mode("directory"), mode("deep"), mode("deep/er")], [0o700; 3]);
    assert_eq!(mode("file"), 0o600);
}

fn reading_stops_at_the_end_of_the_file(ground: &Ground) {
    ground.write(&ground.at("file"), b"0123456789");
    let file = ground.disk.open(&ground.at("file"), Access::Read).unwrap();
    let mut buffer = [b'.'; 6];

    assert_eq!(file.read_at(2, &mut buffer).unwrap(), 6);
    assert_eq!(&buffer, b"234567");
    assert_eq!(file.read_at(8, &mut buffer).unwrap(), 2);
    assert_eq!(&buffer[..2], b"89");
    assert_eq!(file.read_at(10, &mut buffer).unwrap(), 0);
    assert_eq!(file.read_at(1 << 40, &mut buffer).unwrap(), 0);
    assert_eq!(file.read_at(0, &mut []).unwrap(), 0);
}

fn writing_beyond_the_end_leaves_nul_bytes_between(ground: &Ground) {
    let file = ground.disk.open(&ground.at("file"), Access::CreateNew).unwrap();

    file.write_at(0, b"ab").unwrap();
    file.write_at(4, b"ef").unwrap();
    file.write_at(1, b"B").unwrap();
    file.write_at(100, b"").unwrap();

    assert_eq!(ground.read(&ground.at("file")), b"aB\0\0ef");
    assert_eq!(file.info().unwrap().len, 6);
}

fn a_file_opened_for_reading_cannot_be_changed(ground: &Ground) {
    ground.write(&ground.at("file"), b"kept");
    let file = ground.disk.open(&ground.at("file"), Access::Read).unwrap();

    assert!(file.write_at(0, b"lost").is_err());
    assert!(file.set_len(0).is_err());
    assert_eq!(ground.read(&ground.at("file")), b"kept");
}

fn a_length_cuts_and_extends(ground: &Ground) {
    let file = ground.disk.open(&ground.at("file"), Access::CreateNew).unwrap();
    file.write_at(0, b"abcdef").unwrap();

    file.set_len(2).unwrap();
    file.set_len(4).unwrap();

    assert_eq!(ground.read(&ground.at("file")), b"ab\0\0");
}

fn a_directory_is_not_opened_as_a_file(ground: &Ground) {
    for access in [Access::Read, Access::Write, Access::OpenOrCreate] {
        assert_eq!(
            kind_of(ground.disk.open(&ground.home, access)),
            Some(ErrorKind::IsADirectory),
            "{access:?}"
        );
    }
}

fn a_directory_in_the_way_or_missing_is_told_apart(ground: &Ground) {
    ground.write(&ground.at("file"), b"");
    ground.disk.create_dir(&ground.at("directory")).unwrap();
    let create = |name| kind_of(ground.disk.create_dir(&ground.at(name)));

    assert_eq!(create("directory"), Some(ErrorKind::AlreadyExists));
    assert_eq!(create("file"), Some(ErrorKind::AlreadyExists));
    assert_eq!(create("missing/directory"), Some(ErrorKind::NotFound));
    assert_eq!(create("file/directory"), Some(ErrorKind::NotADirectory));
}

fn missing_directories_are_made_together(ground: &Ground) {
    let create = |name| ground.disk.create_dir_all(&ground.at(name));
    ground.write(&ground.at("file"), b"");

    create("a/b/c").unwrap();
    create("a/b/c").unwrap();
    create("a/b/d").unwrap();

    let expected = ["c", "d"].map(|name| (name.to_owned(), EntryKind::Directory));
    assert_eq!(ground.names(&ground.at("a/b")), expected);
    assert_eq!(kind_of(create("file")), Some(ErrorKind::AlreadyExists));
    assert_eq!(kind_of(create("file/below")), Some(ErrorKind::NotADirectory));
}

fn a_directory_lists_its_entries_and_their_kinds(ground: &Ground) {
    assert_eq!(ground.names(&ground.home), []);
    ground.disk.create_dir(&ground.at("directory")).unwrap();
    ground.write(&ground.at("file"), b"");

    let expected = [("directory", EntryKind::Directory), ("file", EntryKind::File)];
    assert_eq!(ground.names(&ground.home), expected.map(|(name, kind)| (name.to_owned(), kind)));
    assert_eq!(kind_of(ground.disk.list_dir(&ground.at("file"))), Some(ErrorKind::NotADirectory));
}

fn what_a_folder_holds_is_told_as_looking_at_each_entry_tells_it(ground: &Ground) {
    ground.disk.create_dir(&ground.at("folder")).unwrap();
    assert_eq!(ground.disk.look_into(&ground.at("folder")).unwrap().unwrap().entries, []);
    ground.disk.create_dir(&ground.at("folder/below")).unwrap();
    ground.write(&ground.at("folder/file"), b"");
    ground.write(&ground.at("folder/below/file"), b"");
    let look = |name: &str| -> Look { ground.disk.info(&ground.at(name)).unwrap().unwrap().into() };

    let mut folder = ground.disk.look_into(&ground.at("folder")).unwrap().unwrap();
    folder.entries.sort_by(|one, other| one.0.cmp(&other.0));

    let entries = ["below", "file"].map(|name| (name.to_owned(), look(&format!("folder/{name}"))));
    assert_eq!(folder, Folder { itself: look("folder"), entries: entries.to_vec() });
    assert!(folder.holds("file") && !folder.holds("folder"));
    let file = ground.disk.look_into(&ground.at("folder/file")).unwrap();
    assert_eq!(file, Some(Folder { itself: look("folder/file"), entries: Vec::new() }));
    assert_eq!(ground.disk.look_into(&ground.at("missing")).unwrap(), None);
}

fn a_rename_replaces_a_file_and_keeps_its_identity(ground: &Ground) {
    ground.write(&ground.at("old"), b"old");
    ground.write(&ground.at("new"), b"new");
    let file = ground.disk.open(&ground.at("old"), Access::Read).unwrap();
    let replaced = ground.disk.open(&ground.at("new"), Access::Read).unwrap();

    ground.disk.rename(&ground.at("old"), &ground.at("new")).unwrap();

    let there = ground.disk.info(&ground.at("new")).unwrap().unwrap();
    assert_eq!(ground.read(&ground.at("new")), b"old");
    assert_eq!(ground.names(&ground.home).len(), 1);
    assert_eq!(file.info().unwrap(), there);
    assert_ne!(replaced.info().unwrap().identity, there.identity);
}

fn a_rename_to_a_new_name_refuses_one_that_is_taken(ground: &Ground) {
    ground.write(&ground.at("old"), b"old");
    ground.write(&ground.at("taken"), b"taken");
    ground.disk.create_dir(&ground.at("empty")).unwrap();
    ground.disk.create_dir(&ground.at("directory")).unwrap();
    let rename = |from, to| kind_of(ground.disk.rename_new(&ground.at(from), &ground.at(to)));

    assert_eq!(rename("old", "taken"), Some(ErrorKind::AlreadyExists));
    assert_eq!(rename("directory", "empty"), Some(ErrorKind::AlreadyExists));
    assert_eq!(rename("missing", "free"), Some(ErrorKind::NotFound));
    assert_eq!(rename("old", "free"), None);
    assert_eq!(rename("directory", "free too"), None);
    assert_eq!(ground.read(&ground.at("free")), b"old");
    assert_eq!(ground.read(&ground.at("taken")), b"taken");
}

fn a_directory_is_renamed_with_what_it_holds(ground: &Ground) {
    ground.disk.create_dir_all(&ground.at("old/inner")).unwrap();
    ground.write(&ground.at("old/inner/file"), b"moved");

    ground.disk.rename(&ground.at("old"), &ground.at("new")).unwrap();

    assert_eq!(ground.read(&ground.at("new/inner/file")), b"moved");
    assert_eq!(ground.disk.info(&ground.at("old")).unwrap(), None);
}

fn a_rename_refuses_what_would_lose_something(ground: &Ground) {
    ground.disk.create_dir_all(&ground.at("full/inner")).unwrap();
    ground.disk.create_dir(&ground.at("empty")).unwrap();
    ground.write(&ground.at("file"), b"");
    let rename = |from, to| kind_of(ground.disk.rename(&ground.at(from), &ground.at(to)));

    assert_eq!(rename("empty", "full"), Some(ErrorKind::DirectoryNotEmpty));
    assert_eq!(rename("empty", "file"), Some(ErrorKind::NotADirectory));
    assert_eq!(rename("file", "empty"), Some(ErrorKind::IsADirectory));
    assert_eq!(rename("full", "full/inner/itself"), Some(ErrorKind::InvalidInput));
    assert_eq!(rename("file", "file"), None);
    assert_eq!(ground.names(&ground.home).len(), 3);
}

fn an_open_file_outlives_its_name(ground: &Ground) {
    let file = ground.disk.open(&ground.at("file"), Access::CreateNew).unwrap();
    ground.disk.remove_file(&ground.at("file")).unwrap();

    file.write_at(0, b"still here").unwrap();

    let mut bytes = [0; 10];
    file.read_at(0, &mut bytes).unwrap();
    assert_eq!(&bytes, b"still here");
    assert_eq!(ground.disk.info(&ground.at("file")).unwrap(), None);
}

fn a_tree_is_removed_whole(ground: &Ground) {
    ground.disk.create_dir_all(&ground.at("tree/inner")).unwrap();
    ground.write(&ground.at("tree/inner/file"), b"");
    ground.write(&ground.at("tree/file"), b"");

    assert_eq!(kind_of(ground.disk.remove_file(&ground.at("tree"))), Some(ErrorKind::IsADirectory));
    ground.disk.remove_dir_all(&ground.at("tree")).unwrap();

    assert_eq!(ground.names(&ground.home), []);
}

fn what_is_missing_is_not_found(ground: &Ground) {
    let (missing, below) = (ground.at("missing"), ground.at("missing/below"));

    assert_eq!(ground.disk.info(&missing).unwrap(), None);
    assert_eq!(ground.disk.info(&below).unwrap(), None);
    for answer in [
        ground.disk.list_dir(&missing).map(drop),
        ground.disk.rename(&missing, &ground.at("other")),
        ground.disk.remove_file(&missing),
        ground.disk.remove_dir_all(&missing),
        ground.disk.sync_dir(&missing),
    ] {
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert_eq!(error.path, missing);
    }
}

fn syncs_answer_for_files_and_directories_only(ground: &Ground) {
    let file = ground.disk.open(&ground.at("file"), Access::CreateNew).unwrap();

    file.sync_data().unwrap();
    ground.disk.sync_dir(&ground.home).unwrap();

    assert_eq!(kind_of(ground.disk.sync_dir(&ground.at("file"))), Some(ErrorKind::NotADirectory));
}

fn an_exclusive_lock_keeps_out_other_opens_of_the_file(ground: &Ground) {
    let open = || ground.disk.open(&ground.at("lock"), Access::OpenOrCreate).unwrap();
    let (first, second, third) = (open(), open(), open());

    assert!(first.try_lock(LockMode::Exclusive).unwrap());
    assert!(!second.try_lock(LockMode::Exclusive).unwrap());
    assert!(!second.try_lock(LockMode::Shared).unwrap());
    first.unlock().unwrap();
    assert!(second.try_lock(LockMode::Shared).unwrap());
    assert!(third.try_lock(LockMode::Shared).unwrap());
    assert!(!first.try_lock(LockMode::Exclusive).unwrap());
    second.unlock().unwrap();
    assert!(!first.try_lock(LockMode::Exclusive).unwrap());
    third.unlock().unwrap();
    assert!(first.try_lock(LockMode::Exclusive).unwrap());
}

fn a_lock_goes_with_the_open_that_took_it(ground: &Ground) {
    let open = || ground.disk.open(&ground.at("lock"), Access::OpenOrCreate).unwrap();
    let (first, second) = (open(), open());
    assert!(first.try_lock(LockMode::Exclusive).unwrap());

    drop(open());
    assert!(!second.try_lock(LockMode::Exclusive).unwrap());
    drop(first);

    assert!(second.try_lock(LockMode::Exclusive).unwrap());
}
