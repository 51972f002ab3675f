//! Sealing older history: nothing is lost, and everything reads through it.

use annals::disk::Disk;
use annals::format::Header;
use annals::journal::{Compaction, Journal, Position, Step};
use annals::vocabulary::FindingClass;

use crate::bench::{Bench, append, expecting, message, paths, pear, said, with_key};

impl Bench {
    pub fn compact(&self, keep: u64) -> Compaction {
        self.writer().compact(keep).unwrap()
    }

    /// The names of the files in the folder of segments, sorted.
    pub fn segments(&self) -> Vec<String> {
        let folder = paths(&pear()).segments();
        let entries = self.memory.list_dir(&folder).unwrap_or_default();
        let mut names: Vec<String> = entries.into_iter().map(|(name, _)| name).collect();
        names.sort();
        names
    }

    /// Every line of the history, sealed or not, as a reader delivers it.
    pub fn history(&self) -> Vec<Vec<u8>> {
        let journal = Journal::open(&self.disk, paths(&pear()), pear()).unwrap();
        let mut reader = journal.reader_from(Position::START);
        let mut lines = Vec::new();
        loop {
            match reader.next_step().unwrap() {
                Step::Record { found, before: None } => lines.push(found.line.to_vec()),
                Step::End(_) => return lines,
                wrong => panic!("{wrong:?}"),
            }
        }
    }

    fn damage_segment(&self, place: usize, damage: impl FnOnce(&mut [u8])) {
        let path = paths(&pear()).segment(&self.segments()[place]);
        let mut bytes = self.memory.image()[&path].clone();
        damage(&mut bytes);
        self.put_at(&path, &bytes);
    }
}

fn flip_the_middle(bytes: &mut [u8]) {
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
}

#[test]
fn compaction_moves_lines_byte_for_byte_and_loses_none() {
    let bench = Bench::with_records(40);
    let before = bench.history();

    let compaction = bench.compact(8);

    assert!(compaction.changed);
    assert_eq!(compaction.records_sealed, 32);
    assert_eq!(bench.history(), before);
    assert_eq!(bench.segments().len(), 1);
    let sealed = Header::decode(bench.lines()[0].strip_suffix(b"\n").unwrap()).unwrap().0.sealed;
    assert_eq!(sealed.unwrap().last_seq(), 32);
    assert_eq!(bench.lines().len(), 9);
    assert_eq!(bench.findings(), []);
    assert_eq!(bench.verify().records, 40);
}

#[test]
fn compaction_makes_less_of_what_is_on_the_medium() {
    let bench = Bench::with_records(400);

    let compaction = bench.compact(8);

    assert!(compaction.bytes_after < compaction.bytes_before / 3, "{compaction:?}");
}

#[test]
fn a_second_compaction_has_nothing_to_do() {
    let bench = Bench::with_records(40);
    bench.compact(8);
    let image = bench.memory.image();

    let again = bench.compact(8);

    assert!(!again.changed);
    assert_eq!(again.bytes_before, again.bytes_after);
    assert_eq!(bench.memory.image()[&paths(&pear()).journal()], image[&paths(&pear()).journal()]);
}

#[test]
fn a_short_segment_is_sealed_again_with_what_follows_it() {
    let bench = Bench::with_records(40);
    let mut expected = bench.history();
    bench.compact(8);
    bench.say(41..=60);
    let first = bench.segments();
    expected = {
        let now = bench.history();
        assert_eq!(now[..expected.len()], expected);
        now
    };

    bench.compact(8);

    assert_eq!(bench.history(), expected);
    assert_eq!(bench.segments().len(), 1);
    assert_ne!(bench.segments(), first);
    assert_eq!(bench.findings(), []);
}

#[test]
fn a_long_history_is_sealed_in_several_segments() {
    let bench = Bench::new();
    bench.create(&pear()).unwrap();
    let mut writer = bench.writer();
    for number in 0..160_u32 {
        // Nothing that compresses well: the text is a walk through the numbers.
        let text: String = (0..8_000).map(|at| (number * 7919 + at).to_string()).collect();
        append(&mut writer, vec![said(text)]).remove(0).unwrap();
    }
    let before = bench.history();

    bench.compact(4);

    assert!(bench.segments().len() > 1, "{:?}", bench.segments());
    assert_eq!(bench.history(), before);
    let journal = Journal::open(&bench.disk, paths(&pear()), pear()).unwrap();
    let place = journal.position_before(150);
    assert!(place.seq > 0 && place.seq <= 150, "{place:?}");
    let mut reader = journal.reader_from(place);
    let Step::Record { found, before: None } = reader.next_step().unwrap() else {
        panic!("no record where a segment begins")
    };
    assert_eq!(found.view.seq, place.seq);
}

#[test]
fn writers_go_on_after_a_compaction() {
    let bench = Bench::with_records(40);
    let mut writer = bench.writer();
    writer.compact(1).unwrap();
    for number in 41..=90 {
        append(&mut writer, vec![message(number)]).remove(0).unwrap();
    }
    assert_eq!(bench.verify().records, 90);
    assert_eq!(bench.findings(), []);
    // A writer that had opened the journal before it was compacted notices.
    let mut other = bench.writer();
    bench.compact(2);
    append(&mut other, vec![message(91)]).remove(0).unwrap();
    assert_eq!(bench.verify().records, 91);
}

#[test]
fn the_state_does_not_depend_on_what_is_sealed() {
    let bench = Bench::with_records(40);
    let state = bench.writer().journal().replay().projection.clone();
    bench.compact(8);
    assert_eq!(bench.writer().journal().replay().projection, state);
    // Nor on the snapshots.
    bench.memory.remove_file(&paths(&pear()).snapshot()).unwrap();
    assert_eq!(bench.writer().journal().replay().projection, state);
    assert_eq!(bench.findings(), []);
}

#[test]
fn a_key_that_was_sealed_is_still_known() {
    let bench = Bench::with_records(3);
    append(&mut bench.writer(), vec![with_key("order-7", message(4))]).remove(0).unwrap();
    bench.say(5..=40);
    bench.compact(8);

    let again = append(&mut bench.writer(), vec![with_key("order-7", message(99))]).remove(0);

    let outcome = again.unwrap().outcomes[0];
    assert_eq!(outcome, annals::vocabulary::Outcome::Repeated { seq: 4 });
}

#[test]
fn a_write_of_several_records_is_not_cut_in_two() {
    let bench = Bench::with_records(10);
    let group = (11..=20).map(message).collect();
    append(&mut bench.writer(), group);

    assert_eq!(bench.compact(3).records_sealed, 10);
    assert_eq!(bench.findings(), []);
}

#[test]
fn a_gap_that_a_recovery_has_excused_is_sealed_as_it_is() {
    let bench = Bench::with_records(20);
    let mut lines = bench.lines();
    lines.remove(5);
    bench.put_lines(&lines);
    bench.recover().unwrap();
    bench.say(22..=40);

    assert!(bench.compact(4).changed);

    assert_eq!(bench.findings(), []);
    assert_eq!(bench.texts().len(), 4);
}

#[test]
fn a_damaged_history_is_not_sealed() {
    let mut bench = Bench::with_records(20);
    bench.settings.snapshot_every = 1;
    bench.say([21]);
    bench.settings.snapshot_every = 0;
    let mut bytes = bench.bytes();
    let place = bench.lines()[..4].concat().len() + 30;
    bytes[place] ^= 1;
    bench.put(&bytes);
    // The snapshot hides the damage from whoever only appends.
    bench.try_say(22).unwrap();

    let refused = bench.writer().compact(4).unwrap_err();

    assert!(matches!(*refused, annals::journal::JournalError::Corrupted { .. }), "{refused}");
    assert_eq!(bench.segments(), Vec::<String>::new());
}

#[test]
fn a_missing_segment_is_one_finding_and_what_was_in_it_is_named_as_lost() {
    let bench = Bench::with_records(40);
    bench.compact(8);
    let path = paths(&pear()).segment(&bench.segments()[0]);
    bench.memory.remove_file(&path).unwrap();

    assert_eq!(bench.classes(), [FindingClass::MissingSegment]);

    let recovery = bench.recover().unwrap();
    assert_eq!(recovery.lost.len(), 1);
    assert_eq!((recovery.lost[0].first_seq, recovery.lost[0].last_seq), (0, 32));
    assert_eq!(bench.findings(), []);
    assert!(!bench.recover().unwrap().changed);
    // The snapshot bridges the gap.
    let state = bench.writer().journal().replay().projection.clone();
    assert_eq!(state.metadata.message_count, 39);
}

#[test]
fn a_damaged_segment_costs_its_damaged_frame_alone() {
    let bench = Bench::with_records(2000);
    bench.compact(8);
    bench.damage_segment(0, flip_the_middle);

    assert_eq!(bench.classes(), [FindingClass::MissingSegment]);
    let recovery = bench.recover().unwrap();

    let lost: u64 = recovery.lost.iter().map(|lost| lost.last_seq - lost.first_seq + 1).sum();
    assert!((1..400).contains(&lost), "{:?}", recovery.lost);
    assert_eq!(recovery.records_kept, 2000 - lost);
    assert_eq!(recovery.quarantined.len(), 2);
    assert_eq!(bench.findings(), []);
    assert_eq!(bench.segments(), Vec::<String>::new());
}

#[test]
fn a_lost_header_does_not_hide_what_is_sealed() {
    let bench = Bench::with_records(40);
    bench.compact(8);
    let mut bytes = bench.bytes();
    bytes[40] ^= 1;
    bench.put(&bytes);
    let records = bench.verify().records;
    assert_eq!(records, 40);

    let recovery = bench.recover().unwrap();

    assert_eq!(recovery.lost, []);
    assert_eq!(recovery.records_kept, 40);
    assert_eq!(bench.findings(), []);
}

#[test]
fn segments_of_a_compaction_that_died_are_no_part_of_the_history() {
    let bench = Bench::with_records(40);
    let before = bench.bytes();
    bench.compact(8);
    let leftover = bench.segments();
    bench.put(&before);
    assert_eq!(bench.findings(), []);
    assert_eq!(bench.verify().records, 40);
    // Not even where the header is lost.
    let mut headless = before.clone();
    headless[40] ^= 1;
    bench.put(&headless);
    assert_eq!(bench.classes(), [FindingClass::Header]);
    assert_eq!(bench.recover().unwrap().records_kept, 40);
    assert_eq!(bench.segments(), Vec::<String>::new());
    assert_eq!(leftover.len(), 1);
}

#[test]
fn a_condition_holds_across_a_compaction() {
    let bench = Bench::with_records(40);
    bench.compact(8);
    let expected = annals::vocabulary::ExpectedSeq::Exactly(40);
    append(&mut bench.writer(), vec![expecting(expected, message(41))]).remove(0).unwrap();
    assert_eq!(bench.verify().records, 41);
}
