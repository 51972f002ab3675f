//! Snapshots are used where they are right, and thrown away where they are not.

use annals::format::{Snapshot, bounds};
use annals::vocabulary::FindingClass;

use crate::bench::{Bench, append, message, paths, pear};

fn bench_with_snapshot() -> Bench {
    let mut bench = Bench::with_records(1);
    bench.settings.snapshot_every = 4;
    bench.say(2..=11);
    bench
}

fn snapshot(bench: &Bench) -> Snapshot {
    Snapshot::decode(&bench.memory.image()[&paths(&pear()).snapshot()]).unwrap()
}

fn message_count(bench: &Bench) -> u64 {
    bench.writer().journal().replay().projection.metadata.message_count
}

#[test]
fn a_snapshot_is_written_when_enough_records_have_passed_and_the_one_before_is_kept() {
    let bench = bench_with_snapshot();
    assert_eq!(snapshot(&bench).seq, 8);
    let previous = &bench.memory.image()[&paths(&pear()).snapshot_previous()];
    assert_eq!(Snapshot::decode(previous).unwrap().seq, 4);
    assert!(bench.findings().is_empty());
}

#[test]
fn of_two_writers_that_take_turns_only_one_writes_a_snapshot() {
    let mut bench = Bench::with_records(1);
    bench.settings.snapshot_every = 4;
    let (mut one, mut other) = (bench.writer(), bench.writer());
    for number in 2..=8 {
        let writer = if number % 2 == 0 { &mut one } else { &mut other };
        append(writer, vec![message(number)]).remove(0).unwrap();
    }

    // With record 4 the first was due. The other one finds it, and waits for the next.
    assert_eq!(snapshot(&bench).seq, 8);
    let previous = &bench.memory.image()[&paths(&pear()).snapshot_previous()];
    assert_eq!(Snapshot::decode(previous).unwrap().seq, 4);
}

#[test]
fn opening_reads_on_from_the_snapshot() {
    let bench = bench_with_snapshot();
    // Damage in front of the snapshot goes unnoticed by opening: that is what verify is for.
    let mut bytes = bench.bytes();
    let early = bench.lines()[..3].concat().len();
    bytes[early + 50] ^= 1;
    bench.put(&bytes);
    assert!(bench.writer().journal().replay().findings.is_empty());
    assert_eq!(message_count(&bench), 10);
    assert!(!bench.findings().is_empty());
}

#[test]
fn a_damaged_snapshot_is_passed_over() {
    let bench = bench_with_snapshot();
    let path = paths(&pear()).snapshot();
    let sound = bench.memory.image()[&path].clone();
    for position in (0..sound.len()).step_by(7) {
        let mut damaged = sound.clone();
        damaged[position] ^= 8;
        bench.put_at(&path, &damaged);
        assert_eq!(message_count(&bench), 10, "byte {position}");
        assert!(!bench.findings().is_empty(), "byte {position}");
    }
}

#[test]
fn a_snapshot_of_another_version_is_passed_over_without_a_finding() {
    let bench = bench_with_snapshot();
    let mut other = snapshot(&bench);
    other.projection = bounds::PROJECTION + 1;
    other.state.metadata.message_count = 999;
    bench.put_at(&paths(&pear()).snapshot(), &other.encode().unwrap());
    assert_eq!(message_count(&bench), 10);
    assert!(bench.findings().is_empty());
}

#[test]
fn a_snapshot_that_does_not_fit_the_journal_is_passed_over() {
    let bench = bench_with_snapshot();
    let sound = snapshot(&bench);
    // The record behind it is of the same length.
    let one_record = sound.end_offset - sound.last_offset;
    for shift in [1, 300, one_record, 100_000] {
        let mut stale = sound.clone();
        stale.last_offset += shift;
        stale.end_offset += shift;
        stale.state.metadata.message_count = 999;
        bench.put_at(&paths(&pear()).snapshot(), &stale.encode().unwrap());
        assert_eq!(message_count(&bench), 10, "shifted by {shift}");
    }
}

#[test]
fn nothing_is_chained_to_a_snapshot_of_records_that_others_have_replaced() {
    let mut bench = Bench::with_records(7);
    let common = bench.bytes();
    bench.say([8]);
    let other = bench.bytes();
    bench.put(&common);
    bench.settings.snapshot_every = 4;
    bench.say([8]);
    // The copy is as long, record for record: there is one where the snapshot says.
    bench.put(&other);
    assert_eq!(snapshot(&bench).seq, 8);
    bench.say([9]);
    assert_eq!(bench.classes(), [FindingClass::SnapshotMismatch]);
}

#[test]
fn a_snapshot_that_disagrees_with_replay_is_found_by_verify() {
    let bench = bench_with_snapshot();
    let mut wrong = snapshot(&bench);
    wrong.state.metadata.message_count += 1;
    bench.put_at(&paths(&pear()).snapshot(), &wrong.encode().unwrap());
    let classes = bench.classes();
    assert_eq!(classes, [FindingClass::SnapshotMismatch]);
}
