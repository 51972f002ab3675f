//! Readers who come while somebody writes.

use std::time::Duration;

use annals::disk::FileLock;
use annals::journal::{Condition, Journal, Position, Step, Tail};
use annals::vocabulary::{Holder, Timestamp};

use crate::bench::{Bench, append, author, paths, pear, said};

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

#[test]
fn a_reader_who_read_ahead_before_others_wrote_there_meets_no_damage() {
    let bench = Bench::with_records(1);
    let mut writer = bench.writer();
    let mut say = || append(&mut writer, vec![said("z".repeat(1000))]).remove(0).unwrap();
    // The records end shortly before what is read at once does, and padding follows.
    let read_at_once = 64 * 1024;
    while bench.lines().concat().len() < read_at_once - 2500 {
        say();
    }
    let journal = Journal::open(&bench.disk, paths(&pear()), pear()).unwrap();
    let mut reader = journal.reader_from(Position::START);
    let mut records = 0;
    loop {
        match reader.next_step().unwrap() {
            Step::Record { before, .. } => assert_eq!(before, None),
            Step::Misplaced { wrong, .. } => panic!("{wrong:?}"),
            Step::End(end) => {
                assert_eq!(end.tail, Tail::Clean);
                break;
            }
        }
        if records == 0 {
            (0..5).for_each(|_| drop(say()));
        }
        records += 1;
    }
    assert_eq!(records, bench.lines().len());
}
