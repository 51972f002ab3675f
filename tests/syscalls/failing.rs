//! Each system call of each command that concerns files fails, in each way that it can.

use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::errno::Errno;

use crate::calls::Call;
use crate::cases::{self, Effect};
use crate::figures::figure;
use crate::oracle::{Picture, Ready};
use crate::scene::{Answer, Scene};
use crate::sweep::{chosen, each};
use crate::tracer::{Counted, Fault, Injection};

/// Failures in the quick form.
const FAILURES: usize = 900;

const ERRORS: [Fault; 3] =
    [Fault::Error(Errno::EIO), Fault::Error(Errno::ENOSPC), Fault::Error(Errno::EINTR)];
const OF_WRITES: [Fault; 3] = [Fault::Short, Fault::Torn, Fault::Full];

/// The exit code of a command that the store has failed.
const STORAGE: i32 = 8;
/// The exit code of a command that has told of each failure in its place.
const FOUND: i32 = 1;
/// The exit code of a command whose input cannot be read.
const USAGE: i32 = 2;

struct Job<'r> {
    ready: &'r Ready,
    at: usize,
    fault: Fault,
}

impl fmt::Display for Job<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ready, at, fault } = self;
        write!(formatter, "{}, where call {at} meets {fault:?}", ready.case.name)
    }
}

fn jobs_of(ready: &Ready) -> impl Iterator<Item = Job<'_>> {
    ready.undisturbed.traced.calls.iter().enumerate().flat_map(move |(at, call)| {
        let of_writes = OF_WRITES.iter().filter(|_| call.writes());
        ERRORS.iter().chain(of_writes).map(move |&fault| Job { ready, at, fault })
    })
}

#[test]
fn a_command_whose_system_call_fails_says_so_or_has_done_its_work() {
    let ready: Vec<Ready> = cases::all().into_iter().map(Ready::new).collect();
    let jobs: Vec<Job<'_>> = ready.iter().flat_map(jobs_of).collect();
    let (failed, syncs, in_spite) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));

    each(chosen(jobs, FAILURES), |job| {
        let Job { ready, at, fault } = job;
        let run = ready.scene.copy();
        let injection = Injection { counted: Counted::Files, at: *at, fault: *fault };
        let answer = run.traced(&ready.case.arguments(), Some(injection));
        let inode = journal_inode(&run);
        let found = ready.holds(&run, &answer);
        let Some(hit) = answer.traced.hit else { return };
        failed.fetch_add(1, Ordering::Relaxed);
        let mishap = Mishap { job, answer: &answer, found: &found, hit };
        mishap.is_told();
        if mishap.is_a_failed_sync() {
            syncs.fetch_add(1, Ordering::Relaxed);
            mishap.sync_is_not_repeated();
            if mishap.call().file == run.journal("demo") {
                assert_ne!(inode, journal_inode(&run), "the next writer trusts the journal");
            }
        }
        if answer.traced.code == Some(0) {
            in_spite.fetch_add(1, Ordering::Relaxed);
        }
    });

    figure("system calls failed", failed.into_inner());
    figure("of these, syncs that failed and were not repeated", syncs.into_inner());
    figure("of these, commands that did their work in spite of it", in_spite.into_inner());
}

fn journal_inode(run: &Scene) -> Option<u64> {
    run.journal("demo").metadata().map(|metadata| metadata.ino()).ok()
}

/// A command that met a fault.
struct Mishap<'m> {
    job: &'m Job<'m>,
    answer: &'m Answer,
    found: &'m Picture,
    hit: usize,
}

impl Mishap<'_> {
    fn call(&self) -> &Call {
        &self.answer.traced.calls[self.hit]
    }

    /// Asserts that the exit code, and the kinds of the errors told, are what has become true.
    fn is_told(&self) {
        let Job { ready, fault, .. } = self.job;
        let (answer, found) = (self.answer, self.found);
        let code = answer.traced.code;
        let context = || format!("{answer:?}\n{found:#?}");
        if *fault == Fault::Torn && code.is_none() {
            return;
        }
        if code == ready.undisturbed.traced.code {
            assert!(ready.is_done(found), "{}", context());
            let tells = ready.case.effect == Effect::Reads;
            assert!(!tells || answer.out == ready.undisturbed.out, "{}", context());
            let lines = ready.undisturbed.told().len();
            assert_eq!(answer.told().len(), lines, "{}", context());
            return;
        }
        let again = *fault == Fault::Error(Errno::EINTR) && self.call().can_be_interrupted();
        assert!(!again && *fault != Fault::Short, "it was not made again: {}", context());
        let kinds = answer.error_kinds();
        let answers_each = ["batch", "list"].contains(&ready.case.arguments[0].as_str());
        let is_input = self.call().file.ends_with("commands.jsonl");
        match code {
            Some(STORAGE) => {}
            Some(FOUND) if answers_each => {}
            Some(USAGE) if is_input => return,
            _ => panic!("an exit code that says something else: {}", context()),
        }
        let known = ["storage", "durability-unknown", "output", "unreadable"];
        assert!(!kinds.is_empty(), "{}", context());
        assert!(kinds.iter().all(|kind| known.contains(&kind.as_str())), "{}", context());
        if ready.case.effect == Effect::Appends && kinds == ["storage"] {
            assert!(ready.is_not_begun(found), "{}", context());
        }
    }

    fn is_a_failed_sync(&self) -> bool {
        let failure = [Fault::Error(Errno::EIO), Fault::Error(Errno::ENOSPC)];
        self.call().syncs() && failure.contains(&self.job.fault)
    }

    /// Asserts that nothing more is heard of a file whose sync has failed, and that nobody was
    /// told that it is on the medium.
    fn sync_is_not_repeated(&self) {
        let calls = &self.answer.traced.calls;
        let again = |call: &&Call| call.syncs() && call.file == self.call().file;
        let repeated = calls[self.hit + 1..].iter().find(again);
        assert_eq!(repeated, None, "a sync was repeated: {:?}", self.answer);
        if self.call().file.ends_with("demo/journal.jsonl") {
            let kinds = self.answer.error_kinds();
            assert!(kinds.iter().any(|kind| kind == "durability-unknown"), "{:?}", self.answer);
        }
    }
}
