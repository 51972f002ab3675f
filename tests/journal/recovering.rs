use annals::journal::{JournalError, plan_recovery};
use annals::vocabulary::{Event, FindingClass, LostRange};

use crate::bench::{Bench, append, expecting, message, paths, pear, settings};

fn damaged_at(bench: &Bench, seq: usize) -> Vec<u8> {
    let lines = bench.lines();
    let mut bytes = bench.bytes();
    let offset: usize = lines[..seq].iter().map(Vec::len).sum();
    bytes[offset + 60] ^= 2;
    bench.put(&bytes);
    bytes
}

fn last_event(bench: &Bench) -> Event {
    let line = bench.lines().pop().unwrap();
    let view = annals::format::parse(&line[..line.len() - 1]).unwrap();
    view.to_record().unwrap().event().unwrap().unwrap()
}

#[test]
fn everything_before_and_after_the_damage_is_kept_and_the_loss_is_named() {
    let bench = Bench::with_records(6);
    let original = damaged_at(&bench, 3);
    let recovery = bench.recover().unwrap();
    assert!(recovery.changed);
    assert_eq!(recovery.records_kept, 5);
    assert_eq!(recovery.lost.len(), 1);
    assert_eq!((recovery.lost[0].first_seq, recovery.lost[0].last_seq), (3, 3));
    assert!(recovery.lost[0].bytes > 100);
    assert_eq!(bench.texts(), ["message 2", "message 4", "message 5", "message 6"]);
    let Event::Recovered(recovered) = last_event(&bench) else { panic!("no recovered event") };
    assert_eq!(recovered.lost, recovery.lost);
    assert_eq!(recovered.reason, "corrupt");
    let set_aside = paths(&pear()).root().join(&recovery.quarantined[0]);
    assert_eq!(bench.memory.image()[&set_aside], original);
    assert!(bench.findings().is_empty(), "the gap is explained by the recovery");
}

#[test]
fn a_second_recovery_finds_nothing_to_do_and_changes_no_byte() {
    let bench = Bench::with_records(6);
    damaged_at(&bench, 2);
    bench.recover().unwrap();
    let image = bench.memory.image();
    let again = bench.recover().unwrap();
    assert!(!again.changed);
    assert!(again.lost.is_empty() && again.findings.is_empty());
    let journal = paths(&pear()).journal();
    assert_eq!(bench.memory.image()[&journal], image[&journal]);
}

#[test]
fn a_plan_says_what_the_recovery_then_does_and_changes_nothing() {
    let bench = Bench::with_records(6);
    damaged_at(&bench, 4);
    let image = bench.memory.image();
    let plan = plan_recovery(&bench.disk, &paths(&pear()), &pear()).unwrap();
    assert_eq!(bench.memory.image(), image);
    assert_eq!(plan, bench.recover().unwrap());
}

#[test]
fn a_recovered_session_takes_appends_and_never_reuses_a_lost_seq() {
    let bench = Bench::with_records(5);
    let mut bytes = bench.bytes();
    let last = bytes.iter().rposition(|&byte| byte == b'}').unwrap() - 20;
    bytes[last] ^= 1;
    bench.put(&bytes);
    let recovery = bench.recover().unwrap();
    assert_eq!((recovery.lost[0].first_seq, recovery.lost[0].last_seq), (5, 5));
    let answer = bench.try_say(9).unwrap();
    assert_eq!(answer.state.seq, 7, "5 is lost, 6 is the note of the recovery");
    assert!(bench.findings().is_empty());
}

#[test]
fn a_snapshot_bridges_what_the_journal_has_lost() {
    let mut bench = Bench::with_records(1);
    bench.settings.snapshot_every = 4;
    let mut writer = bench.writer();
    let rename = annals::vocabulary::Command::Rename {
        name: Some("bridge".parse().unwrap()),
        occurred: None,
    };
    let rename = annals::vocabulary::Append::one(rename, crate::bench::author());
    append(&mut writer, vec![rename]).remove(0).unwrap();
    for number in 3..=5 {
        append(&mut writer, vec![message(number)]).remove(0).unwrap();
    }
    append(&mut writer, vec![message(6)]).remove(0).unwrap();
    damaged_at(&bench, 2);
    bench.recover().unwrap();
    let writer = bench.writer();
    let state = &writer.journal().replay().projection.metadata;
    assert_eq!(state.name.as_ref().unwrap().as_str(), "bridge");
    assert_eq!(state.message_count, 4);
    assert!(bench.findings().is_empty());
}

#[test]
fn a_journal_cut_below_its_snapshot_is_truncated_and_recovers_to_the_floor() {
    let mut bench = Bench::with_records(1);
    bench.settings.snapshot_every = 4;
    bench.say(2..=5);
    let lines = bench.lines();
    bench.put_lines(&lines[..3]);
    assert_eq!(bench.classes(), [FindingClass::Truncated]);
    let refused = bench.try_say(9).unwrap_err();
    assert!(matches!(refused.as_ref(), JournalError::Corrupted { .. }));
    let recovery = bench.recover().unwrap();
    assert_eq!(recovery.records_kept, 2);
    assert_eq!(recovery.lost, [LostRange { first_seq: 3, last_seq: 4, bytes: 0 }]);
    let answer = bench.try_say(9).unwrap();
    assert_eq!(answer.state.seq, 6);
    assert_eq!(answer.state.message_count, 4, "three were counted by the snapshot");
    assert!(bench.findings().is_empty());
}

#[test]
fn a_header_that_is_gone_is_rebuilt_from_a_snapshot() {
    let mut bench = Bench::with_records(1);
    bench.settings.snapshot_every = 3;
    bench.say(2..=5);
    let mut bytes = bench.bytes();
    bytes[3] ^= 1;
    bench.put(&bytes);
    assert_eq!(bench.classes(), [FindingClass::Header]);
    let recovery = bench.recover().unwrap();
    assert_eq!(recovery.records_kept, 5);
    assert_eq!((recovery.lost[0].first_seq, recovery.lost[0].last_seq), (0, 0));
    assert_eq!(bench.texts().len(), 4);
    assert!(bench.findings().is_empty());
    bench.try_say(9).unwrap();
    assert!(!bench.recover().unwrap().changed);
}

#[test]
fn records_out_of_order_are_put_back_in_order() {
    let bench = Bench::with_records(6);
    let mut lines = bench.lines();
    lines.swap(3, 5);
    bench.put_lines(&lines);
    let recovery = bench.recover().unwrap();
    assert!(recovery.lost.is_empty());
    assert_eq!(recovery.records_kept, 6);
    let expected: Vec<_> = (2..=6).map(|number| format!("message {number}")).collect();
    assert_eq!(bench.texts(), expected);
    assert!(bench.findings().is_empty());
}

#[test]
fn of_two_records_with_one_seq_the_one_that_the_chain_follows_is_kept() {
    let bench = Bench::with_records(3);
    let common = bench.lines();
    bench.say([4, 5]);
    let mut forked = bench.lines();
    bench.put_lines(&common);
    bench.say([40]);
    let stray = bench.lines().pop().unwrap();
    forked.insert(4, stray);
    bench.put_lines(&forked);
    bench.recover().unwrap();
    assert_eq!(bench.texts(), ["message 2", "message 3", "message 4", "message 5"]);
    assert!(bench.findings().is_empty());
}

#[test]
fn a_recovery_waits_for_the_lock_like_any_writer() {
    let bench = Bench::with_records(4);
    let damaged = damaged_at(&bench, 2);
    let lock = annals::disk::FileLock::open(&*bench.disk, &paths(&pear()).lock()).unwrap();
    let holder =
        annals::vocabulary::Holder { by: crate::bench::author(), since: settings().clock.now() };
    let _held = lock.exclusive(&holder, std::time::Duration::ZERO).unwrap();
    assert!(matches!(bench.recover(), Err(JournalError::Lock(_))));
    assert_eq!(bench.bytes(), damaged);
}

#[test]
fn an_expected_seq_still_holds_after_a_recovery() {
    let bench = Bench::with_records(4);
    damaged_at(&bench, 2);
    bench.recover().unwrap();
    let stale = expecting(annals::vocabulary::ExpectedSeq::Exactly(4), message(9));
    let answer = append(&mut bench.writer(), vec![stale]).remove(0);
    assert!(matches!(answer.unwrap_err().as_ref(), JournalError::Conflict { .. }));
}

#[test]
fn a_header_that_is_gone_with_no_snapshot_is_inferred_from_the_records() {
    let bench = Bench::with_records(5);
    let mut lines = bench.lines();
    lines.remove(0);
    bench.put_lines(&lines);
    assert_eq!(bench.classes(), [FindingClass::Header]);
    let recovery = bench.recover().unwrap();
    assert_eq!(recovery.records_kept, 5);
    assert_eq!(recovery.lost.len(), 1);
    assert_eq!((recovery.lost[0].first_seq, recovery.lost[0].last_seq), (0, 0));
    assert_eq!(bench.texts().len(), 4);
    bench.try_say(9).unwrap();
    assert!(bench.findings().is_empty());
}

#[test]
fn one_record_alone_cannot_vouch_for_a_lost_header() {
    let bench = Bench::with_records(1);
    let mut lines = bench.lines();
    lines.remove(0);
    bench.put_lines(&lines);
    assert!(matches!(bench.recover(), Err(JournalError::Corrupted { .. })));
    assert_eq!(bench.lines(), lines);
}
