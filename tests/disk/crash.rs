//! What a crash of the machine leaves of a disk in memory.

use std::path::{Path, PathBuf};

use annals::disk::{Access, Disk, LockMode, MemoryDisk, Traced};

const FILE: &str = "/store/file";

/// A disk with one durable, empty directory.
fn disk() -> MemoryDisk {
    let disk = MemoryDisk::new();
    disk.create_dir(Path::new("/store")).unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    disk
}

fn durable_file(disk: &MemoryDisk, path: &str, bytes: &[u8]) {
    let file = disk.open(Path::new(path), Access::OpenOrCreate).unwrap();
    file.write_at(0, bytes).unwrap();
    file.sync_data().unwrap();
    disk.sync_dir(Path::new(path).parent().unwrap()).unwrap();
}

fn image(disk: &MemoryDisk) -> Vec<(String, Vec<u8>)> {
    let files = disk.image().into_iter();
    files.map(|(path, bytes)| (path.to_str().unwrap().to_owned(), bytes)).collect()
}

fn file(path: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    (path.to_owned(), bytes.to_owned())
}

#[test]
fn a_synced_file_without_a_synced_entry_is_lost() {
    let disk = disk();
    let open = disk.open(Path::new(FILE), Access::CreateNew).unwrap();
    open.write_at(0, b"bytes").unwrap();
    open.sync_data().unwrap();

    assert_eq!(image(&disk), [file(FILE, b"bytes")]);
    assert_eq!(image(&disk.crash()), []);
}

#[test]
fn a_synced_entry_without_synced_bytes_is_an_empty_file() {
    let disk = disk();
    let open = disk.open(Path::new(FILE), Access::CreateNew).unwrap();
    open.write_at(0, b"bytes").unwrap();
    disk.sync_dir(Path::new("/store")).unwrap();

    assert_eq!(image(&disk.crash()), [file(FILE, b"")]);
}

#[test]
fn bytes_and_length_are_those_of_the_last_sync() {
    let disk = disk();
    durable_file(&disk, FILE, b"synced");
    let open = disk.open(Path::new(FILE), Access::Write).unwrap();
    open.write_at(0, b"UN").unwrap();
    let written = disk.crash();
    open.set_len(1).unwrap();
    let cut = disk.crash();
    open.sync_data().unwrap();

    assert_eq!(image(&written), [file(FILE, b"synced")]);
    assert_eq!(image(&cut), [file(FILE, b"synced")]);
    assert_eq!(image(&disk.crash()), [file(FILE, b"U")]);
}

#[test]
fn a_directory_is_lost_unless_its_parent_was_synced() {
    let disk = disk();
    disk.create_dir(Path::new("/store/new")).unwrap();
    durable_file(&disk, "/store/new/file", b"bytes");

    let before = disk.crash();
    disk.sync_dir(Path::new("/store")).unwrap();

    assert_eq!(before.info(Path::new("/store/new")).unwrap(), None);
    assert_eq!(image(&disk.crash()), [file("/store/new/file", b"bytes")]);
}

#[test]
fn a_replacing_rename_is_undone_whole_or_done_whole() {
    let disk = disk();
    durable_file(&disk, FILE, b"old");
    durable_file(&disk, "/store/new", b"new");
    disk.rename(Path::new("/store/new"), Path::new(FILE)).unwrap();

    let before = disk.crash();
    disk.sync_dir(Path::new("/store")).unwrap();

    assert_eq!(image(&before), [file(FILE, b"old"), file("/store/new", b"new")]);
    assert_eq!(image(&disk.crash()), [file(FILE, b"new")]);
}

#[test]
fn a_rename_between_directories_is_durable_with_a_sync_of_either() {
    for synced in ["/store", "/store/inner"] {
        let disk = disk();
        disk.create_dir(Path::new("/store/inner")).unwrap();
        durable_file(&disk, FILE, b"moved");
        disk.rename(Path::new(FILE), Path::new("/store/inner/file")).unwrap();

        assert_eq!(image(&disk.crash()), [file(FILE, b"moved")]);
        disk.sync_dir(Path::new(synced)).unwrap();
        assert_eq!(image(&disk.crash()), [file("/store/inner/file", b"moved")], "{synced}");
    }
}

#[test]
fn a_removed_file_comes_back_unless_its_directory_was_synced() {
    let disk = disk();
    durable_file(&disk, FILE, b"bytes");
    disk.remove_dir_all(Path::new("/store")).unwrap();

    let before = disk.crash();
    disk.sync_dir(Path::new("/")).unwrap();

    assert_eq!(image(&disk), []);
    assert_eq!(image(&before), [file(FILE, b"bytes")]);
    assert_eq!(disk.crash().info(Path::new("/store")).unwrap(), None);
}

#[test]
fn a_crash_frees_locks_and_leaves_the_disk_that_crashed_alone() {
    let disk = disk();
    durable_file(&disk, FILE, b"bytes");
    let open = disk.open(Path::new(FILE), Access::Write).unwrap();
    assert!(open.try_lock(LockMode::Exclusive).unwrap());

    let survivor = disk.crash();
    let reopened = survivor.open(Path::new(FILE), Access::Write).unwrap();
    assert!(reopened.try_lock(LockMode::Exclusive).unwrap());
    reopened.write_at(0, b"after").unwrap();

    let second = disk.open(Path::new(FILE), Access::Write).unwrap();
    assert!(!second.try_lock(LockMode::Shared).unwrap());
    assert_eq!(image(&disk), [file(FILE, b"bytes")]);
    assert_eq!(reopened.info().unwrap().identity, open.info().unwrap().identity);
}

#[test]
fn a_disk_made_of_an_image_holds_it_durably() {
    let disk = disk();
    durable_file(&disk, FILE, b"bytes");
    let copy = MemoryDisk::from_image(disk.image(), [PathBuf::from("/store/empty")]).unwrap();

    assert_eq!(image(&copy), [file(FILE, b"bytes")]);
    let survivor = copy.crash();
    assert_eq!(image(&survivor), [file(FILE, b"bytes")]);
    assert!(survivor.info(Path::new("/store/empty")).unwrap().is_some());
}

#[test]
fn an_image_in_which_a_file_lies_below_a_file_is_refused() {
    let files = [(PathBuf::from(FILE), Vec::new()), (PathBuf::from("/store/file/x"), Vec::new())];

    assert!(MemoryDisk::from_image(files, []).is_err());
}

#[test]
fn a_clone_is_the_same_disk() {
    let disk = disk();
    durable_file(&disk.clone(), FILE, b"bytes");

    assert_eq!(image(&disk), [file(FILE, b"bytes")]);
}

#[test]
fn a_link_is_listed_and_opened_by_nobody() {
    let disk = disk();
    disk.link(Path::new(FILE)).unwrap();

    for access in [Access::Read, Access::Write, Access::OpenOrCreate] {
        let error = disk.open(Path::new(FILE), access).unwrap_err();
        assert!(error.to_string().contains("symbolic link"), "{error}");
    }
    assert!(disk.open(Path::new("/store/file/below"), Access::Read).is_err());
    let listed = disk.list_dir(Path::new("/store")).unwrap();
    assert_eq!(listed, [("file".to_owned(), annals::disk::EntryKind::Link)]);
}

#[test]
fn a_mode_that_was_set_is_shown() {
    let disk = disk();
    durable_file(&disk, FILE, b"");
    disk.set_mode(Path::new(FILE), 0o644).unwrap();

    assert_eq!(disk.info(Path::new(FILE)).unwrap().unwrap().mode, 0o644);
}

#[test]
fn a_length_beyond_the_bound_is_refused_before_it_is_allocated() {
    let disk = disk();
    let open = disk.open(Path::new(FILE), Access::CreateNew).unwrap();

    for answer in [open.set_len(u64::MAX), open.write_at(1 << 40, b"x")] {
        assert_eq!(answer.unwrap_err().kind(), std::io::ErrorKind::FileTooLarge);
    }
    assert_eq!(open.info().unwrap().len, 0);
}

#[test]
fn a_trace_tells_every_change_in_order_and_no_refusal() {
    let disk = disk();
    disk.start_trace();
    durable_file(&disk, FILE, b"ab");
    let inode = disk.info(Path::new(FILE)).unwrap().unwrap().identity.inode;
    let store = disk.info(Path::new("/store")).unwrap().unwrap().identity.inode;
    disk.open(Path::new(FILE), Access::CreateNew).unwrap_err();
    disk.open(Path::new(FILE), Access::Write).unwrap().set_len(1).unwrap();
    disk.rename(Path::new(FILE), Path::new("/store/other")).unwrap();
    disk.remove_dir_all(Path::new("/store")).unwrap();

    let path = PathBuf::from(FILE);
    let other = PathBuf::from("/store/other");
    assert_eq!(
        disk.trace(),
        [
            Traced::CreateFile { path: path.clone(), inode },
            Traced::Write { inode, offset: 0, bytes: b"ab".to_vec() },
            Traced::SyncData { inode },
            Traced::SyncDir { path: "/store".into(), inode: store },
            Traced::SetLen { inode, len: 1 },
            Traced::Rename { from: path, to: other.clone(), inode },
            Traced::Remove { path: other, inode },
            Traced::Remove { path: "/store".into(), inode: store },
        ]
    );
}

#[test]
fn nothing_is_traced_unasked() {
    let disk = disk();
    durable_file(&disk, FILE, b"bytes");

    assert_eq!(disk.trace(), []);
}
