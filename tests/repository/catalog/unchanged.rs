//! States in memory are believed on the word of the catalog, and never for longer than they are true.

use std::sync::Arc;
use std::time::Duration;

use annals::disk::{Disk as _, DiskOperation, Fault, FaultyDisk};
use annals::repository::{
    CacheOptions, CachedRepository, FileSystemRepository, Loaded, RepositoryError,
    SessionRepository,
};
use annals::vocabulary::{Append, Command};

use super::scene::{Scene, listed, say, wait};
use crate::support::{author, id};

const EIO: i32 = 5;
const FRUIT: [&str; 3] = ["pear", "plum", "quince"];

struct Warm {
    scene: Scene,
    faulty: FaultyDisk,
    cached: CachedRepository<FileSystemRepository>,
}

/// A process that holds the states of all sessions in memory, and has listed them.
fn warm() -> Warm {
    let scene = Scene::with(&FRUIT);
    scene.assert_true("at first");
    let faulty = FaultyDisk::new(Arc::new(scene.memory.clone()));
    let process = scene.process_on(Arc::new(faulty.clone()));
    listed(&process);
    let cached = CachedRepository::new(process, CacheOptions::default());
    let warm = Warm { scene, faulty, cached };
    warm.assert_true("at first");
    warm.assert_true("with everything heard");
    warm
}

fn told(loaded: Result<Loaded, RepositoryError>) -> String {
    match loaded {
        Ok(Loaded { state, head, findings }) => format!("{state:?} {head:?} {findings:?}"),
        Err(error) => error.to_string(),
    }
}

impl Warm {
    fn load(&self, name: &str) -> String {
        told(wait(self.cached.load(&id(name))))
    }

    /// Asserts that what is in memory is what a process that has read nothing yet finds.
    #[track_caller]
    fn assert_true(&self, what: &str) {
        for name in FRUIT {
            let fresh = told(wait(self.scene.process().load(&id(name))));
            assert_eq!(self.load(name), fresh, "{name}, {what}");
        }
    }

    /// Files opened, and pieces read, by a call.
    fn cost(&self, call: impl FnOnce()) -> (u64, u64) {
        let count =
            || (self.faulty.calls(DiskOperation::Open), self.faulty.calls(DiskOperation::Read));
        let before = count();
        call();
        let after = count();
        (after.0 - before.0, after.1 - before.1)
    }
}

#[test]
fn a_state_in_memory_is_believed_without_opening_or_reading_a_file() {
    let warm = warm();
    assert_eq!(warm.cost(|| drop(warm.load("pear"))), (0, 0));
    assert_eq!(warm.cost(|| drop(warm.load("plum"))), (0, 0));
    // Of other sessions it has to be heard once that it is theirs alone.
    say(&warm.scene.process(), "quince", "hello").unwrap();
    warm.load("pear");
    assert_eq!(warm.cost(|| drop(warm.load("plum"))), (0, 0));
    warm.assert_true("after another one was told of");
}

#[test]
fn what_others_append_is_seen_at_once() {
    let warm = warm();
    for round in 0..5 {
        for name in FRUIT {
            say(&warm.scene.process(), name, &format!("round {round}")).unwrap();
            warm.assert_true(&format!("{name}, round {round}"));
        }
        warm.scene.fold();
        warm.assert_true(&format!("folded, round {round}"));
    }
}

#[test]
fn what_a_writer_is_about_to_change_is_looked_at_each_time() {
    let warm = warm();
    let writer = warm.scene.process();
    warm.scene.feed().intend(&warm.scene.memory, &id("pear")).unwrap();
    for _ in 0..3 {
        warm.assert_true("intended");
    }
    // Its versions are asked for: what is in memory would not do.
    let looks = |name| {
        let before = warm.faulty.calls(DiskOperation::Info);
        warm.load(name);
        warm.faulty.calls(DiskOperation::Info) - before
    };
    assert!(looks("pear") > looks("plum"));
    say(&writer, "pear", "done").unwrap();
    warm.assert_true("done");
}

#[test]
fn a_catalog_that_is_lost_has_no_word_to_say() {
    let warm = warm();
    let paths = warm.scene.paths();
    for (round, lost) in
        ["current", "feed-", "base-", "lock", "", "removed"].into_iter().enumerate()
    {
        warm.assert_true("before");
        match lost {
            "" => warm.scene.memory.rename(&paths.root(), "/elsewhere".as_ref()).unwrap(),
            "removed" => warm.scene.memory.remove_dir_all(&paths.root()).unwrap(),
            kind => warm.scene.memory.remove_file(&warm.scene.file(kind).unwrap()).unwrap(),
        }
        for name in FRUIT {
            say(&warm.scene.process(), name, &format!("round {round}")).unwrap();
            warm.assert_true(&format!("{name}, without {lost:?}"));
        }
        warm.scene.assert_true(&format!("without {lost:?}"));
        listed(warm.cached.inner());
    }
}

#[test]
fn sessions_moved_by_hand_are_seen() {
    let warm = warm();
    let (inside, outside) = (warm.scene.session("plum"), "/elsewhere".as_ref());
    warm.scene.memory.rename(&inside, outside).unwrap();
    warm.assert_true("moved out");
    warm.scene.memory.rename(outside, &inside).unwrap();
    warm.assert_true("moved in");
    wait(warm.scene.process().delete(&id("plum"))).unwrap();
    warm.assert_true("removed");
    let again = Append::one(Command::Create(annals::vocabulary::NewSession::default()), author());
    wait(warm.scene.process().append(&id("plum"), again)).unwrap();
    warm.assert_true("made again");
}

#[test]
fn after_the_machine_was_started_again_nothing_is_believed() {
    let warm = warm();
    say(&warm.scene.process(), "pear", "hello").unwrap();
    let scene = Scene { memory: warm.scene.memory.crash(), clock: Arc::clone(&warm.scene.clock) };
    let process = scene.process();
    assert_eq!(process.watermark(), None);
    let cached = CachedRepository::new(process, CacheOptions::default());
    for _ in 0..2 {
        let fresh = told(wait(scene.process().load(&id("pear"))));
        assert_eq!(told(wait(cached.load(&id("pear")))), fresh);
        assert_eq!(cached.watermark(), None, "nobody has listed since");
    }
}

#[test]
fn who_asks_for_one_session_once_does_not_open_the_catalog() {
    let scene = Scene::with(&FRUIT);
    scene.assert_true("at first");
    let faulty = FaultyDisk::new(Arc::new(scene.memory.clone()));
    let process = scene.process_on(Arc::new(faulty.clone()));
    faulty.fail_file("current", DiskOperation::Open, 1, Fault::Errno(EIO));
    let before = faulty.calls(DiskOperation::Open);
    wait(process.version(&id("pear"))).unwrap();
    let once = faulty.calls(DiskOperation::Open) - before;
    assert_eq!(process.watermark(), None);
    wait(process.version(&id("plum"))).unwrap();
    let twice = faulty.calls(DiskOperation::Open) - before - once;
    assert_eq!(twice, once + 1, "the catalog, which cannot be read, does not matter");
}

#[test]
fn a_catalog_that_nobody_made_is_made_for_a_cache_that_goes_on_asking() {
    let scene = Scene::with(&FRUIT);
    let cached = CachedRepository::new(scene.process(), CacheOptions::default());
    let ask = || told(wait(cached.load(&id("pear"))));
    let first = ask();
    assert_eq!(cached.watermark(), None, "nobody has listed");
    let go_on_asking = || {
        // So that what was last changed in the folder of sessions has been a while ago.
        scene.memory.pass_time(Duration::from_millis(50));
        (0..200).for_each(|_| assert_eq!(ask(), first));
        assert!(cached.watermark().is_some(), "it cost more by then to do without");
    };
    go_on_asking();
    scene.create("medlar");
    assert_eq!(cached.watermark(), None, "nobody has compared");
    go_on_asking();
    say(&scene.process(), "pear", "hello").unwrap();
    assert_ne!(ask(), first);
    scene.assert_true("with a catalog");
}
