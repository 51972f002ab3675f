//! The machine dies: what was acknowledged is there afterwards.

use annals::journal::Durability;

use crate::bench::{Bench, append, message, paths, pear};

#[test]
fn every_acknowledged_record_survives_a_crash_of_the_machine() {
    let mut bench = Bench::with_records(1);
    for number in 2..=40 {
        bench.say([number]);
        bench = Bench::on(bench.memory.crash());
        let expected: Vec<_> = (2..=number).map(|number| format!("message {number}")).collect();
        assert_eq!(bench.texts(), expected);
        assert!(bench.findings().is_empty());
    }
}

#[test]
fn a_session_that_was_created_survives_a_crash_of_the_machine() {
    let bench = Bench::new();
    bench.create(&pear()).unwrap();
    let survivor = Bench::on(bench.memory.crash());
    assert_eq!(survivor.writer().journal().replay().seq, 1);
}

#[test]
fn a_recovery_survives_a_crash_of_the_machine() {
    let bench = Bench::with_records(5);
    let mut lines = bench.lines();
    lines.remove(3);
    bench.put_lines(&lines);
    bench.recover().unwrap();
    let survivor = Bench::on(bench.memory.crash());
    assert!(survivor.findings().is_empty());
    assert_eq!(survivor.texts(), ["message 2", "message 4", "message 5"]);
}

#[test]
fn a_healed_tail_survives_a_crash_of_the_machine() {
    let bench = Bench::with_records(3);
    let mut bytes = bench.lines().concat();
    bytes.extend_from_slice(b"{\"crc\":\"");
    bench.put(&bytes);
    bench.try_say(4).unwrap();
    let survivor = Bench::on(bench.memory.crash());
    assert!(survivor.findings().is_empty());
    assert_eq!(survivor.texts(), ["message 2", "message 3", "message 4"]);
}

#[test]
fn buffered_records_may_be_lost_with_the_machine_and_the_rest_stays_sound() {
    let mut bench = Bench::with_records(5);
    bench.settings.durability = Durability::Buffered;
    bench.say(6..=9);
    let survivor = Bench::on(bench.memory.crash());
    assert_eq!(survivor.texts().len(), 4);
    assert!(survivor.findings().is_empty());
    append(&mut survivor.writer(), vec![message(10)]).remove(0).unwrap();
}

#[test]
fn a_snapshot_of_buffered_records_is_no_floor() {
    let mut bench = Bench::with_records(2);
    bench.settings.durability = Durability::Buffered;
    bench.settings.snapshot_every = 2;
    bench.say(3..=6);
    let snapshot = bench.memory.image()[&paths(&pear()).snapshot()].clone();
    let survivor = Bench::on(bench.memory.crash());
    survivor.put_at(&paths(&pear()).snapshot(), &snapshot);
    assert_eq!(survivor.texts(), ["message 2"]);
    assert!(survivor.findings().is_empty());
    survivor.try_say(3).unwrap();
}
