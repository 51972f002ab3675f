//! A writer that stands still between two of its steps, while others list and fold.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;

use annals::disk::{Disk, DiskOperation};

use super::scene::{Scene, say};
use crate::interception::Intercepted;

/// A disk on which some calls about a journal wait until they are told to go on.
fn gated(
    inner: Arc<dyn Disk>,
    operations: &'static [DiskOperation],
) -> (Arc<dyn Disk>, Receiver<()>, Sender<()>) {
    let (stands, standing) = mpsc::channel();
    let (go_on, told) = mpsc::channel();
    let gate = Mutex::new((stands, told));
    let disk = Intercepted::watched(inner, move |operation, path| {
        if operations.contains(&operation) && path.ends_with("journal.jsonl") {
            let gate = gate.lock().unwrap();
            gate.0.send(()).unwrap();
            gate.1.recv().unwrap();
        }
    });
    (disk, standing, go_on)
}

#[test]
fn a_writer_that_stands_still_while_the_catalog_is_folded_twice_hides_nothing() {
    let scene = Scene::with(&["pear", "plum"]);
    scene.assert_true("before");
    let warm = scene.process();
    scene.assert_true_of(&warm, "before, warm");
    let (disk, standing, go_on) = gated(Arc::new(scene.memory.clone()), &[DiskOperation::SyncData]);
    let writer = scene.process_on(disk);

    thread::scope(|scope| {
        let writing = scope.spawn(|| say(&writer, "pear", "written, and not told"));
        standing.recv().unwrap();
        scene.assert_true_of(&warm, "standing, warm");
        scene.assert_true("standing");
        for round in 0..2 {
            scene.fold();
            scene.assert_true_of(&warm, &format!("folded {round}, warm"));
            scene.assert_true(&format!("folded {round}"));
            // Others are not kept waiting.
            say(&scene.process(), "plum", "meanwhile").unwrap();
        }
        go_on.send(()).unwrap();
        writing.join().unwrap().unwrap();
    });

    scene.assert_true_of(&warm, "afterwards, warm");
    scene.assert_true("afterwards");
    scene.fold();
    scene.assert_true("folded in the end");
}

#[test]
fn a_writer_that_stands_still_while_the_catalog_is_deleted_and_made_again_hides_nothing() {
    let scene = Scene::with(&["pear", "plum"]);
    scene.assert_true("before");
    let (disk, standing, go_on) = gated(Arc::new(scene.memory.clone()), &[DiskOperation::SyncData]);
    let writer = scene.process_on(disk);

    thread::scope(|scope| {
        let writing = scope.spawn(|| say(&writer, "pear", "written, and not told"));
        standing.recv().unwrap();
        scene.memory.remove_dir_all(&scene.paths().root()).unwrap();
        scene.assert_true("made again");
        scene.fold();
        scene.assert_true("folded");
        go_on.send(()).unwrap();
        writing.join().unwrap().unwrap();
    });

    scene.assert_true("afterwards");
}

#[test]
fn a_writer_that_has_not_begun_to_write_when_the_catalog_is_made_again_hides_nothing() {
    let scene = Scene::with(&["pear", "plum"]);
    scene.assert_true("before");
    let (disk, standing, go_on) =
        gated(Arc::new(scene.memory.clone()), &[DiskOperation::Write, DiskOperation::SyncData]);
    let writer = scene.process_on(disk);

    thread::scope(|scope| {
        let writing = scope.spawn(|| say(&writer, "pear", "not written yet"));
        standing.recv().unwrap();
        // What it has told is gone with the catalog.
        scene.memory.remove_dir_all(&scene.paths().root()).unwrap();
        let warm = scene.process();
        scene.assert_true("made again before it writes");
        scene.assert_true_of(&warm, "made again before it writes, warm");
        go_on.send(()).unwrap();
        standing.recv().unwrap();
        // It has written, and told nobody.
        scene.assert_true_of(&warm, "written, warm");
        scene.assert_true("written");
        go_on.send(()).unwrap();
        writing.join().unwrap().unwrap();
    });

    scene.assert_true("afterwards");
}

#[test]
fn threads_that_write_while_others_fold_and_list_leave_a_true_catalog() {
    const WRITERS: usize = 8;
    let names: Vec<String> = (0..WRITERS).map(|number| format!("session-{number}")).collect();
    let scene = Scene::with(&names.iter().map(String::as_str).collect::<Vec<_>>());
    scene.assert_true("before");
    let (scene, names) = (&scene, &names);

    thread::scope(|scope| {
        let writing: Vec<_> = names
            .iter()
            .map(|name| {
                scope.spawn(move || {
                    let process = scene.process();
                    for number in 0..25 {
                        // Its lock may be held for a moment by somebody who settles it.
                        while say(&process, name, &format!("message {number}")).is_err() {}
                    }
                })
            })
            .collect();
        let disk: Arc<dyn Disk> = Arc::new(scene.memory.clone());
        let reader = scene.process();
        while !writing.iter().all(thread::ScopedJoinHandle::is_finished) {
            let told = annals::journal::catalog::Folding::Told;
            annals::journal::catalog::fold(&disk, &scene.feed(), told).unwrap();
            super::scene::listed(&reader);
        }
        for writer in writing {
            writer.join().unwrap();
        }
        scene.assert_true_of(&reader, "afterwards, warm");
    });

    scene.assert_true("afterwards");
    assert!(scene.truth().iter().all(|row| row.contains("\"message_count\":25")));
}
