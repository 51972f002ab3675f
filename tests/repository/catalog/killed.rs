//! A process that ends at any of its calls.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use annals::disk::Disk;
use annals::journal::catalog::{Folding, fold};
use annals::repository::{FileSystemRepository, Repair, SessionRepository as _};
use annals::vocabulary::{Append, Command, ExpectedSeq, NewSession, Redacted, SessionFilter};

use super::scene::{Scene, say, wait};
use crate::figures;
use crate::interception::Intercepted;
use crate::support::{author, id};

/// Lets a process do something and end after each of its calls in turn; each time, others list
/// before anything else is done, and go on.
fn at_every_call(what: &str, work: impl Fn(&Scene, &FileSystemRepository)) {
    for calls_max in 0.. {
        let scene = Scene::with(&["pear", "plum"]);
        scene.assert_true("before");
        let warm = scene.process();
        scene.assert_true_of(&warm, "before, warm");
        scene.say("pear", "told to the feed");
        let (disk, calls) = Intercepted::mortal(Arc::new(scene.memory.clone()), calls_max);
        work(&scene, &scene.process_on(disk));

        let place = format!("{what}, ended at call {calls_max}");
        scene.assert_true_of(&warm, &place);
        scene.assert_true(&place);
        if scene.session("pear").exists_on(&scene) {
            say(&scene.process(), "pear", "afterwards").unwrap();
        }
        scene.assert_true(&format!("{place}, and afterwards"));
        if calls.load(Ordering::SeqCst) <= calls_max {
            assert!(calls_max > 3, "{what} makes calls");
            return;
        }
    }
}

trait ExistsOn {
    fn exists_on(&self, scene: &Scene) -> bool;
}

impl ExistsOn for std::path::PathBuf {
    fn exists_on(&self, scene: &Scene) -> bool {
        scene.memory.info(self).unwrap().is_some()
    }
}

#[test]
fn an_append_may_end_anywhere() {
    at_every_call("append", |_, process| drop(say(process, "pear", "hello")));
}

#[test]
fn a_burst_of_appends_may_end_anywhere() {
    at_every_call("appends", |scene, process| {
        for text in ["one", "two", "three"] {
            drop(say(process, "pear", text));
        }
        scene.clock.advance_ms(2_000);
        drop(say(process, "pear", "four"));
        drop(say(process, "pear", "five"));
    });
}

#[test]
fn a_creation_may_end_anywhere() {
    at_every_call("create", |_, process| {
        let new = Append::one(Command::Create(NewSession::default()), author());
        drop(wait(process.append(&id("medlar"), new)));
    });
}

#[test]
fn a_removal_may_end_anywhere() {
    at_every_call("delete", |_, process| drop(wait(process.delete(&id("pear")))));
}

#[test]
fn a_removal_that_ends_anywhere_leaves_nothing_once_it_is_swept_up() {
    for calls_max in 0.. {
        let scene = Scene::with(&["pear", "plum"]);
        scene.say("pear", "the first message, which is in the row");
        scene.assert_true("before");
        scene.fold();
        let (disk, calls) = Intercepted::mortal(Arc::new(scene.memory.clone()), calls_max);
        drop(wait(scene.process_on(disk).delete(&id("pear"))));

        if !scene.session("pear").exists_on(&scene) {
            wait(scene.process().salvage(Repair::Apply)).unwrap();
            let says = |bytes: &[u8]| memchr::memmem::find(bytes, b"which is in the row").is_some();
            let left = scene.memory.image().into_iter().filter(|(_, bytes)| says(bytes));
            let left: Vec<_> = left.map(|(path, _)| path).collect();
            assert!(left.is_empty(), "ended at call {calls_max}: {left:?}");
        }
        if calls.load(Ordering::SeqCst) <= calls_max {
            return;
        }
    }
}

#[test]
fn a_compaction_may_end_anywhere() {
    at_every_call("compact", |_, process| drop(wait(process.compact(&id("pear"), 1))));
}

#[test]
fn a_redaction_may_end_anywhere() {
    at_every_call("redact", |_, process| {
        let redacted = Redacted { seq: 2, reason: "a secret".to_owned() };
        drop(wait(process.redact(&id("pear"), redacted, ExpectedSeq::Any, &author())));
    });
}

#[test]
fn a_recovery_may_end_anywhere() {
    at_every_call("recover", |scene, process| {
        let journal = scene.session("pear").join("journal.jsonl");
        let file = scene.memory.open(&journal, annals::disk::Access::Write).unwrap();
        // A writer has died in its write: a recovery changes the state by a note of its own.
        scene.feed().intend(&scene.memory, &id("pear")).unwrap();
        let bytes = scene.bytes(&journal);
        let end = bytes.iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        file.write_at(end as u64, b"{\"crc\":\"0badc0de\"").unwrap();
        drop(wait(process.recover(&id("pear"), Repair::Apply, &author())));
    });
}

#[test]
fn a_listing_that_makes_the_catalog_may_end_anywhere() {
    at_every_call("list", |scene, process| {
        scene.memory.remove_dir_all(&scene.paths().root()).unwrap();
        drop(wait(process.list(&SessionFilter::everything())));
    });
}

#[test]
fn a_folding_may_end_anywhere() {
    for calls_max in 0.. {
        let scene = Scene::with(&["pear", "plum"]);
        scene.assert_true("before");
        scene.say("pear", "told to the feed");
        scene.feed().intend(&scene.memory, &id("plum")).unwrap();
        let (disk, calls) = Intercepted::mortal(Arc::new(scene.memory.clone()), calls_max);
        // Several end one after the other, each in the midst of what the one before has left.
        // So many that in the long form there are more feeds than there may be.
        for _ in 0..if figures::long_form() { 20 } else { 3 } {
            drop(fold(&disk, &scene.feed(), Folding::Told));
            let again: Arc<dyn Disk> = Arc::new(scene.memory.clone());
            drop(fold(&Intercepted::mortal(again, calls_max).0, &scene.feed(), Folding::Told));
            scene.say("plum", "told in between");
        }
        scene.assert_true(&format!("ended at call {calls_max}"));
        scene.fold();
        scene.assert_true(&format!("ended at call {calls_max}, and folded"));
        if calls.load(Ordering::SeqCst) <= calls_max {
            return;
        }
    }
}
