//! What writers tell, and what becomes of it when it cannot be told.

use std::sync::Arc;
use std::time::Duration;

use annals::disk::{Disk as _, DiskOperation, Fault, FaultyDisk};
use annals::format::catalog::{Row, Stamp};
use annals::repository::{
    Depth, FileSystemOptions, FileSystemRepository, RepositoryError, SessionRepository as _,
};
use annals::vocabulary::{FindingClass, SessionFilter, SessionMetadata};

use super::scene::{STORE, Scene, listed, rows, say, streamed, wait};
use crate::support::id;

const ENOSPC: i32 = 28;
const EACCES: i32 = 13;

fn scene() -> Scene {
    let scene = Scene::with(&["pear", "plum"]);
    scene.assert_true("at first");
    scene
}

fn feed_name(scene: &Scene) -> String {
    scene.file("feed-").unwrap().file_name().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn a_feed_that_is_full_costs_the_catalog_and_nothing_else() {
    for stored in [0, 1, 40, 1_000] {
        for nth in [1, 2] {
            let scene = scene();
            let warm = scene.process();
            scene.assert_true_of(&warm, "before");
            let faulty = FaultyDisk::new(Arc::new(scene.memory.clone()));
            let fault = Fault::ShortWrite { bytes: stored };
            faulty.fail_file(&feed_name(&scene), DiskOperation::Write, nth, fault);
            say(&scene.process_on(Arc::new(faulty)), "pear", "hello").unwrap();
            let place = format!("{stored} bytes of entry {nth}");
            scene.assert_true_of(&warm, &place);
            scene.assert_true(&place);
        }
    }
}

#[test]
fn a_catalog_that_can_neither_be_told_nor_taken_away_keeps_writers_out() {
    let scene = scene();
    let before = scene.truth();
    let faulty = FaultyDisk::new(Arc::new(scene.memory.clone()));
    faulty.fail_from(DiskOperation::Remove, 1, Fault::Errno(EACCES));
    faulty.fail_file(&feed_name(&scene), DiskOperation::Write, 1, Fault::Errno(ENOSPC));

    let refused = say(&scene.process_on(Arc::new(faulty)), "pear", "hello");

    assert!(matches!(refused, Err(RepositoryError::Storage { .. })), "{refused:?}");
    assert_eq!(scene.truth(), before);
    scene.assert_true("refused");
}

#[test]
fn a_store_that_can_only_be_read_is_listed() {
    let scene = scene();
    scene.say("pear", "hello");
    for with_catalog in [true, false] {
        if !with_catalog {
            scene.memory.remove_dir_all(&scene.paths().root()).unwrap();
        }
        let faulty = FaultyDisk::new(Arc::new(scene.memory.clone()));
        for operation in [
            DiskOperation::Write,
            DiskOperation::CreateDir,
            DiskOperation::Rename,
            DiskOperation::Remove,
            DiskOperation::SetLen,
        ] {
            faulty.fail_from(operation, 1, Fault::Errno(EACCES));
        }
        scene.assert_true_of(&scene.process_on(Arc::new(faulty)), "read only");
    }
}

#[test]
fn whoever_does_not_use_the_catalog_keeps_it_true() {
    let scene = scene();
    let disk = Arc::new(scene.memory.clone());
    let without: FileSystemOptions = scene.options(false);
    let writer = FileSystemRepository::open_with(disk, STORE, without).unwrap();
    let warm = scene.process();
    scene.assert_true_of(&warm, "before");

    say(&writer, "pear", "hello").unwrap();

    scene.assert_true_of(&warm, "warm");
    scene.assert_true("cold");
}

#[test]
fn whoever_does_not_use_the_catalog_makes_none() {
    let scene = Scene::with(&["pear"]);
    scene.memory.remove_dir_all(&scene.paths().root()).unwrap();
    let disk = Arc::new(scene.memory.clone());
    let without = FileSystemRepository::open_with(disk, STORE, scene.options(false)).unwrap();

    say(&without, "pear", "hello").unwrap();
    assert_eq!(listed(&without).sessions.len(), 1);

    assert_eq!(scene.memory.info(&scene.paths().root()).unwrap(), None);
}

#[test]
fn a_row_that_says_something_else_than_its_journal_is_found_and_mended() {
    let scene = scene();
    let info = scene.memory.info(&scene.session("pear").join("journal.jsonl")).unwrap().unwrap();
    let (inode, bytes, changed_ns) = (info.identity.inode, info.len, info.changed_ns);
    let state = listed(&scene.process()).sessions.remove(0);
    let wrong = SessionMetadata { message_count: 77, id: id("pear"), ..state };
    let row = Row::new(Stamp { inode, bytes, changed_ns }, &wrong).unwrap();
    assert!(scene.feed().told_row(&scene.memory, row));
    assert_ne!(rows(&listed(&scene.process())), scene.truth());

    let verified = wait(scene.process().verify(&id("pear"), &Depth::default())).unwrap();

    let classes: Vec<_> = verified.findings.iter().map(|finding| finding.class).collect();
    assert_eq!(classes, [FindingClass::CatalogMismatch]);
    assert!(!verified.is_corrupted());
    scene.assert_true("verified");
    let again = wait(scene.process().verify(&id("pear"), &Depth::default())).unwrap();
    assert_eq!(again.findings, []);
}

#[test]
fn an_intent_of_a_writer_that_died_is_settled_by_a_listing() {
    let scene = scene();
    scene.feed().intend(&scene.memory, &id("pear")).unwrap();
    scene.memory.pass_time(Duration::from_secs(2));
    scene.assert_true("pending");
    let faulty = FaultyDisk::new(Arc::new(scene.memory.clone()));
    let process = scene.process_on(Arc::new(faulty.clone()));
    let opened = faulty.calls(DiskOperation::Open);
    listed(&process);
    // What names the files, the feed and the base.
    assert_eq!(faulty.calls(DiskOperation::Open) - opened, 3);
}

#[test]
fn entries_told_while_the_catalog_is_folded_are_not_lost() {
    let scene = scene();
    let writer = scene.process();
    let warm = scene.process();
    for round in 0..10 {
        say(&writer, "pear", &format!("round {round}")).unwrap();
        scene.fold();
        if round % 2 == 0 {
            say(&writer, "plum", "to the feed that is gone").unwrap();
        }
        scene.assert_true(&format!("round {round}"));
        scene.assert_true_of(&warm, &format!("round {round}, warm"));
    }
}

#[test]
fn a_limit_and_an_order_are_kept_across_the_base_and_the_feed() {
    let names: Vec<String> = (0..40).map(|number| format!("session-{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let scene = Scene::with(&names);
    scene.assert_true("at first");
    for name in names.iter().step_by(3) {
        scene.say(name, "awake again");
    }
    for limit in [0, 1, 5, 20, 39, 40, 100] {
        let filter = SessionFilter { limit: Some(limit), ..SessionFilter::everything() };
        let by_catalog = wait(scene.process().list(&filter)).unwrap();
        let truth = scene.truth();
        assert_eq!(rows(&by_catalog), truth[..limit.min(40)]);
        scene.feed().intend(&scene.memory, &id(names[limit % 40])).unwrap();
        let awaited = scene.process();
        assert_eq!(streamed(&awaited, &filter), truth[..limit.min(40)], "streamed, {limit}");
    }
}
