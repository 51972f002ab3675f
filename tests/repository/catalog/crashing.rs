//! The machine goes down.

use std::path::{Path, PathBuf};

use annals::disk::{Access, Disk as _, EntryKind};

use super::scene::Scene;

/// Makes all that a folder holds durable, as the system may at any time.
fn settle(scene: &Scene, folder: &Path) {
    for (name, kind) in scene.memory.list_dir(folder).unwrap() {
        let path: PathBuf = folder.join(name);
        match kind {
            EntryKind::Directory => settle(scene, &path),
            _ => scene.memory.open(&path, Access::Write).unwrap().sync_data().unwrap(),
        }
    }
    scene.memory.sync_dir(folder).unwrap();
}

#[test]
fn rows_that_are_older_than_the_journals_are_not_believed_after_a_crash() {
    let scene = Scene::with(&["pear", "plum"]);
    scene.assert_true("before");
    settle(&scene, Path::new("/"));
    // Durable in the journal, and told to a feed that is not.
    scene.say("pear", "acknowledged before the crash");
    let before = scene.truth();

    let after = Scene { memory: scene.memory.crash(), clock: scene.clock.clone() };

    assert!(after.file("current").is_some(), "the catalog has survived, older than the journal");
    assert_eq!(after.truth(), before);
    after.assert_true("after the crash");
}

#[test]
fn rows_that_are_newer_than_the_journals_are_not_believed_after_a_crash() {
    let scene = Scene::with(&["pear", "plum"]);
    settle(&scene, Path::new("/"));
    scene.assert_true("before");
    let mut options = scene.options(true);
    options.durability = annals::repository::Durability::Buffered;
    let disk = std::sync::Arc::new(scene.memory.clone());
    let buffered =
        annals::repository::FileSystemRepository::open_with(disk, super::scene::STORE, options)
            .unwrap();
    super::scene::say(&buffered, "pear", "not on the medium").unwrap();
    settle(&scene, &scene.paths().root());
    scene.memory.sync_dir(Path::new(super::scene::STORE)).unwrap();
    let before = scene.truth();

    let after = Scene { memory: scene.memory.crash(), clock: scene.clock.clone() };

    assert!(after.file("current").is_some(), "the catalog has survived, newer than the journal");
    assert_ne!(after.truth(), before);
    after.assert_true("after the crash");
}

#[test]
fn a_writer_after_a_crash_keeps_the_catalog_true() {
    let scene = Scene::with(&["pear", "plum"]);
    scene.assert_true("before");
    settle(&scene, Path::new("/"));
    let after = Scene { memory: scene.memory.crash(), clock: scene.clock.clone() };

    after.say("plum", "before anybody lists");
    after.assert_true("after the crash");
    after.say("plum", "after that");
    after.assert_true("and after that");
}
