//! Sessions that are written to over and over: announced once, and without a row for a while.

use std::sync::Arc;
use std::time::Duration;

use annals::disk::{Disk as _, DiskOperation, FaultyDisk};
use annals::repository::{FileSystemRepository, SessionRepository as _};

use super::scene::{Scene, listed, say, wait};
use crate::support::id;

/// What may happen around a session that two processes write to.
#[derive(Debug, Clone, Copy)]
enum Happening {
    OneWrites,
    OtherWrites,
    OneEnds,
    IsListed,
    IsFolded,
    IsDeleted,
    Waits,
}

use Happening::{IsDeleted, IsFolded, IsListed, OneEnds, OneWrites, OtherWrites, Waits};

const HAPPENINGS: [Happening; 7] =
    [OneWrites, OtherWrites, OneEnds, IsListed, IsFolded, IsDeleted, Waits];

struct Play {
    scene: Scene,
    one: FileSystemRepository,
    other: FileSystemRepository,
    reader: FileSystemRepository,
    texts: usize,
}

impl Play {
    fn new() -> Self {
        let scene = Scene::with(&["pear"]);
        let (one, other, reader) = (scene.process(), scene.process(), scene.process());
        scene.assert_true("at first");
        scene.assert_true_of(&reader, "at first");
        Self { scene, one, other, reader, texts: 0 }
    }

    /// How many entries there are in the feed.
    fn entries(&self) -> usize {
        let feed = self.scene.bytes(&self.scene.file("feed").unwrap());
        feed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count()
    }

    /// Whether a process which has read nothing yet opens the session to list it.
    fn is_pending(&self) -> bool {
        let counting = FaultyDisk::new(Arc::new(self.scene.memory.clone()));
        let files_of_the_catalog = 3;
        self.scene.memory.pass_time(Duration::from_millis(50));
        let process = self.scene.process_on(Arc::new(counting.clone()));
        let before = counting.calls(DiskOperation::Open);
        listed(&process);
        counting.calls(DiskOperation::Open) - before > files_of_the_catalog
    }

    fn go_on(&mut self, happening: Happening) {
        self.texts += 1;
        let text = format!("text {}", self.texts);
        match happening {
            OneWrites => say(&self.one, "pear", &text).unwrap(),
            OtherWrites => say(&self.other, "pear", &text).unwrap(),
            OneEnds => self.one = self.scene.process(),
            IsListed => self.scene.assert_true_of(&self.reader, "in the middle"),
            IsFolded => self.scene.fold(),
            // There may be none: it was deleted before.
            IsDeleted => drop(self.scene.memory.remove_dir_all(&self.scene.paths().root())),
            Waits => {
                self.scene.clock.advance_ms(1_100);
                self.scene.memory.pass_time(Duration::from_millis(1_100));
            }
        }
    }
}

#[test]
fn a_listing_is_true_whatever_happens_around_a_session_that_is_written_to() {
    let all = || HAPPENINGS.into_iter();
    let sequences = all().flat_map(|a| all().flat_map(move |b| all().map(move |c| (a, b, c))));
    for (a, b, c) in sequences {
        let mut play = Play::new();
        // Two changes in the same second, of which the second one owes its row.
        for happening in [OneWrites, OneWrites, a, b, c, OneWrites] {
            play.go_on(happening);
            play.scene.clock.advance_ms(1);
        }
        let what = format!("{a:?}, {b:?}, {c:?}");
        play.scene.assert_true_of(&play.reader, &what);
        play.scene.assert_true(&what);
    }
}

#[test]
fn a_burst_announces_itself_once_and_tells_a_row_a_second() {
    let mut play = Play::new();
    play.go_on(OneWrites);
    let before = play.entries();

    for _ in 0..50 {
        play.go_on(OneWrites);
    }

    assert_eq!(play.entries() - before, 1);
    play.go_on(Waits);
    play.go_on(OneWrites);
    assert_eq!(play.entries() - before, 2);
    assert!(!play.is_pending());
}

#[test]
fn a_writer_that_ends_tells_the_row_that_it_owes() {
    let burst = || {
        let mut play = Play::new();
        for _ in 0..3 {
            play.go_on(OneWrites);
        }
        play
    };
    let (at_work, mut ended) = (burst(), burst());

    ended.go_on(OneEnds);

    assert!(at_work.is_pending());
    assert!(!ended.is_pending());
}

#[test]
fn a_reader_that_tells_the_row_is_told_of_the_next_change() {
    let mut play = Play::new();
    for happening in [OneWrites, OneWrites, Waits, IsListed, OneWrites, OneWrites] {
        play.go_on(happening);
    }

    assert!(play.is_pending());
    play.go_on(Waits);
    play.scene.assert_true_of(&play.reader, "once more");
    assert!(!play.is_pending());
}

#[test]
fn a_reader_does_not_keep_a_writer_at_work_out() {
    let mut play = Play::new();
    for _ in 0..2 {
        play.go_on(OneWrites);
    }
    let counting = FaultyDisk::new(Arc::new(play.scene.memory.clone()));
    let process = play.scene.process_on(Arc::new(counting.clone()));
    let before = counting.calls(DiskOperation::Lock);

    listed(&process);

    assert_eq!(counting.calls(DiskOperation::Lock) - before, 0);
    play.go_on(Waits);
    listed(&process);
    assert_eq!(counting.calls(DiskOperation::Lock) - before, 1);
}

#[test]
fn a_writer_that_owes_a_row_of_a_session_that_was_made_anew_tells_none() {
    let mut play = Play::new();
    for _ in 0..2 {
        play.go_on(OneWrites);
    }
    wait(play.other.delete(&id("pear"))).unwrap();
    play.scene.create("pear");
    for _ in 0..2 {
        play.go_on(OtherWrites);
    }

    play.go_on(OneEnds);
    play.go_on(OtherWrites);

    play.scene.assert_true_of(&play.reader, "the owed row was of another session");
}
