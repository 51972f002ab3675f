//! A store is followed by what its catalog tells: nothing is passed over, nothing is told twice, and
//! a quiet store costs next to nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use annals::disk::{Disk, DiskOperation, FaultyDisk};
use annals::journal::catalog::{Folding, fold};
use annals::repository::{FileSystemRepository, Following, SessionRepository as _};

use super::scene::{Scene, say, wait};
use crate::support::id;

/// Somebody who follows, and what was told so far.
struct Follower {
    process: FileSystemRepository,
    following: Following,
    told: BTreeMap<String, u64>,
}

impl Follower {
    fn begin(process: FileSystemRepository, scene: &Scene, names: &[&str]) -> Self {
        let told = names.iter().map(|name| ((*name).to_owned(), seq(scene, name))).collect();
        let mut follower = Self { process, following: Following::default(), told };
        assert_eq!(follower.ask(), 0);
        follower
    }

    /// Takes in what is told; returns of how many sessions that was.
    #[track_caller]
    fn ask(&mut self) -> usize {
        let growths = wait(self.process.growths(&mut self.following)).unwrap();
        for growth in &growths {
            let told = self.told.entry(growth.session.to_string()).or_default();
            assert_eq!(growth.after_seq, *told, "{growth:?}");
            assert!(growth.seq > *told, "{growth:?}");
            *told = growth.seq;
        }
        growths.len()
    }
}

fn seq(scene: &Scene, name: &str) -> u64 {
    wait(scene.process().load(&id(name))).unwrap().state.seq
}

fn fold_from_journals(scene: &Scene) {
    let disk: Arc<dyn Disk> = Arc::new(scene.memory.clone());
    assert!(fold(&disk, &scene.feed(), Folding::Journals).unwrap());
}

#[test]
fn whatever_becomes_of_the_catalog_every_record_is_told_once() {
    let names = ["pear", "plum", "quince", "fig"];
    let scene = Scene::with(&names);
    scene.assert_true("at first");
    let mut follower = Follower::begin(scene.process(), &scene, &names);
    let writer = scene.process();
    for round in 0..96_usize {
        let name = names[round * 7 % names.len()];
        // By a writer that stays, so that the session is pending for a while, and by one that ends.
        let by = if round % 3 == 0 { &scene.process() } else { &writer };
        say(by, name, &format!("round {round}")).unwrap();
        scene.clock.advance_ms(i64::from(round % 5 == 0) * 1500);
        scene.memory.pass_time(Duration::from_millis(if round % 2 == 0 { 50 } else { 0 }));
        for _ in 0..round % 4 {
            scene.fold();
        }
        match round % 16 {
            5 => fold_from_journals(&scene),
            11 => scene.memory.remove_file(&scene.paths().current()).unwrap(),
            _ => {}
        }
        if round % 5 != 1 {
            follower.ask();
        }
        if round % 5 == 3 {
            assert_eq!(follower.told[name], seq(&scene, name), "{name}, round {round}");
        }
    }
    follower.ask();
    for name in names {
        assert_eq!(follower.told[name], seq(&scene, name), "{name}");
    }
    assert_eq!(follower.ask(), 0);
}

#[test]
fn a_session_in_a_burst_is_told_of_each_time_although_nobody_tells_the_catalog() {
    let scene = Scene::with(&["pear"]);
    scene.assert_true("at first");
    let mut follower = Follower::begin(scene.process(), &scene, &["pear"]);
    let writer = scene.process();
    for round in 0..5 {
        say(&writer, "pear", &format!("round {round}")).unwrap();
        assert_eq!(follower.ask(), 1, "round {round}");
        assert_eq!(follower.ask(), 0, "round {round}");
    }
}

#[test]
fn a_quiet_store_is_followed_without_opening_or_reading_a_file_however_large_it_is() {
    let looks = |names: &[&str]| {
        let scene = Scene::with(names);
        scene.assert_true("at first");
        let faulty = FaultyDisk::new(Arc::new(scene.memory.clone()));
        let process = scene.process_on(Arc::new(faulty.clone()));
        let mut follower = Follower::begin(process, &scene, names);
        follower.ask();
        let count = |operation| faulty.calls(operation);
        let before = (count(DiskOperation::Open), count(DiskOperation::Read));
        let infos = count(DiskOperation::Info);
        assert_eq!(follower.ask(), 0);
        assert_eq!((count(DiskOperation::Open), count(DiskOperation::Read)), before);
        count(DiskOperation::Info) - infos
    };
    let many: Vec<String> = (0..200).map(|number| format!("session-{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(looks(&["pear"]), looks(&many));
    assert!(looks(&many) <= 2, "{}", looks(&many));
}
