//! What a reader refuses: each rule of the spelling, broken by a line whose checksum holds.

use annals::format::bounds::LINE_BYTES_MAX;
use annals::format::{Header, LineFault, Seed, Snapshot, parse, verify_checksum};
use annals::vocabulary::bounds::FIELD_VALUE_DEPTH_MAX;
use annals::vocabulary::{Command, Event, FindingClass, Projection, Refusal, Upcasts, decide};

use crate::store::findings_of;
use crate::writing::{example, moment};

/// A line of the example without its line feed.
fn line(seq: usize) -> String {
    let bytes = example().bytes;
    String::from_utf8(bytes).unwrap().lines().nth(seq).unwrap().to_owned()
}

/// The line with the checksum that it should have.
fn sealed(line: &str) -> Vec<u8> {
    let mut bytes = line.as_bytes().to_vec();
    let checksum = example().seed.checksum(&bytes[18..]);
    bytes[8..16].copy_from_slice(format!("{checksum:08x}").as_bytes());
    bytes
}

/// Breaks a line of the example in one way and seals it again: only the rule can refuse it.
fn broken(seq: usize, part: &str, by: &str) -> LineFault {
    let line = line(seq);
    assert_eq!(line.matches(part).count(), 1, "{part} stands once in {line}");
    let sealed = sealed(&line.replace(part, by));
    verify_checksum(example().seed, &sealed).unwrap();
    parse(&sealed).expect_err("a broken line")
}

#[track_caller]
fn assert_form(fault: LineFault) {
    assert!(matches!(fault, LineFault::Form { .. }), "{fault:?}");
}

#[track_caller]
fn assert_spelling(fault: LineFault) {
    assert!(matches!(fault, LineFault::Spelling(_)), "{fault:?}");
}

#[test]
fn every_line_of_the_example_is_read() {
    for seq in 0..5 {
        let line = line(seq);
        assert_eq!(sealed(&line), line.as_bytes());
        assert_eq!(parse(line.as_bytes()).unwrap().seq, seq as u64);
    }
}

#[test]
fn uppercase_hexadecimal_digits_are_refused() {
    let upper = line(1).replacen("a6603c53", "A6603C53", 1);

    assert_form(parse(upper.as_bytes()).expect_err("uppercase"));
    assert_form(verify_checksum(example().seed, upper.as_bytes()).expect_err("uppercase"));
}

#[test]
fn white_space_between_tokens_is_refused() {
    assert_form(broken(3, ",\"key\":", ", \"key\":"));
    assert_form(broken(3, "\"data\":{", "\"data\": {"));
    assert_spelling(broken(3, "{\"name\":", "{\"name\": "));
    assert_spelling(broken(3, "\"pid\":", "\"pid\": "));
}

#[test]
fn raw_control_characters_are_refused() {
    // A raw NUL, escape or line feed in a string is no JSON; these are, and are refused all the same.
    assert_spelling(broken(3, "Parser,", "Parser\u{7f},"));
    assert_spelling(broken(3, "Parser,", "Parser\u{85},"));
    for raw in ["\0", "\t", "\u{1b}", "\r"] {
        assert_form(broken(3, "Parser,", raw));
        assert!(
            parse(&sealed(&line(3).replace("{\"name\"", &format!("{{{raw}\"name\"")))).is_err()
        );
    }
}

#[test]
fn raw_line_and_paragraph_separators_are_refused() {
    assert_spelling(broken(3, "Parser,", "\u{2028}"));
    assert_spelling(broken(3, "Parser,", "\u{2029}"));
}

#[test]
fn a_long_run_of_spaces_is_refused_and_the_longest_allowed_one_is_not() {
    assert_spelling(broken(3, "Parser,", &" ".repeat(256)));

    let longest = sealed(&line(3).replace("Parser,", &format!("x{}x", " ".repeat(255))));
    parse(&longest).unwrap();
}

#[test]
fn a_number_has_one_spelling() {
    for other in ["03", "+3", "-3", "3.0", "3e0", "", "9223372036854775808"] {
        assert_form(broken(3, "\"seq\":3", &format!("\"seq\":{other}")));
    }
    assert_form(broken(1, "\"batch\":1", "\"batch\":01"));
}

#[test]
fn a_link_has_one_spelling() {
    let prev = "pBTT5zYYDaBTEWZd-L8Dc2niMW1l3XgKACAHMzrPYzU";
    // The last character holds four bits, and two that must be zero.
    assert_form(broken(3, prev, "pBTT5zYYDaBTEWZd-L8Dc2niMW1l3XgKACAHMzrPYzV"));
    assert_form(broken(3, prev, "pBTT5zYYDaBTEWZd+L8Dc2niMW1l3XgKACAHMzrPYzU"));
    assert_form(broken(3, prev, "pBTT5zYYDaBTEWZd-L8Dc2niMW1l3XgKACAHMzrPYzU="));
    assert_form(broken(3, prev, "pBTT5zYYDaBTEWZd-L8Dc2niMW1l3XgKACAHMzrPYz"));
}

#[test]
fn a_time_has_one_spelling() {
    let at = "2026-11-22T13:45:07.123456Z";
    for other in [
        "2026-11-22t13:45:07.123456z",
        "2026-11-22 13:45:07.123456Z",
        "2026-11-22T13:45:07.12345Z",
        "2026-11-22T13:45:07,123456Z",
        "2026-11-22T13:45:07.1234567",
        "2026-02-30T13:45:07.123456Z",
        "2026-11-22T24:00:00.000000Z",
        "2026-12-31T23:59:60.123456Z",
    ] {
        assert_form(broken(3, at, other));
    }
}

#[test]
fn fields_stand_in_one_order_and_once() {
    assert_form(broken(
        3,
        ",\"key\":\"example-3\",\"type\":\"renamed\"",
        ",\"type\":\"renamed\",\"key\":\"example-3\"",
    ));
    assert_form(broken(
        3,
        ",\"key\":\"example-3\"",
        ",\"key\":\"example-3\",\"key\":\"example-3\"",
    ));
    assert_form(broken(3, ",\"key\":\"example-3\"", ""));
    assert_form(broken(3, "\"seq\":3", "\"seq\":3,\"more\":1"));
    assert_form(broken(1, "\"batch\":1,", "\"batch\":1,\"batch\":1,"));
}

#[test]
fn an_author_has_all_parts_within_their_bounds() {
    assert_form(broken(3, "\"user\":\"ada\",", ""));
    assert_form(broken(3, "\"user\":\"ada\",", "\"user\":\"ada\",\"user\":\"ada\","));
    assert_form(broken(3, "4711", "-1"));
    assert_form(broken(3, "4711", "4294967296"));
    assert_form(broken(3, "\"ada\"", &format!("\"{}\"", "a".repeat(257))));
    assert_form(broken(
        3,
        "{\"user\":\"ada\",\"host\":\"mill\",\"pid\":4711,\"program\":\"agent\",\"version\":\"1.2.3\"}",
        "[]",
    ));
}

#[test]
fn a_key_and_a_kind_keep_their_bounds() {
    for key in ["", "a b", "ä", "a\\\\b", &"k".repeat(201)] {
        assert_form(broken(3, "example-3", key));
    }
    for kind in ["", "a\\\"b", &"k".repeat(65)] {
        assert_form(broken(3, "renamed", kind));
    }
}

#[test]
fn the_data_are_one_object_and_the_end_of_the_line() {
    for data in ["[]", "null", "\"text\"", "{\"name\":1}1", "{\"name\":}", "{"] {
        assert!(parse(&sealed(&line(3).replace("{\"name\":\"Parser, ported\"}", data))).is_err());
    }
    let with_more = sealed(&format!("{} ", line(3)));
    assert_form(parse(&with_more).expect_err("trailing bytes"));
    assert_form(parse(&sealed(&format!("{}{{}}", line(3)))).expect_err("trailing bytes"));
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    let mut bytes = line(3).into_bytes();
    let place = bytes.len() - 6;
    bytes[place] = 0xff;
    let checksum = example().seed.checksum(&bytes[18..]);
    bytes[8..16].copy_from_slice(format!("{checksum:08x}").as_bytes());

    assert_form(parse(&bytes).expect_err("not UTF-8"));
}

#[test]
fn a_line_over_its_bound_is_refused_and_one_at_it_is_not() {
    let fill = |length: usize| {
        let missing = length - line(3).len();
        sealed(&line(3).replace("Parser", &format!("Parser{}", "x".repeat(missing))))
    };

    let longest = fill(LINE_BYTES_MAX - 1);
    assert_eq!(longest.len(), LINE_BYTES_MAX - 1);
    parse(&longest).unwrap();
    assert_eq!(parse(&fill(LINE_BYTES_MAX)).expect_err("too long"), LineFault::TooLong);
}

#[test]
fn a_header_is_checked_against_the_journal_that_it_names() {
    let other =
        line(0).replace("00112233445566778899aabbccddeeff", "ff112233445566778899aabbccddeeff");
    assert_eq!(Header::decode(other.as_bytes()).expect_err("other id"), LineFault::Checksum);
    for (part, by) in [
        ("00112233445566778899aabbccddeeff", "00112233445566778899AABBCCDDEEFF"),
        ("00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff"),
        ("\"format\":1", "\"format\":0"),
        ("\"format\":1", "\"format\":\"1\""),
        ("\"session\":\"demo\"", "\"session\":\"../demo\""),
        ("\"type\":\"journal\"", "\"type\":\"created\""),
        ("\"seq\":0", "\"seq\":1"),
    ] {
        let header = sealed(&line(0).replace(part, by));
        assert!(Header::decode(&header).is_err(), "{by}");
    }
}

fn classes(bytes: &[u8]) -> Vec<FindingClass> {
    findings_of(bytes).into_iter().map(|finding| finding.class).collect()
}

fn example_with(change: impl FnOnce(&mut Vec<String>)) -> Vec<u8> {
    let mut lines: Vec<String> = (0..5).map(|seq| format!("{}\n", line(seq))).collect();
    change(&mut lines);
    lines.concat().into_bytes()
}

#[test]
fn the_example_has_no_finding_with_padding_or_without() {
    assert_eq!(classes(&example().bytes), []);
    assert_eq!(classes(&example().padded()), []);
}

#[test]
fn two_line_feeds_in_a_row_are_damage() {
    assert_eq!(classes(&example_with(|lines| lines[2].push('\n'))), [FindingClass::Corrupt]);
    assert_eq!(classes(&example_with(|lines| lines[4].push('\n'))), [FindingClass::AmbiguousTail]);
}

#[test]
fn a_carriage_return_before_a_line_feed_is_damage() {
    let returned = example_with(|lines| lines[2] = lines[2].replace('\n', "\r\n"));

    assert_eq!(classes(&returned), [FindingClass::Corrupt]);
}

#[test]
fn padding_between_records_is_damage() {
    assert_eq!(classes(&example_with(|lines| lines[2].push(' '))), [FindingClass::Corrupt]);
    assert_eq!(
        classes(&example_with(|lines| lines[2].push_str(&" ".repeat(4096)))),
        [FindingClass::Corrupt]
    );
}

#[test]
fn a_record_of_another_journal_is_damage() {
    let mut foreign = line(3).into_bytes();
    let seed = Seed::of("ff112233445566778899aabbccddeeff".parse().unwrap());
    let checksum = seed.checksum(&foreign[18..]);
    foreign[8..16].copy_from_slice(format!("{checksum:08x}").as_bytes());
    let foreign = String::from_utf8(foreign).unwrap();

    let with_foreign = example_with(|lines| lines[3] = format!("{foreign}\n"));

    assert_eq!(classes(&with_foreign), [FindingClass::Corrupt]);
}

/// A value of this many arrays inside one another.
fn nested(depth: usize) -> serde_json::Value {
    (0..depth).fold(serde_json::Value::Null, |inner, _| serde_json::json!([inner]))
}

fn set(depth: usize) -> Command {
    Command::SetField { key: "deep".parse().unwrap(), value: nested(depth) }
}

#[test]
fn a_value_too_deep_for_other_readers_is_refused() {
    let state = Projection::blank("demo".parse().unwrap(), moment(0));

    let refused = decide(Some(&state), set(FIELD_VALUE_DEPTH_MAX + 1));

    assert!(matches!(refused, Err(Refusal::TooMuch { unit: "levels", .. })), "{refused:?}");
}

#[test]
fn the_deepest_value_is_read_back_from_a_record_and_from_a_snapshot() {
    let mut state = Projection::blank("demo".parse().unwrap(), moment(0));
    let event = decide(Some(&state), set(FIELD_VALUE_DEPTH_MAX)).unwrap().remove(0);
    let data = event.to_data().unwrap();
    let read = Event::from_data("field_set", &data, &Upcasts::CURRENT).unwrap();
    state.apply(1, moment(1), &read);
    let snapshot = Snapshot {
        format: 1,
        projection: 1,
        journal: "00112233445566778899aabbccddeeff".parse().unwrap(),
        seq: 1,
        last_offset: 313,
        end_offset: 600,
        head: example().head,
        durable: false,
        state,
    };

    let decoded = Snapshot::decode(&snapshot.encode().unwrap()).unwrap();

    assert_eq!(decoded.state.metadata.fields.values().next(), Some(&nested(64)));
}
