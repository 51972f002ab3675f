//! Every sequence, every crash, every state.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::choosing::{Bounds, Reach};
use crate::exploring::{Complaint, Explored, Sequence};
use crate::figures;
use crate::image::Image;
use crate::operation::Operation;
use crate::world::{empty_medium, store_at_rest};

/// Workers; the machine that runs the gate has two processors.
const WORKERS: usize = 2;
/// Complaints that are shown, each of another kind.
const SHOWN_MAX: usize = 12;

/// A sequence from a scene, within the bounds of this run.
pub fn on<'a>(scene: &'a Image, operations: &'a [Operation]) -> Sequence<'a> {
    let bounds = match (figures::long_form(), operations.len()) {
        (false, 1 | 2) => Bounds { exhaustive: 1024, reach: Reach::Pairs, drawn: 64 },
        (false, _) => Bounds { exhaustive: 8, reach: Reach::Losses, drawn: 2 },
        (true, 1 | 2) => Bounds { exhaustive: 8192, reach: Reach::Pairs, drawn: 1024 },
        (true, _) => Bounds { exhaustive: 64, reach: Reach::Singles, drawn: 8 },
    };
    let goes_on_every = if figures::long_form() { 4 } else { 8 };
    Sequence { scene, operations, killed_after: None, bounds, goes_on_every, between: |disk| disk }
}

/// The same sequence with its first process killed after each of its calls.
pub fn killed<'a>(whole: Sequence<'a>) -> impl Iterator<Item = Sequence<'a>> {
    let bounds = match figures::long_form() {
        false => Bounds { exhaustive: 8, reach: Reach::Singles, drawn: 2 },
        true => Bounds { exhaustive: 64, reach: Reach::Pairs, drawn: 8 },
    };
    let of = move |calls| Sequence { killed_after: Some(calls), bounds, ..whole };
    (0..whole.calls_of_first()).map(of)
}

/// Complaints, one of each kind, in words.
pub fn in_words<'a>(complaints: impl Iterator<Item = &'a Complaint>) -> String {
    let mut kinds = BTreeMap::new();
    let mut count = 0;
    for complaint in complaints {
        count += 1;
        let kind = format!("{:?}{:?}", complaint.objection, complaint.operations.last());
        kinds.entry(kind).or_insert(complaint);
    }
    let shown: Vec<_> = kinds.values().take(SHOWN_MAX).collect();
    format!("{count} complaints of {} kinds:\n{shown:?}", kinds.len())
}

/// Explores all of them, and returns what was found, in their order.
fn explore_all(sequences: &[Sequence<'_>]) -> Vec<Explored> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(sequence) = sequences.get(number) else { break };
                    let explored = sequence.explore();
                    found.lock().unwrap().push((number, explored));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort_by_key(|(number, _)| *number);
    found.into_iter().map(|(_, explored)| explored).collect()
}

/// Every sequence of a length.
fn sequences_of(length: usize) -> Vec<Vec<Operation>> {
    (0..length).fold(vec![Vec::new()], |shorter, _| {
        let longer = |sequence: &Vec<Operation>| {
            Operation::ALL.map(|operation| [sequence.as_slice(), &[operation]].concat())
        };
        shorter.iter().flat_map(longer).collect()
    })
}

/// Prints the figures, and fails if any state is not one that a crash may leave.
fn settle(what: &str, found: &[Explored]) -> usize {
    let states = found.iter().map(|explored| explored.states).sum();
    let sequences = found.iter().filter(|explored| explored.is_new).count();
    figures::figure(&format!("crash states opened, {what}"), states);
    figures::figure(&format!("sequences run, {what}"), sequences);
    let complaints = || found.iter().flat_map(|explored| &explored.complaints);
    assert!(complaints().next().is_none(), "{}", in_words(complaints()));
    states
}

/// What goes on after a process was killed: operations that acknowledge something, each in a way of
/// its own.
const NEXT: [Operation; 8] = [
    Operation::Create,
    Operation::Append,
    Operation::Retry,
    Operation::Heal,
    Operation::Recover,
    Operation::Compact,
    Operation::Redact,
    Operation::Purge,
];

/// Pairs of operations, the first by a process that is killed after each of its calls.
fn pairs_with_a_kill() -> Vec<Vec<Operation>> {
    let mut pairs = sequences_of(2);
    pairs.retain(|pair| figures::long_form() || NEXT.contains(&pair[1]));
    pairs
}

#[test]
fn no_crash_loses_or_invents_anything() {
    let (empty, at_rest) = (empty_medium(), store_at_rest());
    let operations: Vec<_> = (1..=3).flat_map(sequences_of).collect();
    let mut states = 0;
    for (what, scene) in [("an empty medium", &empty), ("a store at rest", &at_rest)] {
        let sequences: Vec<_> = operations.iter().map(|operations| on(scene, operations)).collect();
        states += settle(what, &explore_all(&sequences));
    }
    let begins = |first| matches!(first, Operation::Create | Operation::CreateOther);
    let scene = |first| if begins(first) { &empty } else { &at_rest };
    let pairs = pairs_with_a_kill();
    let sequences: Vec<_> =
        pairs.iter().flat_map(|pair| killed(on(scene(pair[0]), pair))).collect();
    states += settle("after a killed process", &explore_all(&sequences));
    figures::figure("crash states opened", states);
    let wanted = if figures::long_form() { 400_000 } else { 100_000 };
    assert!(states >= wanted, "{states} states");
}
