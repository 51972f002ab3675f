//! Readers who come while somebody writes.

use std::time::Duration;

use annals::disk::FileLock;
use annals::journal::{Condition, Journal};
use annals::vocabulary::{Holder, Timestamp};

use crate::bench::{Bench, author, paths, pear};

fn holder() -> Holder {
    Holder { by: author(), since: Timestamp::EPOCH }
}

/// What a reader sees who read one page before a write to it, and the next one after that.
fn with_a_hole(bench: &Bench) -> Vec<u8> {
    let mut lines = bench.lines();
    let missing = lines[2].len();
    lines[2] = vec![b' '; missing];
    lines.concat()
}

#[test]
fn what_was_seen_in_the_middle_of_a_write_is_not_believed_even_if_the_lock_cannot_be_had() {
    let bench = Bench::with_records(4);
    let written = bench.bytes();
    bench.put(&with_a_hole(&bench));
    let mut journal = Journal::open(&bench.disk, paths(&pear()), pear()).unwrap();
    assert!(matches!(journal.replay().condition, Condition::Damaged(_)));
    bench.put(&written);
    let lock = FileLock::open(&*bench.disk, &paths(&pear()).lock()).unwrap();
    let (_guard, _) = lock.exclusive(&holder(), Duration::ZERO).unwrap();

    journal.settle(Duration::ZERO).unwrap();

    assert_eq!(journal.replay().condition, Condition::Sound);
    assert_eq!(journal.replay().projection.metadata.message_count, 3);
}

#[test]
fn damage_that_stays_is_told_even_if_the_lock_cannot_be_had() {
    let bench = Bench::with_records(4);
    bench.put(&with_a_hole(&bench));
    let mut journal = Journal::open(&bench.disk, paths(&pear()), pear()).unwrap();
    let lock = FileLock::open(&*bench.disk, &paths(&pear()).lock()).unwrap();
    let (_guard, _) = lock.exclusive(&holder(), Duration::ZERO).unwrap();

    journal.settle(Duration::ZERO).unwrap();

    assert!(matches!(journal.replay().condition, Condition::Damaged(_)));
}
