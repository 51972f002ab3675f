use annals::format::parse;
use annals::journal::JournalError;
use annals::vocabulary::{ExpectedSeq, Outcome, Refusal};

use crate::bench::{Bench, append, expecting, message, pear, said, with_key};

#[test]
fn records_are_dense_and_each_names_the_link_of_the_one_before() {
    let bench = Bench::with_records(20);
    let lines = bench.lines();
    let mut prev = None;
    for (seq, line) in lines.iter().enumerate() {
        let view = parse(&line[..line.len() - 1]).unwrap();
        assert_eq!(view.seq, seq as u64);
        assert!(prev.is_none_or(|prev| prev == view.prev));
        prev = Some(view.link());
    }
    assert_eq!(lines.len(), 21);
    assert!(bench.findings().is_empty());
}

#[test]
fn a_journal_ends_in_spaces_and_appends_do_not_change_its_size() {
    let bench = Bench::with_records(2);
    let before = bench.bytes();
    bench.say([3]);
    let after = bench.bytes();
    assert_eq!(before.len(), after.len());
    assert!(before.len().is_multiple_of(4096));
    assert_eq!(before.last(), Some(&b' '));
}

#[test]
fn a_journal_that_outgrows_its_padding_gets_more() {
    let bench = Bench::with_records(60);
    let bytes = bench.bytes();
    assert!(bytes.len() > 4096 && bytes.len().is_multiple_of(4096));
    assert_eq!(bench.texts().len(), 59);
    assert!(bench.findings().is_empty());
}

#[test]
fn appends_that_share_a_write_name_its_first_record() {
    let bench = Bench::with_records(1);
    let answers = append(&mut bench.writer(), (2..=5).map(message).collect());
    assert!(answers.iter().all(Result::is_ok));
    let batches: Vec<_> = bench.lines()[2..]
        .iter()
        .map(|line| parse(&line[..line.len() - 1]).unwrap().batch)
        .collect();
    assert_eq!(batches, [Some(2); 4]);
    assert!(bench.findings().is_empty());
}

#[test]
fn a_refused_append_leaves_the_others_of_its_group_alone() {
    let bench = Bench::with_records(3);
    let group = vec![
        message(4),
        expecting(ExpectedSeq::Exactly(3), message(99)),
        expecting(ExpectedSeq::Exactly(4), message(5)),
    ];
    let answers = append(&mut bench.writer(), group);
    assert!(answers[0].is_ok());
    assert!(matches!(
        answers[1].as_ref().unwrap_err().as_ref(),
        JournalError::Conflict { actual: Some(4), .. }
    ));
    assert_eq!(answers[2].as_ref().unwrap().state.seq, 5);
    assert_eq!(bench.texts().len(), 4);
}

#[test]
fn a_key_that_the_journal_holds_changes_nothing_and_answers_its_first_seq() {
    let bench = Bench::with_records(2);
    let mut writer = bench.writer();
    append(&mut writer, vec![with_key("order-7", said("once"))]).remove(0).unwrap();
    let before = bench.bytes();
    for mut writer in [writer, bench.writer()] {
        let retry = expecting(ExpectedSeq::Exactly(2), with_key("order-7", said("once")));
        let answer = append(&mut writer, vec![retry]).remove(0).unwrap();
        assert_eq!(answer.outcomes, [Outcome::Repeated { seq: 3 }]);
    }
    assert_eq!(bench.bytes(), before);
}

#[test]
fn a_key_that_another_writer_has_recorded_in_the_meantime_is_known() {
    let bench = Bench::with_records(1);
    let (mut one, mut two) = (bench.writer(), bench.writer());
    append(&mut one, vec![with_key("order-1", said("first"))]).remove(0).unwrap();
    append(&mut two, vec![with_key("order-2", said("second"))]).remove(0).unwrap();
    append(&mut two, vec![message(4)]).remove(0).unwrap();
    for (key, seq) in [("order-2", 3), ("order-1", 2)] {
        let answer = append(&mut one, vec![with_key(key, said("again"))]).remove(0).unwrap();
        assert_eq!(answer.outcomes, [Outcome::Repeated { seq }], "{key}");
    }
    assert_eq!(bench.texts(), ["first", "second", "message 4"]);
}

#[test]
fn two_appends_of_one_group_with_the_same_key_are_recorded_once() {
    let bench = Bench::with_records(1);
    let group = vec![with_key("k", said("one")), with_key("k", said("one"))];
    let answers = append(&mut bench.writer(), group);
    assert_eq!(answers[1].as_ref().unwrap().outcomes, [Outcome::Repeated { seq: 2 }]);
    assert_eq!(bench.texts(), ["one"]);
}

#[test]
fn two_writers_see_each_others_records() {
    let bench = Bench::with_records(1);
    let (mut one, mut two) = (bench.writer(), bench.writer());
    for number in 0..10 {
        let writer = if number % 2 == 0 { &mut one } else { &mut two };
        append(writer, vec![message(number)]).remove(0).unwrap();
    }
    assert_eq!(bench.texts().len(), 10);
    assert!(bench.findings().is_empty());
}

#[test]
fn a_session_cannot_be_created_twice() {
    let bench = Bench::with_records(3);
    let before = bench.bytes();
    assert!(matches!(bench.create(&pear()), Err(JournalError::Exists { .. })));
    assert_eq!(bench.bytes(), before);
    let unfinished =
        bench.memory.image().into_keys().any(|path| path.to_string_lossy().contains(".new-"));
    assert!(!unfinished, "what was made for the second attempt is gone");
}

#[test]
fn a_text_of_any_shape_comes_back_as_it_was() {
    let bench = Bench::with_records(1);
    let texts = [
        "line\nfeed \u{2028} and \u{2029} separators",
        "\u{1b}[31mred\u{1b}[0m \u{7f} \u{9b}1m",
        "\"{\\\"crc\\\":\\\"00000000\\\"",
        "{\"crc\":\"00000000\",\"seq\":1,",
        "🦀 héllo\u{0}",
        "",
    ];
    let mut writer = bench.writer();
    let spaces = " ".repeat(5000);
    for text in texts.iter().copied().chain([spaces.as_str()]) {
        append(&mut writer, vec![said(text)]).remove(0).unwrap();
    }
    assert_eq!(bench.texts(), texts.iter().copied().chain([spaces.as_str()]).collect::<Vec<_>>());
    assert!(bench.findings().is_empty());
    let raw = bench.bytes();
    assert!(raw.iter().all(|&byte| byte == b'\n' || byte >= b' ' && byte != 0x7f));
}

#[test]
fn an_event_for_a_deleted_session_is_refused_and_nothing_is_written() {
    let bench = Bench::with_records(2);
    let mut writer = bench.writer();
    let delete = annals::vocabulary::Append::one(
        annals::vocabulary::Command::Delete,
        crate::bench::author(),
    );
    append(&mut writer, vec![delete]).remove(0).unwrap();
    let before = bench.bytes();
    let answer = append(&mut writer, vec![message(4)]).remove(0);
    assert!(matches!(answer.unwrap_err().as_ref(), JournalError::Refused(Refusal::Status { .. })));
    assert_eq!(bench.bytes(), before);
}
