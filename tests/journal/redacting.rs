//! Removing one record's data from everywhere, while the chain holds.

use std::ops::RangeInclusive;

use annals::journal::{AppendResult, JournalError, Position, Step, read_blob};
use annals::vocabulary::{BlobRef, Digest, ExpectedSeq, FindingClass, Outcome, Redacted, Refusal};

use crate::bench::{Bench, append, author, message, paths, pear, said};

const SECRET: &str = "hunter2-hunter2";

impl Bench {
    fn redact(&self, seq: u64) -> AppendResult {
        let redacted = Redacted { seq, reason: "a password".to_owned() };
        self.writer().redact(&redacted, ExpectedSeq::Any, &author())
    }

    /// The files, sealed and compressed ones unpacked, that hold a text anywhere.
    fn holding(&self, text: &str) -> Vec<String> {
        let contains = |bytes: &[u8]| memchr::memmem::find(bytes, text.as_bytes()).is_some();
        let image = self.memory.image().into_iter();
        let holding = image.filter(|(_, bytes)| {
            contains(bytes)
                || zstd::decode_all(bytes.as_slice()).is_ok_and(|lines| contains(&lines))
        });
        holding.map(|(path, _)| path.display().to_string()).collect()
    }

    fn with_a_secret_at_5() -> Self {
        let bench = Self::with_records(4);
        append(&mut bench.writer(), vec![said(format!("it is {SECRET}"))]).remove(0).unwrap();
        bench.say(6..=9);
        bench
    }

    fn links(&self) -> Vec<Digest> {
        let journal = self.writer();
        let mut reader = journal.journal().reader_from(Position::START);
        let mut links = Vec::new();
        while let Step::Record { found, .. } = reader.next_step().unwrap() {
            links.push(found.view.link());
        }
        links
    }
}

#[test]
fn the_data_are_gone_and_the_chain_holds() {
    let bench = Bench::with_a_secret_at_5();
    let links = bench.links();
    assert!(!bench.holding(SECRET).is_empty());

    let appended = bench.redact(5).unwrap();

    assert_eq!(appended.outcomes, [Outcome::Recorded { first_seq: 10, last_seq: 10 }]);
    assert_eq!(appended.state.seq, 10);
    assert_eq!(bench.holding(SECRET), Vec::<String>::new());
    assert_eq!(bench.findings(), []);
    assert_eq!(bench.links()[..=9], links[..]);
    // The message happened; what it said is not known.
    assert_eq!(appended.state.message_count, 8);
}

#[test]
fn the_session_goes_on_after_a_redaction() {
    let bench = Bench::with_a_secret_at_5();
    let mut writer = bench.writer();
    bench.redact(5).unwrap();
    append(&mut writer, vec![message(11)]).remove(0).unwrap();
    assert_eq!(bench.findings(), []);
    assert_eq!(bench.verify().records, 11);
}

#[test]
fn a_first_message_is_gone_from_the_state_and_its_snapshots() {
    let mut bench = Bench::new();
    bench.settings.snapshot_every = 1;
    bench.create(&pear()).unwrap();
    append(&mut bench.writer(), vec![said(SECRET)]).remove(0).unwrap();
    bench.say(3..=4);
    assert!(bench.holding(SECRET).len() > 1, "{:?}", bench.holding(SECRET));

    let state = bench.redact(2).unwrap().state;

    assert_eq!(state.first_message.as_deref(), Some("message 3"));
    assert_eq!(bench.holding(SECRET), Vec::<String>::new());
    assert_eq!(bench.findings(), []);
}

#[test]
fn sealed_history_is_sealed_again_without_the_data() {
    let bench = Bench::with_a_secret_at_5();
    bench.say(10..=40);
    bench.writer().compact(4).unwrap();
    assert!(!bench.holding(SECRET).is_empty());
    let links = bench.links();

    bench.redact(5).unwrap();

    assert_eq!(bench.holding(SECRET), Vec::<String>::new());
    assert_eq!(bench.findings(), []);
    assert_eq!(bench.links()[..links.len()], links[..]);
    // And once more, with the record between the ends of the journal and of the segments.
    bench.say(42..=43);
    assert_eq!(bench.verify().records, 43);
    bench.writer().compact(1).unwrap();
    assert_eq!(bench.findings(), []);
}

#[test]
fn a_long_text_goes_with_its_record_unless_another_has_it_too() {
    let bench = Bench::with_records(2);
    let long = format!("{}{SECRET}", "long ".repeat(20_000));
    let digest = Digest::of(long.as_bytes());
    let blob = BlobRef { digest, bytes: long.len() as u64 };
    append(&mut bench.writer(), vec![said(long.clone()), said(long.clone())]);

    bench.redact(3).unwrap();
    assert_eq!(read_blob(&bench.memory, &paths(&pear()), &blob).unwrap(), long);
    assert_eq!(bench.findings(), []);

    bench.redact(4).unwrap();
    assert_eq!(bench.holding(SECRET), Vec::<String>::new());
    assert_eq!(bench.findings(), []);
}

#[test]
fn what_was_set_aside_is_redacted_too() {
    let bench = Bench::with_a_secret_at_5();
    let mut lines = bench.lines();
    lines[3][40] ^= 1;
    bench.put_lines(&lines);
    bench.recover().unwrap();
    assert!(bench.holding(SECRET).iter().any(|path| path.contains("quarantine")));
    let kept: Vec<String> = bench.holding("message 8");

    bench.redact(5).unwrap();

    assert_eq!(bench.holding(SECRET), Vec::<String>::new());
    // What else was set aside is still there, damaged line and all.
    assert_eq!(bench.holding("message 8"), kept);
    assert!(bench.holding("message 3").iter().any(|path| path.contains("quarantine")));
    assert_eq!(bench.findings(), []);
}

#[test]
fn a_record_that_damage_has_taken_is_redacted_where_it_may_be() {
    let bench = Bench::with_a_secret_at_5();
    let mut lines = bench.lines();
    lines[5][40] ^= 1;
    bench.put_lines(&lines);
    bench.recover().unwrap();
    assert!(!bench.holding(SECRET).is_empty());

    bench.redact(5).unwrap();

    assert_eq!(bench.holding(SECRET), Vec::<String>::new());
    assert_eq!(bench.findings(), []);
}

#[test]
fn an_unfinished_write_that_was_set_aside_may_be_any_later_record() {
    let bench = Bench::with_records(4);
    append(&mut bench.writer(), vec![said(SECRET)]).remove(0).unwrap();
    let whole = bench.lines().concat();
    bench.put(&whole[..whole.len() - 3]);
    append(&mut bench.writer(), vec![said(SECRET)]).remove(0).unwrap();
    assert_eq!(bench.holding(SECRET).len(), 2);

    bench.redact(6).unwrap();

    assert_eq!(bench.holding(SECRET), Vec::<String>::new());
}

#[test]
fn a_damaged_segment_that_was_set_aside_goes_where_it_may_hold_the_record() {
    let bench = Bench::with_a_secret_at_5();
    bench.say(10..=40);
    bench.writer().compact(4).unwrap();
    let segments = paths(&pear()).segments();
    let image = bench.memory.image();
    let (path, bytes) = image.iter().find(|(path, _)| path.starts_with(&segments)).unwrap();
    // Something in front of the frames: they can all be read, and the file is not intact.
    bench.put_at(path, &[b"garbage", bytes.as_slice()].concat());
    assert_eq!(bench.classes(), [FindingClass::MissingSegment]);
    let recovery = bench.recover().unwrap();
    assert_eq!(recovery.lost, []);
    let aside = recovery.quarantined.iter().find(|name| name.contains("segment")).unwrap();
    let aside = paths(&pear()).root().join(aside);
    assert!(bench.memory.image().contains_key(&aside));

    bench.redact(38).unwrap();
    assert!(bench.memory.image().contains_key(&aside));
    bench.redact(5).unwrap();
    assert!(!bench.memory.image().contains_key(&aside));
}

/// A session whose second record, the first message, is the secret, and of which some records up to
/// 6 are lost under a snapshot, so that its repair carries the state across the gap.
fn with_a_carried_secret(lost: RangeInclusive<usize>) -> Bench {
    let mut bench = Bench::new();
    bench.settings.snapshot_every = 1;
    bench.create(&pear()).unwrap();
    append(&mut bench.writer(), vec![said(SECRET)]).remove(0).unwrap();
    bench.say(3..=6);
    let mut lines = bench.lines();
    lines.drain(lost);
    bench.put_lines(&lines);
    assert_eq!(bench.recover().unwrap().lost.len(), 1);
    assert!(!bench.holding(SECRET).is_empty());
    bench
}

#[test]
fn a_state_that_was_carried_across_a_gap_is_carried_on_without_the_data() {
    let bench = with_a_carried_secret(3..=5);
    assert!(bench.lines().last().unwrap().windows(SECRET.len()).any(|at| at == SECRET.as_bytes()));
    bench.say(8..=9);
    let links = bench.links();

    let appended = bench.redact(2).unwrap();

    assert_eq!(bench.holding(SECRET), Vec::<String>::new());
    assert_eq!(bench.findings(), []);
    assert_eq!(bench.links()[..links.len()], links[..]);
    // Two notes and the recovery that carries on: the messages that were lost still count.
    assert_eq!(appended.outcomes, [Outcome::Recorded { first_seq: 10, last_seq: 12 }]);
    assert_eq!(appended.state.message_count, 7);
    assert_eq!(appended.state.first_message.as_deref(), Some("message 6"));
    bench.say(13..=14);
    assert_eq!(bench.findings(), []);
    let before = bench.bytes();
    assert_eq!(bench.redact(2).unwrap().outcomes, [Outcome::Unchanged]);
    assert_eq!(bench.bytes(), before);
}

#[test]
fn a_carried_state_stays_where_it_shows_nothing_of_the_data() {
    let bench = with_a_carried_secret(3..=5);
    let appended = bench.redact(6).unwrap();
    assert_eq!(appended.outcomes, [Outcome::Recorded { first_seq: 8, last_seq: 8 }]);
    assert_eq!(appended.state.first_message.as_deref(), Some(SECRET));
    assert_eq!(bench.findings(), []);
}

#[test]
fn a_carried_state_of_a_lost_record_keeps_what_other_records_prove() {
    let bench = with_a_carried_secret(2..=4);

    let state = bench.redact(2).unwrap().state;

    assert_eq!(bench.holding(SECRET), Vec::<String>::new());
    assert_eq!(bench.findings(), []);
    assert_eq!((state.message_count, state.first_message.as_deref()), (5, Some("message 5")));
}

#[test]
fn a_recovery_that_carries_a_state_can_be_redacted_and_still_excuses_its_gap() {
    let bench = with_a_carried_secret(3..=5);
    bench.say(8..=30);
    bench.writer().compact(4).unwrap();

    let state = bench.redact(7).unwrap().state;

    assert_eq!(bench.findings(), []);
    assert_eq!((state.message_count, state.first_message.as_deref()), (28, Some(SECRET)));
    // What the message itself says is another record's.
    bench.redact(2).unwrap();
    assert_eq!(bench.holding(SECRET), Vec::<String>::new());
    assert_eq!(bench.findings(), []);
}

#[test]
fn a_second_redaction_changes_nothing() {
    let bench = Bench::with_a_secret_at_5();
    bench.redact(5).unwrap();
    let before = bench.bytes();

    let again = bench.redact(5).unwrap();

    assert_eq!(again.outcomes, [Outcome::Unchanged]);
    assert_eq!(again.state.seq, 10);
    assert_eq!(bench.bytes(), before);
}

#[test]
fn data_that_somebody_removed_by_hand_can_be_explained() {
    let bench = Bench::with_a_secret_at_5();
    let mut lines = bench.lines();
    let line = lines[5].strip_suffix(b"\n").unwrap();
    lines[5] = annals::format::parse(line).unwrap().erased(bench.seed_of(&pear()));
    bench.put_lines(&lines);
    assert_eq!(bench.classes(), [FindingClass::ChainBreak]);

    bench.redact(5).unwrap();

    assert_eq!(bench.findings(), []);
}

#[test]
fn what_the_history_needs_to_verify_is_not_redacted() {
    let bench = Bench::with_a_secret_at_5();
    bench.redact(5).unwrap();
    let refused = bench.redact(10).unwrap_err();
    let JournalError::Refused(Refusal::Indispensable { seq: 10, kind }) = &*refused else {
        panic!("{refused}")
    };
    assert_eq!(*kind, "redacted");
    for seq in [0, 11, u64::MAX] {
        let refused = bench.redact(seq).unwrap_err();
        assert!(matches!(&*refused, JournalError::Refused(Refusal::NoRecord { .. })), "{refused}");
    }
    assert_eq!(bench.verify().records, 10);
}

#[test]
fn a_redaction_on_a_condition_that_does_not_hold_changes_nothing() {
    let bench = Bench::with_a_secret_at_5();
    let image = bench.memory.image();
    let redacted = Redacted { seq: 5, reason: "a password".to_owned() };

    let refused = bench.writer().redact(&redacted, ExpectedSeq::Exactly(3), &author()).unwrap_err();

    assert!(matches!(*refused, JournalError::Conflict { actual: Some(9), .. }), "{refused}");
    assert_eq!(bench.memory.image()[&paths(&pear()).journal()], image[&paths(&pear()).journal()]);
}
