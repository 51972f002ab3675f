//! A disk with entries moved in thought only.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use annals::disk::{Access, Disk, EntryKind, MemoryDisk, RearrangedDisk};

fn scene() -> (MemoryDisk, RearrangedDisk) {
    let memory = MemoryDisk::new();
    memory.create_dir_all(Path::new("/a/b")).unwrap();
    for path in ["/a/one", "/a/b/two"] {
        let file = memory.open(Path::new(path), Access::CreateNew).unwrap();
        file.write_at(0, path.as_bytes()).unwrap();
    }
    let thought = RearrangedDisk::new(Arc::new(memory.clone()));
    (memory, thought)
}

fn content(disk: &dyn Disk, path: &str) -> Result<String, ErrorKind> {
    let file = disk.open(Path::new(path), Access::Read).map_err(|error| error.kind())?;
    let mut bytes = vec![0; 64];
    let read = file.read_at(0, &mut bytes).unwrap();
    Ok(String::from_utf8(bytes[..read].to_vec()).unwrap())
}

fn names(disk: &dyn Disk, path: &str) -> Vec<String> {
    disk.list_dir(Path::new(path)).unwrap().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn what_was_moved_is_found_under_its_new_name_and_nothing_below_has_changed() {
    let (memory, thought) = scene();
    let before = memory.image();
    thought.rename_new(Path::new("/a/b"), Path::new("/c")).unwrap();
    thought.rename_new(Path::new("/a/one"), Path::new("/c/one")).unwrap();
    thought.rename(Path::new("/c"), Path::new("/d")).unwrap();

    assert_eq!(content(&thought, "/d/two").unwrap(), "/a/b/two");
    assert_eq!(content(&thought, "/d/one").unwrap(), "/a/one");
    for gone in ["/a/one", "/a/b/two", "/c/one", "/c/two"] {
        assert_eq!(content(&thought, gone), Err(ErrorKind::NotFound), "{gone}");
    }
    assert_eq!(names(&thought, "/"), ["a", "d"]);
    assert_eq!(names(&thought, "/a"), Vec::<String>::new());
    assert_eq!(names(&thought, "/d"), ["one", "two"]);
    assert_eq!(memory.image(), before);
}

#[test]
fn a_place_that_is_taken_stays_taken_and_one_that_was_left_is_free() {
    let (_, thought) = scene();
    let (one, two, b) = (Path::new("/a/one"), Path::new("/a/b/two"), Path::new("/a/b"));
    let taken = thought.rename_new(one, two).unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
    thought.remove_file(two).unwrap();
    thought.rename_new(one, two).unwrap();
    assert_eq!(content(&thought, "/a/b/two").unwrap(), "/a/one");
    thought.create_dir(one).unwrap();
    assert_eq!(thought.info(one).unwrap().unwrap().kind, EntryKind::Directory);
    assert_eq!(thought.create_dir(b).unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(names(&thought, "/a"), ["b", "one"]);
    assert_eq!(names(&thought, "/a/one"), Vec::<String>::new());
}

#[test]
fn nothing_can_be_written() {
    let (_, thought) = scene();
    for access in [Access::Write, Access::CreateNew, Access::OpenOrCreate] {
        let refused = thought.open(Path::new("/a/one"), access).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ReadOnlyFilesystem);
    }
    assert!(thought.remove_dir_all(Path::new("/a")).is_err());
}
