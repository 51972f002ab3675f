//! The catalog of many processes, while it is folded over and over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use annals::disk::{Disk, RealDisk};
use annals::format::layout::CatalogPaths;
use annals::journal::catalog::{Feed, Folding, fold};

use crate::figures;
use crate::scene::{Scene, json_lines, record_line};

const PROCESSES: usize = 8;
/// Writers of each process: a session each, half of which others write to as well.
const WRITERS: usize = 13;
const MESSAGES: usize = 25;
/// Foldings that the writers go on for, with as many messages again each time, since how much is
/// written between two foldings depends on the machine.
const FOLDINGS: u64 = 16;
/// Times that a writer goes on at most.
const ROUNDS_MAX: usize = 100;

/// The session that a writer writes to.
fn session(process: usize, writer: usize) -> String {
    if writer.is_multiple_of(2) {
        format!("shared-{writer}")
    } else {
        format!("own-{process}-{writer}")
    }
}

fn listed(scene: &Scene, catalog: &str) -> Vec<String> {
    let list = ["list", "--status", "all"];
    let output = scene.command().env("ANNALS_CATALOG", catalog).args(list).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_hundred_writers_in_eight_processes_are_listed_as_replay_says_whatever_is_folded() {
    let scene = Scene::new();
    for process in 0..PROCESSES {
        for writer in 0..WRITERS {
            let id = session(process, writer);
            if process == 0 || id.starts_with("own") {
                scene.does(["create", "--id", &id]);
            }
        }
    }
    let write = |process: usize| {
        let lines: String = (0..MESSAGES)
            .flat_map(|message| (0..WRITERS).map(move |writer| (message, writer)))
            .map(|(message, writer)| {
                record_line(&session(process, writer), &format!("{message} of {process}"))
            })
            .collect();
        json_lines(&scene.batch(&lines).expect(0)).len()
    };
    let enough = AtomicBool::new(false);
    let write_until_enough = |process: usize| {
        for _ in 0..ROUNDS_MAX {
            assert!(write(process) >= WRITERS * MESSAGES);
            if enough.load(Ordering::Relaxed) {
                break;
            }
        }
    };
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);

    let mut foldings: u64 = 0;
    thread::scope(|scope| {
        let writing: Vec<_> = (0..PROCESSES)
            .map(|process| scope.spawn(move || write_until_enough(process)))
            .collect();
        while !writing.iter().all(thread::ScopedJoinHandle::is_finished) {
            let feed = Feed::new(CatalogPaths::new(scene.store()), true);
            foldings += u64::from(fold(&disk, &feed, Folding::Told).unwrap());
            enough.store(foldings >= FOLDINGS, Ordering::Relaxed);
            // While others write, a list is of no one moment: what is held against replay is the
            // last one. These bring those about that settle, and those that look.
            if foldings.is_multiple_of(16) {
                assert!(listed(&scene, "on").len() >= PROCESSES * WRITERS / 2);
            }
        }
        for process in writing {
            process.join().unwrap();
        }
    });

    figures::figure("foldings under eight processes", foldings);
    assert!(foldings >= FOLDINGS, "{foldings}");
    let replayed = listed(&scene, "off");
    assert_eq!(listed(&scene, "on"), replayed);
    assert_eq!(listed(&scene, "on"), replayed);
    let json = |catalog| {
        let list = ["list", "--status", "all", "--json"];
        scene.command().env("ANNALS_CATALOG", catalog).args(list).output().unwrap().stdout
    };
    assert!(json("on") == json("off"), "other bytes");
    scene.assert_clean();
}
