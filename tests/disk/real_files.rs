//! What only the real medium can meet: links, pipes, sockets and names that are not UTF-8.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use annals::disk::{Access, Disk, EntryKind, RealDisk};

const EVERY_ACCESS: [Access; 3] = [Access::Read, Access::Write, Access::OpenOrCreate];

#[test]
fn a_link_is_not_followed_wherever_it_leads() {
    let home = tempfile::tempdir().unwrap();
    let (file, link, dangling) =
        (home.path().join("file"), home.path().join("link"), home.path().join("dangling"));
    std::fs::write(&file, "outside").unwrap();
    symlink(&file, &link).unwrap();
    symlink(home.path().join("nowhere"), &dangling).unwrap();

    for path in [&link, &dangling] {
        for access in EVERY_ACCESS {
            let error = RealDisk.open(path, access).unwrap_err();
            assert!(error.to_string().contains("symbolic link"), "{access:?}: {error}");
        }
        let made = RealDisk.open(path, Access::CreateNew).unwrap_err();
        assert_eq!(made.kind(), ErrorKind::AlreadyExists);
        assert_eq!(RealDisk.info(path).unwrap().unwrap().kind, EntryKind::Link);
    }
    assert!(!home.path().join("nowhere").exists());
}

#[test]
fn a_link_to_a_directory_is_neither_listed_nor_synced_nor_taken_for_one() {
    let home = tempfile::tempdir().unwrap();
    let (directory, link) = (home.path().join("directory"), home.path().join("link"));
    std::fs::create_dir(&directory).unwrap();
    symlink(&directory, &link).unwrap();

    RealDisk.list_dir(&link).unwrap_err();
    RealDisk.sync_dir(&link).unwrap_err();
    let made = RealDisk.create_dir_all(&link).unwrap_err();
    assert_eq!(made.kind(), ErrorKind::AlreadyExists);
    RealDisk.create_dir_all(&link.join("below/it")).unwrap();
    assert!(directory.join("below/it").is_dir());
}

#[test]
fn whoever_looks_into_a_folder_sees_links_pipes_and_modes_and_follows_nothing() {
    let home = tempfile::tempdir().unwrap();
    let (folder, link) = (home.path().join("folder"), home.path().join("link"));
    std::fs::create_dir(&folder).unwrap();
    symlink(&folder, &link).unwrap();
    symlink("/etc", folder.join("link")).unwrap();
    std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap();
    std::fs::write(folder.join(OsStr::from_bytes(b"not \xff text")), "").unwrap();
    std::fs::set_permissions(
        folder.join(OsStr::from_bytes(b"not \xff text")),
        std::os::unix::fs::PermissionsExt::from_mode(0o640),
    )
    .unwrap();

    let mut inside = RealDisk.look_into(&folder).unwrap().unwrap().entries;
    inside.sort_by(|one, other| one.0.cmp(&other.0));
    let from_a_link = RealDisk.look_into(&link).unwrap().unwrap();

    let kinds: Vec<_> = inside.iter().map(|(name, look)| (name.as_str(), look.kind)).collect();
    let text = "not \u{fffd} text";
    let expected =
        [("link", EntryKind::Link), (text, EntryKind::File), ("socket", EntryKind::Other)];
    assert_eq!(kinds, expected);
    assert_eq!(inside[1].1.mode, 0o640);
    assert_eq!((from_a_link.itself.kind, from_a_link.entries), (EntryKind::Link, Vec::new()));
}

#[test]
fn removing_a_tree_leaves_what_its_links_lead_to() {
    let home = tempfile::tempdir().unwrap();
    let (tree, outside) = (home.path().join("tree"), home.path().join("outside"));
    std::fs::create_dir(&tree).unwrap();
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("kept"), "").unwrap();
    symlink(&outside, tree.join("link")).unwrap();

    RealDisk.remove_dir_all(&tree).unwrap();

    assert!(outside.join("kept").exists() && !tree.exists());
}

#[test]
fn a_pipe_or_a_socket_is_refused_without_waiting() {
    let home = tempfile::tempdir().unwrap();
    let (pipe, socket) = (home.path().join("pipe"), home.path().join("socket"));
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();

    for path in [&pipe, &socket] {
        for access in EVERY_ACCESS {
            assert!(RealDisk.open(path, access).is_err(), "{access:?} {}", path.display());
        }
        assert_eq!(RealDisk.info(path).unwrap().unwrap().kind, EntryKind::Other);
    }
    let error = RealDisk.open(&pipe, Access::Read).unwrap_err();
    assert!(error.to_string().contains("not a regular file"), "{error}");
}

#[test]
fn a_name_that_is_not_utf8_is_listed_with_replacement_characters() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join(OsStr::from_bytes(b"a\xffb")), "").unwrap();

    let listed = RealDisk.list_dir(home.path()).unwrap();

    assert_eq!(listed, [("a\u{fffd}b".to_owned(), EntryKind::File)]);
}

#[test]
fn the_root_and_relative_paths_are_directories_too() {
    RealDisk.create_dir_all(std::path::Path::new("/")).unwrap();
    RealDisk.create_dir_all(std::path::Path::new(".")).unwrap();
}
