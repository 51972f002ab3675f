//! A medium that fails: what was acknowledged stays, what was not changes nothing.

use std::sync::Arc;

use annals::disk::{Disk as _, DiskOperation, Fault, FaultyDisk, MemoryDisk};
use annals::journal::{Durability, JournalError};
use annals::vocabulary::{Clock, FindingClass, Timestamp};

use crate::bench::{Bench, append, message, paths, pear, plum, said, sessions};

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

fn faulty(records: u64) -> (FaultyDisk, Bench) {
    let memory = MemoryDisk::new();
    let faulty = FaultyDisk::new(Arc::new(memory.clone()));
    let bench = Bench::through(memory, Arc::new(faulty.clone()));
    bench.create(&pear()).unwrap();
    bench.say(2..=records);
    (faulty, bench)
}

/// A clock at which no second passes.
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH
    }
}

#[test]
fn an_append_costs_one_write_to_the_journal_and_one_sync() {
    let (faulty, mut bench) = faulty(3);
    bench.settings.clock = Arc::new(Stopped);
    let mut writer = bench.writer();
    append(&mut writer, vec![message(4)]).remove(0).unwrap();
    let mut cost = |texts: &[u64]| {
        let count = |operation| faulty.calls(operation);
        let before = (count(DiskOperation::Write), count(DiskOperation::SyncData));
        append(&mut writer, texts.iter().map(|text| message(*text)).collect());
        (count(DiskOperation::Write) - before.0, count(DiskOperation::SyncData) - before.1)
    };
    let (journal, lock_record, announcement) = (1, 2, 1);

    // The first one has told its row, so this one announces itself; the next rely on that.
    assert_eq!(cost(&[5, 6, 7]), (journal + lock_record + announcement, 1));
    assert_eq!(cost(&[8]), (journal + lock_record, 1));
    assert_eq!(cost(&[9, 10]), (journal + lock_record, 1));
}

/// What making `pear` costs beside another session, by operation.
fn cost_of_creating(durability: Durability, operations: [DiskOperation; 6]) -> [u64; 6] {
    let memory = MemoryDisk::new();
    let faulty = FaultyDisk::new(Arc::new(memory.clone()));
    let mut bench = Bench::through(memory, Arc::new(faulty.clone()));
    bench.settings.durability = durability;
    // The first one makes the catalog.
    bench.create(&plum()).unwrap();
    let before = operations.map(|operation| faulty.calls(operation));
    bench.create(&pear()).unwrap();
    let mut cost = operations.map(|operation| faulty.calls(operation));
    cost.iter_mut().zip(before).for_each(|(after, before)| *after -= before);
    assert_eq!(bench.verify().findings, []);
    cost
}

#[test]
fn a_session_is_made_by_one_write_to_its_journal_and_one_to_the_catalog() {
    use DiskOperation::{CreateDir, Open, Rename, SyncData, SyncDir, Write};
    let operations = [CreateDir, Rename, SyncData, SyncDir, Write, Open];
    let (journal, row, lock_record, suspect) = (1, 1, 2, 2);
    // Lock and journal; and of the catalog what names the feed, and the feed, since each of these
    // knows nothing of those before.
    let opened = 2 + 2;

    let buffered = cost_of_creating(Durability::Buffered, operations);
    let durable = cost_of_creating(Durability::Sync, operations);

    // Nobody knows of the session before its row is told: its lock needs no name.
    assert_eq!(buffered, [1, 1, 0, 0, journal + row, opened]);
    assert_eq!(durable, [1, 1, 1, 2, journal + row + lock_record + suspect, opened]);
}

#[test]
fn a_session_that_was_made_without_a_sync_can_be_written_to_and_is_synced_then() {
    let memory = MemoryDisk::new();
    let mut bench = Bench::on(memory.clone());
    bench.settings.durability = Durability::Buffered;
    bench.create(&pear()).unwrap();
    bench.settings.durability = Durability::Sync;
    bench.say(2..=3);
    // Its entry is not the writer's to make durable: whoever made it was content without.
    memory.sync_dir(paths(&pear()).root()).unwrap();
    memory.sync_dir(&sessions()).unwrap();

    let after = Bench::on(memory.crash());

    assert_eq!(after.texts(), bench.texts());
    assert_eq!(after.findings(), []);
}

#[test]
fn a_buffered_append_costs_no_sync() {
    let (faulty, mut bench) = faulty(3);
    bench.settings.durability = Durability::Buffered;
    let syncs = faulty.calls(DiskOperation::SyncData);
    bench.say(4..=300);
    assert_eq!(faulty.calls(DiskOperation::SyncData), syncs);
    assert_eq!(bench.texts().len(), 299);
}

#[test]
fn a_full_disk_is_an_error_and_the_journal_reads_as_before() {
    for stored in [0, 1, 100] {
        let (faulty, bench) = faulty(3);
        let mut writer = bench.writer();
        let before = bench.bytes();
        faulty.fail_file(
            "journal.jsonl",
            DiskOperation::Write,
            1,
            Fault::ShortWrite { bytes: stored },
        );
        let failed = append(&mut writer, vec![message(4)]).remove(0).unwrap_err();
        assert!(matches!(failed.as_ref(), JournalError::Disk(_)));
        assert_eq!(bench.bytes(), before, "the padding was put back");
        append(&mut writer, vec![message(4)]).remove(0).unwrap();
        assert!(bench.findings().is_empty());
    }
}

#[test]
fn a_full_disk_while_the_journal_grows_leaves_its_old_length() {
    let (faulty, bench) = faulty(3);
    let before = bench.bytes();
    let mut writer = bench.writer();
    faulty.fail_file("journal.jsonl", DiskOperation::Write, 1, Fault::ShortWrite { bytes: 5000 });
    let large = said("z".repeat(9000));
    append(&mut writer, vec![large.clone()]).remove(0).unwrap_err();
    assert_eq!(bench.bytes(), before);
    append(&mut writer, vec![large]).remove(0).unwrap();
    assert!(bench.findings().is_empty());
}

#[test]
fn a_write_that_cannot_be_undone_is_set_aside_by_the_next_writer() {
    let (faulty, bench) = faulty(3);
    let mut writer = bench.writer();
    faulty.fail_file("journal.jsonl", DiskOperation::Write, 1, Fault::ShortWrite { bytes: 50 });
    faulty.fail_file("journal.jsonl", DiskOperation::Write, 2, Fault::Errno(EIO));
    append(&mut writer, vec![message(4)]).remove(0).unwrap_err();
    assert_eq!(bench.classes(), [FindingClass::TornTail]);
    append(&mut writer, vec![message(5)]).remove(0).unwrap();
    assert_eq!(bench.texts(), ["message 2", "message 3", "message 5"]);
    assert!(bench.findings().is_empty());
}

#[test]
fn a_write_that_failed_and_cannot_be_undone_may_be_there_and_the_answer_says_so() {
    let (faulty, bench) = faulty(3);
    let mut writer = bench.writer();
    let whole = Fault::ShortWrite { bytes: usize::MAX };
    faulty.fail_file("journal.jsonl", DiskOperation::Write, 1, whole);
    faulty.fail_file("journal.jsonl", DiskOperation::Write, 2, Fault::Errno(ENOSPC));
    let failed = append(&mut writer, vec![message(4)]).remove(0).unwrap_err();
    assert_eq!(bench.texts(), ["message 2", "message 3", "message 4"]);
    assert!(matches!(failed.as_ref(), JournalError::DurabilityUnknown { seq: 4, .. }), "{failed}");
}

#[test]
fn a_failed_sync_of_a_healed_tail_is_not_tried_again_either() {
    let (faulty, bench) = faulty(3);
    let mut bytes = bench.bytes();
    let end = bytes.iter().rposition(|&byte| byte == b'\n').unwrap();
    bytes[end] = b' ';
    bench.put(&bytes);
    let mut writer = bench.writer();
    let old_file = writer.journal().identity();
    faulty.fail_file("journal.jsonl", DiskOperation::SyncData, 1, Fault::Errno(EIO));
    for _ in 0..2 {
        let failed = append(&mut writer, vec![message(4)]).remove(0).unwrap_err();
        assert!(matches!(failed.as_ref(), JournalError::DurabilityUnknown { .. }), "{failed}");
    }
    let mut next = bench.writer();
    append(&mut next, vec![message(5)]).remove(0).unwrap();
    assert_ne!(next.journal().identity(), old_file, "it copies before it trusts");
    assert_eq!(bench.texts(), ["message 2", "message 3", "message 5"]);
    assert!(bench.findings().is_empty());
}

#[test]
fn a_failed_sync_is_never_tried_again_and_the_handle_refuses_further_writes() {
    let (faulty, bench) = faulty(3);
    let mut writer = bench.writer();
    faulty.fail_file("journal.jsonl", DiskOperation::SyncData, 1, Fault::Errno(EIO));
    let syncs = faulty.calls(DiskOperation::SyncData);
    let failed = append(&mut writer, vec![message(4)]).remove(0).unwrap_err();
    assert!(matches!(failed.as_ref(), JournalError::DurabilityUnknown { seq: 4, .. }));
    assert_eq!(faulty.calls(DiskOperation::SyncData) - syncs, 1);
    let refused = append(&mut writer, vec![message(5)]).remove(0).unwrap_err();
    assert!(matches!(refused.as_ref(), JournalError::DurabilityUnknown { seq: 4, .. }));
    assert_eq!(faulty.calls(DiskOperation::SyncData) - syncs, 1, "not tried again");
}

#[test]
fn after_a_failed_sync_the_next_writer_copies_what_proves_itself_to_a_new_file() {
    let (faulty, bench) = faulty(3);
    let mut writer = bench.writer();
    let old_file = writer.journal().identity();
    faulty.fail_file("journal.jsonl", DiskOperation::SyncData, 1, Fault::Errno(EIO));
    append(&mut writer, vec![message(4)]).remove(0).unwrap_err();
    drop(writer);
    let mut next = bench.writer();
    append(&mut next, vec![message(5)]).remove(0).unwrap();
    assert_ne!(next.journal().identity(), old_file);
    assert!(bench.findings().is_empty());
    let survivor = Bench::on(bench.memory.crash());
    assert_eq!(survivor.texts(), ["message 2", "message 3", "message 4", "message 5"]);
    let file = next.journal().identity();
    append(&mut next, vec![message(6)]).remove(0).unwrap();
    assert_eq!(next.journal().identity(), file, "the mark is gone");
}

#[test]
fn a_journal_that_cannot_be_read_is_an_io_error_and_no_verdict() {
    let (faulty, bench) = faulty(3);
    let before = bench.bytes();
    faulty.fail_file("journal.jsonl", DiskOperation::Read, 1, Fault::Errno(EIO));
    assert_eq!(bench.classes(), [FindingClass::IoError]);
    faulty.fail_file("journal.jsonl", DiskOperation::Read, 1, Fault::Errno(EIO));
    assert!(matches!(bench.recover(), Err(JournalError::Disk(_))));
    faulty.heal();
    assert_eq!(bench.bytes(), before);
    assert!(bench.findings().is_empty());
}

#[test]
fn a_session_that_cannot_be_created_leaves_nothing_behind() {
    for operation in [
        DiskOperation::CreateDir,
        DiskOperation::Write,
        DiskOperation::SyncData,
        DiskOperation::SyncDir,
        DiskOperation::Rename,
    ] {
        let memory = MemoryDisk::new();
        let faulty = FaultyDisk::new(Arc::new(memory.clone()));
        let bench = Bench::through(memory, Arc::new(faulty.clone()));
        match operation {
            // The first one is that of the lock, which can do without.
            DiskOperation::Write => {
                faulty.fail_file("journal.jsonl", operation, 1, Fault::Errno(ENOSPC));
            }
            _ => faulty.fail(operation, 1, Fault::Errno(ENOSPC)),
        }
        bench.create(&pear()).unwrap_err();
        assert!(bench.memory.image().is_empty(), "{operation:?}");
        bench.create(&pear()).unwrap();
        assert!(bench.findings().is_empty(), "{operation:?}");
    }
}

#[test]
fn a_recovery_that_fails_half_way_can_be_run_again() {
    for operation in [
        DiskOperation::CreateDir,
        DiskOperation::Write,
        DiskOperation::SyncData,
        DiskOperation::SyncDir,
        DiskOperation::Rename,
    ] {
        for nth in 1..=8 {
            let (faulty, bench) = faulty(5);
            let mut lines = bench.lines();
            lines.remove(3);
            bench.put_lines(&lines);
            faulty.fail(operation, nth, Fault::Errno(ENOSPC));
            let first = bench.recover();
            faulty.heal();
            bench.recover().unwrap();
            assert_eq!(bench.texts(), ["message 2", "message 4", "message 5"]);
            assert!(bench.findings().is_empty(), "{operation:?} {nth} {first:?}");
        }
    }
}

#[test]
fn a_compaction_that_fails_half_way_leaves_the_history_whole_and_can_be_run_again() {
    for operation in [
        DiskOperation::Open,
        DiskOperation::Write,
        DiskOperation::SyncData,
        DiskOperation::SyncDir,
        DiskOperation::Rename,
        DiskOperation::Remove,
    ] {
        for nth in 1..=8 {
            let (faulty, bench) = faulty(20);
            bench.compact(4);
            bench.say(21..=30);
            let history = bench.history();
            let mut writer = bench.writer();
            faulty.fail(operation, nth, Fault::Errno(ENOSPC));
            let first = writer.compact(4);
            faulty.heal();
            assert_eq!(bench.history(), history, "{operation:?} {nth} {first:?}");
            bench.compact(4);
            assert_eq!(bench.history(), history);
            assert_eq!(bench.segments().len(), 1, "{operation:?} {nth} {first:?}");
            assert!(bench.findings().is_empty(), "{operation:?} {nth} {first:?}");
        }
    }
}

#[test]
fn a_snapshot_that_cannot_be_written_does_not_hold_an_append_up() {
    let (faulty, mut bench) = faulty(2);
    bench.settings.snapshot_every = 2;
    faulty.fail_file("snapshot.json.new", DiskOperation::Open, 1, Fault::Errno(ENOSPC));
    bench.say(3..=8);
    assert_eq!(bench.texts().len(), 7);
    assert!(bench.findings().is_empty());
}
