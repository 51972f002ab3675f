//! Each command is killed at each of its system calls.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cases;
use crate::figures::{figure, long_form};
use crate::oracle::Ready;
use crate::sweep::{chosen, each};
use crate::tracer::{Counted, Fault, Injection};

/// Kills in the quick form.
const KILLS: usize = 700;

struct Job<'r> {
    ready: &'r Ready,
    at: usize,
}

impl fmt::Display for Job<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, killed at call {}", self.ready.case.name, self.at)
    }
}

#[test]
fn a_command_killed_at_any_system_call_loses_nothing_and_needs_no_help() {
    let counted = if long_form() { Counted::All } else { Counted::Files };
    let ready: Vec<Ready> = cases::all().into_iter().map(Ready::new).collect();
    let calls = |ready: &Ready| match counted {
        // Threads wait for each other more often in one run than in another.
        Counted::All => ready.undisturbed.traced.count + 50,
        Counted::Files => ready.undisturbed.traced.calls.len(),
    };
    let jobs = ready.iter().flat_map(|ready| (0..calls(ready)).map(move |at| Job { ready, at }));
    let kills = AtomicUsize::new(0);

    each(chosen(jobs.collect(), KILLS), |Job { ready, at }| {
        let run = ready.scene.copy();
        let injection = Injection { counted, at: *at, fault: Fault::Kill };
        let answer = run.traced(&ready.case.arguments(), Some(injection));
        // Another thread may have been about to end the process, and been faster.
        if answer.traced.was_hit && answer.traced.code.is_none() {
            kills.fetch_add(1, Ordering::Relaxed);
        } else {
            assert_eq!(answer.traced.code, ready.undisturbed.traced.code, "{answer:?}");
        }
        ready.holds(&run, &answer);
    });

    figure("commands killed", ready.len());
    figure("system calls killed at", kills.into_inner());
}
