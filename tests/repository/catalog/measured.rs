//! What processes have measured, told through the feed and summed up by those who fold.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use annals::disk::{Access, Disk, DiskOperation, Fault, FaultyDisk};
use annals::format::catalog::Current;
use annals::journal::catalog::{Folding, fold};
use annals::repository::{FileSystemRepository, SessionRepository as _};
use annals::vocabulary::{Figures, OperationFigures};

use super::scene::{Scene, listed, say, wait};
use crate::interception::Intercepted;

const EROFS: i32 = 30;

/// Figures of so many calls.
fn calls(calls: u64) -> Figures {
    let mut load = OperationFigures { calls, ..OperationFigures::default() };
    (0..calls).for_each(|call| load.durations.record_us(100 + call));
    Figures { operations: [("load".into(), load)].into(), ..Figures::default() }
}

fn told(process: &FileSystemRepository) -> Figures {
    wait(process.told_figures()).unwrap()
}

/// The calls that a process which has read nothing yet finds.
#[track_caller]
fn counted(scene: &Scene) -> u64 {
    let figures = told(&scene.process());
    let load = figures.operations.get("load").cloned().unwrap_or_default();
    assert_eq!(load.calls, load.durations.count());
    load.calls
}

fn scene() -> Scene {
    let scene = Scene::with(&["pear", "plum"]);
    scene.assert_true("at first");
    scene
}

fn current(scene: &Scene) -> Current {
    Current::decode(&scene.bytes(&scene.paths().current())).unwrap()
}

#[test]
fn what_several_processes_have_told_adds_up_however_often_it_is_folded() {
    let scene = scene();
    for (round, more) in [3, 5, 7].into_iter().enumerate() {
        assert!(scene.process().tell_figures(&calls(more)));
        let sum = [3, 8, 15][round];
        assert_eq!(counted(&scene), sum, "told");
        for _ in 0..3 {
            scene.fold();
            assert_eq!(counted(&scene), sum, "folded");
        }
    }
    scene.assert_true("afterwards");
    let files = scene.memory.list_dir(&scene.paths().root()).unwrap();
    let sums = files.iter().filter(|(name, _)| name.starts_with("measured-"));
    assert_eq!(sums.count(), 1, "{files:?}");
}

#[test]
fn appends_are_told_once_and_are_known_before() {
    let scene = scene();
    let process = scene.process();
    for text in ["one", "two", "three"] {
        say(&process, "pear", text).unwrap();
    }
    let appends = |figures: Figures| {
        let writes = figures.writes;
        (writes.changes, writes.took.count(), writes.waited.count(), writes.synced.count())
    };
    assert_eq!(appends(told(&process)), (3, 3, 3, 3));
    assert_eq!(appends(told(&scene.process())), (0, 0, 0, 0), "not told yet");
    for _ in 0..2 {
        assert!(process.tell_figures(&Figures::default()));
        assert_eq!(appends(told(&process)), (3, 3, 3, 3));
        assert_eq!(appends(told(&scene.process())), (3, 3, 3, 3));
    }
    say(&process, "plum", "four").unwrap();
    assert_eq!(appends(told(&process)), (4, 4, 4, 4));
    assert_eq!(process.write_figures().changes, 4);
}

#[test]
fn who_has_nothing_to_tell_tells_nothing() {
    let scene = scene();
    let feed = scene.file("feed-").unwrap();
    let before = scene.bytes(&feed);
    assert!(scene.process().tell_figures(&Figures::default()));
    assert_eq!(scene.bytes(&feed), before);
}

/// Tells something while the catalog is folded so many times before the call of a kind.
fn told_while_folded(operation: DiskOperation, name: &'static str, times: usize) -> u64 {
    let scene = Arc::new(scene());
    let (folder, armed) = (Arc::clone(&scene), Arc::new(AtomicBool::new(false)));
    let is_armed = Arc::clone(&armed);
    let seen = AtomicUsize::new(0);
    let disk = Intercepted::watched(Arc::new(scene.memory.clone()), move |called, path| {
        let begins = path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(name));
        if called == operation && begins && is_armed.load(Ordering::SeqCst) {
            // The first look is before anything is told.
            let is_first_look =
                operation == DiskOperation::Info && seen.fetch_add(1, Ordering::SeqCst) == 0;
            if !is_first_look && is_armed.swap(false, Ordering::SeqCst) {
                (0..times).for_each(|_| folder.fold());
            }
        }
    });
    let process = scene.process_on(disk);
    assert!(process.tell_figures(&calls(1)));
    armed.store(true, Ordering::SeqCst);
    assert!(process.tell_figures(&calls(10)));
    assert!(!armed.load(Ordering::SeqCst), "it was folded");
    let sum = counted(&scene);
    scene.fold();
    assert_eq!(counted(&scene), sum);
    scene.assert_true("afterwards");
    sum
}

#[test]
fn what_was_told_to_a_feed_that_was_just_folded_counts_once() {
    assert_eq!(told_while_folded(DiskOperation::Info, "current", 1), 11, "told, and then folded");
    assert_eq!(told_while_folded(DiskOperation::Write, "feed-", 1), 11, "folded, and then told");
}

#[test]
fn whoever_stands_still_while_it_is_folded_over_and_over_is_never_counted_twice() {
    for times in [2, 3] {
        assert_eq!(told_while_folded(DiskOperation::Info, "current", times), 11);
        assert_eq!(told_while_folded(DiskOperation::Write, "feed-", times), 1, "as if killed");
    }
}

#[test]
fn a_process_that_has_not_told_for_a_long_time_finds_the_feed_of_today() {
    let scene = scene();
    let process = scene.process();
    assert!(process.tell_figures(&calls(1)));
    (0..5).for_each(|_| scene.fold());
    assert!(process.tell_figures(&calls(10)));
    assert_eq!(counted(&scene), 11);
}

#[test]
fn a_folding_that_ends_anywhere_neither_loses_nor_doubles_what_was_measured() {
    for calls_max in 0.. {
        let scene = scene();
        scene.process().tell_figures(&calls(1));
        scene.fold();
        scene.process().tell_figures(&calls(10));
        let (disk, made) = Intercepted::mortal(Arc::new(scene.memory.clone()), calls_max);
        for _ in 0..2 {
            drop(fold(&disk, &scene.feed(), Folding::Told));
            assert_eq!(counted(&scene), 11, "ended at call {calls_max}");
        }
        scene.process().tell_figures(&calls(100));
        scene.fold();
        assert_eq!(counted(&scene), 111, "ended at call {calls_max}, and folded");
        if made.load(Ordering::SeqCst) <= calls_max {
            return;
        }
    }
}

#[test]
fn a_teller_that_ends_anywhere_costs_no_more_than_its_own_figures() {
    for calls_max in 0.. {
        let scene = scene();
        scene.process().tell_figures(&calls(1));
        let (disk, made) = Intercepted::mortal(Arc::new(scene.memory.clone()), calls_max);
        scene.process_on(disk).tell_figures(&calls(10));
        let sum = counted(&scene);
        assert!(sum == 1 || sum == 11, "{sum}");
        scene.assert_true(&format!("ended at call {calls_max}"));
        if made.load(Ordering::SeqCst) <= calls_max {
            assert_eq!(sum, 11);
            return;
        }
    }
}

#[test]
fn a_sum_that_is_damaged_or_gone_begins_at_zero_and_costs_no_listing() {
    for offset in (0..).step_by(7) {
        let scene = scene();
        scene.process().tell_figures(&calls(1));
        scene.fold();
        scene.process().tell_figures(&calls(10));
        let sum = scene.file("measured-").unwrap();
        let mut bytes = scene.bytes(&sum);
        let is_gone = offset >= bytes.len();
        if is_gone {
            scene.memory.remove_file(&sum).unwrap();
        } else {
            bytes[offset] ^= 0x04;
            scene.put(&sum, &bytes);
        }
        assert_eq!(counted(&scene), 10, "byte {offset}");
        scene.assert_true(&format!("byte {offset}"));
        scene.fold();
        assert_eq!(counted(&scene), 10, "byte {offset}, folded");
        if is_gone {
            return;
        }
    }
}

#[test]
fn a_catalog_that_is_made_again_begins_at_zero() {
    let scene = scene();
    let process = scene.process();
    process.tell_figures(&calls(1));
    scene.memory.remove_dir_all(&scene.paths().root()).unwrap();
    assert_eq!(counted(&scene), 0);
    scene.assert_true("made again");
    assert_eq!(counted(&scene), 0);
    process.tell_figures(&calls(10));
    assert_eq!(counted(&scene), 10);
}

#[test]
fn a_catalog_that_is_filled_again_from_the_journals_goes_on_counting() {
    let scene = Scene::with(&["pear"]);
    assert!(scene.process().tell_figures(&calls(1)), "writers have begun one");
    scene.assert_true("filled for the first time");
    assert_eq!(counted(&scene), 1);
    scene.process().tell_figures(&calls(10));
    let disk: Arc<dyn Disk> = Arc::new(scene.memory.clone());
    for _ in 0..2 {
        assert!(fold(&disk, &scene.feed(), Folding::Journals).unwrap());
        assert_eq!(counted(&scene), 11);
    }
    scene.process().tell_figures(&calls(100));
    let feed = scene.memory.open(&scene.file("feed-").unwrap(), Access::Append).unwrap();
    feed.append(b"\nno entry\n").unwrap();
    scene.assert_true("a damaged feed");
    assert_eq!(counted(&scene), 111);
}

#[test]
fn forgetting_a_session_forgets_no_figures() {
    let scene = scene();
    scene.process().tell_figures(&calls(1));
    scene.fold();
    scene.process().tell_figures(&calls(10));
    wait(scene.process().delete(&crate::support::id("pear"))).unwrap();
    assert_eq!(counted(&scene), 11);
}

#[test]
fn nothing_is_made_where_there_is_no_catalog() {
    let scene = scene();
    scene.memory.remove_dir_all(&scene.paths().root()).unwrap();
    let before = scene.memory.image();
    assert!(!scene.process().tell_figures(&calls(1)), "it is told later");
    assert_eq!(counted(&scene), 0);
    assert_eq!(scene.memory.image(), before);
}

#[test]
fn a_store_that_can_only_be_read_is_told_nothing() {
    let scene = scene();
    scene.process().tell_figures(&calls(1));
    let before = scene.memory.image();
    let faulty = FaultyDisk::new(Arc::new(scene.memory.clone()));
    let feed = scene.file("feed-").unwrap();
    let feed = feed.file_name().unwrap().to_str().unwrap();
    faulty.fail_file(feed, DiskOperation::Open, 1, Fault::Errno(EROFS));
    let process = scene.process_on(Arc::new(faulty));
    assert!(!process.tell_figures(&calls(10)));
    assert_eq!(scene.memory.image(), before);
    assert!(process.tell_figures(&calls(10)), "once it can be written to again");
    assert_eq!(counted(&scene), 11);
}

#[test]
fn a_feed_that_only_figures_were_told_to_is_folded_without_touching_the_rows() {
    let scene = scene();
    scene.fold();
    let process = scene.process();
    listed(&process);
    let rows = current(&scene).base;
    for told in 1.. {
        process.tell_figures(&calls(20));
        if current(&scene).measured.is_some() {
            // Whoever tells folds what has got too long.
            assert!(told > 50, "{told}");
            break;
        }
        assert!(told < 1_000, "nobody folds");
    }
    assert_eq!(current(&scene).base, rows);
    scene.assert_true("afterwards");
}

#[test]
fn an_entry_that_is_no_figures_counts_as_nothing() {
    let scene = scene();
    scene.process().tell_figures(&calls(1));
    let foreign = annals::format::catalog::Entry::Measured(r#"{"of":"another version"}"#.into());
    let feed = scene.memory.open(&scene.file("feed-").unwrap(), Access::Append).unwrap();
    feed.append(&foreign.encode().unwrap()).unwrap();
    assert_eq!(counted(&scene), 1);
    scene.fold();
    assert_eq!(counted(&scene), 1);
}
