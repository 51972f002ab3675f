//! Damage gets the verdict that `docs/durability.md` says: an example of each kind. Every case of every
//! kind is in `tests/damage`.

use annals::journal::JournalError;
use annals::vocabulary::FindingClass::{
    self, AmbiguousTail, ChainBreak, Corrupt, Duplicate, Foreign, Header, SequenceGap,
};
use annals::vocabulary::Severity;

use crate::bench::{Bench, append, message, pear, plum};

/// Offsets of the lines of a journal, and of its end.
fn offsets(bench: &Bench) -> Vec<usize> {
    let mut offsets = vec![0];
    for line in bench.lines() {
        offsets.push(offsets.last().unwrap() + line.len());
    }
    offsets
}

#[test]
fn a_truncation_between_records_is_not_to_be_seen_without_a_floor() {
    let bench = Bench::with_records(4);
    let sound = bench.bytes();
    let cut = offsets(&bench)[3];
    bench.put(&sound[..cut]);
    assert!(bench.findings().is_empty());
    let head = crate::bench::link(&bench.lines()[2]);
    let anchors = [(2, head), (4, head)];
    let classes: Vec<_> =
        bench.verify_with(false, &anchors).findings.iter().map(|finding| finding.class).collect();
    assert_eq!(classes, [FindingClass::Truncated]);
}

#[test]
fn damage_with_intact_records_after_it_is_corruption_and_keeps_writers_out() {
    let bench = Bench::with_records(6);
    let mut bytes = bench.bytes();
    let middle = offsets(&bench)[3] + 100;
    bytes[middle] ^= 1;
    bench.put(&bytes);
    let findings = bench.findings();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].class, Corrupt);
    assert_eq!(findings[0].seq, Some(3));
    assert_eq!(findings[0].offset, Some(offsets(&bench)[3] as u64));
    let refused = bench.try_say(7).unwrap_err();
    assert!(matches!(refused.as_ref(), JournalError::Corrupted { .. }));
    assert_eq!(bench.bytes(), bytes, "nothing was written");
}

#[test]
fn a_complete_last_line_that_fails_is_ambiguous_and_keeps_writers_out() {
    let bench = Bench::with_records(3);
    let mut bytes = bench.bytes();
    let last = offsets(&bench)[3] + 40;
    bytes[last] ^= 4;
    bench.put(&bytes);
    assert_eq!(bench.classes(), [AmbiguousTail]);
    assert!(matches!(bench.try_say(7).unwrap_err().as_ref(), JournalError::Corrupted { .. }));
    assert_eq!(bench.bytes(), bytes);
}

#[test]
fn a_damaged_last_line_feed_is_ambiguous_and_its_record_is_kept() {
    let bench = Bench::with_records(3);
    let mut bytes = bench.bytes();
    let end = *offsets(&bench).last().unwrap();
    bytes[end - 1] ^= 1;
    bench.put(&bytes);
    assert_eq!(bench.classes(), [AmbiguousTail]);
    let recovery = bench.recover().unwrap();
    assert!(recovery.lost.is_empty());
    assert_eq!(bench.texts(), ["message 2", "message 3"]);
    assert!(bench.findings().is_empty());
}

#[test]
fn a_record_that_is_gone_is_a_gap() {
    let bench = Bench::with_records(5);
    let mut lines = bench.lines();
    lines.remove(3);
    bench.put_lines(&lines);
    assert_eq!(bench.classes(), [SequenceGap]);
}

#[test]
fn records_that_stand_twice_or_out_of_order_are_told() {
    let bench = Bench::with_records(5);
    let lines = bench.lines();
    let mut twice = lines.clone();
    twice.insert(4, lines[2].clone());
    bench.put_lines(&twice);
    assert_eq!(bench.classes(), [Duplicate]);
    let mut swapped = lines.clone();
    swapped.swap(3, 4);
    bench.put_lines(&swapped);
    assert_eq!(bench.classes(), [SequenceGap, Duplicate]);
}

#[test]
fn a_record_of_another_journal_is_foreign() {
    let bench = Bench::with_records(4);
    bench.create(&plum()).unwrap();
    let stranger =
        bench.bytes_of(&plum()).split_inclusive(|&byte| byte == b'\n').nth(1).unwrap().to_vec();
    let mut lines = bench.lines();
    lines.insert(3, stranger);
    bench.put_lines(&lines);
    assert_eq!(bench.classes(), [Foreign]);
}

#[test]
fn two_records_glued_together_are_both_read() {
    let bench = Bench::with_records(4);
    let mut lines = bench.lines();
    lines[2].pop();
    bench.put_lines(&lines);
    let findings = bench.findings();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].class, Corrupt);
    assert_eq!(bench.verify().records, 4);
}

#[test]
fn a_record_glued_to_a_torn_one_is_read() {
    let bench = Bench::with_records(5);
    let mut lines = bench.lines();
    lines[3].truncate(90);
    bench.put_lines(&lines);
    assert_eq!(bench.classes(), [Corrupt]);
    assert_eq!(bench.verify().records, 4);
    assert_eq!(bench.recover().unwrap().records_kept, 4);
}

#[test]
fn an_edited_record_with_a_new_checksum_breaks_the_chain() {
    let bench = Bench::with_records(5);
    let mut lines = bench.lines();
    let event = annals::vocabulary::Event::Archived;
    lines[3] = bench.forge(3, crate::bench::link(&lines[2]), &event);
    bench.put_lines(&lines);
    let classes = bench.classes();
    assert!(classes.contains(&ChainBreak), "{classes:?}");
    assert!(bench.verify_with(true, &[]).findings.is_empty(), "a quick look does not follow it");
}

#[test]
fn a_journal_copied_over_from_another_session_is_told_by_its_header() {
    let bench = Bench::with_records(2);
    bench.create(&plum()).unwrap();
    let stranger = bench.bytes_of(&plum());
    bench.put(&stranger);
    assert_eq!(bench.classes(), [Header]);
    assert!(matches!(bench.try_writer().unwrap_err(), JournalError::Corrupted { .. }));
    assert!(matches!(bench.recover().unwrap_err(), JournalError::Corrupted { .. }));
    assert_eq!(bench.bytes(), stranger, "nothing can be proved, and nothing is changed");
}

#[test]
fn a_header_of_another_session_on_top_takes_no_record_away() {
    let bench = Bench::with_records(3);
    bench.create(&plum()).unwrap();
    let stranger = bench.bytes_of(&plum());
    let header = stranger.split_inclusive(|&byte| byte == b'\n').next().unwrap().to_vec();
    let mut lines = bench.lines();
    lines.insert(0, header);
    bench.put_lines(&lines);
    assert_eq!(bench.classes(), [Header, Foreign]);
    assert_eq!(bench.recover().unwrap().records_kept, 3);
    assert_eq!(bench.texts(), ["message 2", "message 3"]);
    assert!(bench.findings().is_empty());
}

#[test]
fn records_behind_a_journal_of_another_session_that_was_written_over_the_first_are_kept() {
    let bench = Bench::with_records(12);
    bench.create(&plum()).unwrap();
    let stranger = bench.bytes_of(&plum());
    let records = stranger.iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
    let mut bytes = bench.bytes();
    bytes[..records].copy_from_slice(&stranger[..records]);
    bench.put(&bytes);
    let recovery = bench.recover().unwrap();
    assert!(recovery.records_kept >= 8, "{recovery:?}");
    assert_eq!(
        recovery.records_kept + recovery.lost.iter().map(|lost| lost.last_seq).sum::<u64>(),
        12
    );
    assert!(bench.texts().iter().all(|text| text.starts_with("message")));
    assert!(bench.findings().is_empty());
}

#[test]
fn a_header_is_believed_without_its_line_feed() {
    let bench = Bench::with_records(1);
    let mut lines = bench.lines();
    *lines[0].last_mut().unwrap() = b'x';
    bench.put_lines(&lines);
    assert_eq!(bench.classes(), [Corrupt]);
    assert_eq!(bench.recover().unwrap().records_kept, 1);
    assert!(bench.findings().is_empty());
}

#[test]
fn a_header_and_a_record_vouch_for_each_other_behind_what_does_not_belong_there() {
    let bench = Bench::with_records(1);
    let mut lines = bench.lines();
    lines[0].insert(0, b'x');
    bench.put_lines(&lines);
    assert_eq!(bench.classes(), [Header]);
    let recovery = bench.recover().unwrap();
    assert_eq!((recovery.records_kept, recovery.lost), (1, Vec::new()));
    assert!(bench.findings().is_empty());
}

#[test]
fn a_blank_pushed_in_between_the_records_of_one_write_is_no_missing_sector() {
    for blank in [b' ', 0] {
        let bench = Bench::with_records(2);
        let group = vec![message(3), message(4), message(5)];
        append(&mut bench.writer(), group).into_iter().for_each(|answer| drop(answer.unwrap()));
        let mut lines = bench.lines();
        lines[4].insert(0, blank);
        bench.put_lines(&lines);
        assert_eq!(bench.classes(), [Corrupt]);
        assert_eq!(bench.recover().unwrap().records_kept, 5);
    }
}

#[test]
fn bytes_without_end_are_damage_within_bounded_memory() {
    let bench = Bench::with_records(3);
    let mut bytes = bench.lines().concat();
    let rest = bytes.split_off(offsets(&bench)[2]);
    bytes.extend(std::iter::repeat_n(b'#', 5 << 20));
    bytes.extend(rest);
    bench.put(&bytes);
    let findings = bench.findings();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].class, Corrupt);
    assert_eq!(bench.verify().records, 3);
}

#[test]
fn findings_of_one_session_never_name_another() {
    let bench = Bench::with_records(3);
    let mut bytes = bench.bytes();
    bytes[offsets(&bench)[2] + 30] ^= 1;
    bench.put(&bytes);
    for finding in bench.findings() {
        assert_eq!(finding.session, pear());
        assert_eq!(finding.severity, Severity::Error);
        assert!(!finding.next.is_empty());
    }
}

#[test]
fn a_message_is_written_once_by_the_writer_that_heals() {
    let bench = Bench::with_records(3);
    let mut bytes = bench.lines().concat();
    bytes.extend_from_slice(b"{\"crc\":\"0123");
    bench.put(&bytes);
    append(&mut bench.writer(), vec![message(4), message(5)])
        .into_iter()
        .for_each(|answer| drop(answer.unwrap()));
    assert_eq!(bench.texts(), ["message 2", "message 3", "message 4", "message 5"]);
    let quarantined: Vec<_> = bench
        .memory
        .image()
        .into_iter()
        .filter(|(path, _)| path.to_string_lossy().contains("/quarantine/"))
        .collect();
    assert_eq!(quarantined.len(), 1);
    assert_eq!(quarantined[0].1, b"{\"crc\":\"0123");
}
