//! Whatever is written is read again, and nothing else.

use annals::format::canonical;
use annals::format::{Canonical, DataView, Envelope, bounds, encode, parse, verify_checksum};
use annals::vocabulary::{Author, Digest, Event, Key, MessageRecorded, Role, Upcasts};
use proptest::prelude::*;

use crate::store::findings_of;
use crate::writing::{example, moment};

/// Texts with what is hard on a journal: controls, separators, long runs of spaces, emoji, and
/// what looks like the beginning of a record.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        proptest::char::range('\u{0}', '\u{a0}').prop_map(String::from),
        (0..1200_usize).prop_map(|count| " ".repeat(count)),
        prop::sample::select(vec!["\u{2028}", "\u{2029}", "🦀", "\\", "\"", "\n", "{\"crc\":\""])
            .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn message(text: &str) -> Event {
    Event::MessageRecorded(MessageRecorded {
        role: Role::user(),
        text: Some(text.to_owned()),
        blob: None,
        model: None,
        tokens: None,
        meta: false,
        occurred: None,
    })
}

proptest! {
    #[test]
    fn any_text_is_read_as_it_was_written(text in texts(), user in texts(), seq in 0..=bounds::SEQ_MAX) {
        let by = Author { user, ..crate::writing::author() }.bounded();
        let key: Key = "k".parse().unwrap();
        let prev = Digest::of(text.as_bytes());
        let envelope = Envelope {
            seq, prev, at: moment(7), by: &by, key: &key, batch: None, kind: "message_recorded",
        };
        let data = Canonical::of(&message(&text).to_data().unwrap());

        let encoded = encode(example().seed, &envelope, &data).unwrap();
        let line = encoded.line.strip_suffix(b"\n").unwrap();
        verify_checksum(example().seed, line).unwrap();
        let record = parse(line).unwrap().to_record().unwrap();

        prop_assert!(!line.contains(&b'\n'));
        prop_assert_eq!(canonical::check(line), Ok(()));
        prop_assert_eq!((record.seq, record.prev, record.at), (seq, prev, moment(7)));
        prop_assert_eq!(&record.by, &by);
        prop_assert_eq!(record.link, encoded.link);
        let Ok(Some(Event::MessageRecorded(read))) = record.event() else {
            return Err(TestCaseError::fail("another kind"));
        };
        prop_assert_eq!(read.text.as_deref(), Some(text.as_str()));
    }

    #[test]
    fn reading_arbitrary_bytes_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = parse(&bytes);
        let _ = annals::format::Header::decode(&bytes);
        let _ = annals::format::Snapshot::decode(&bytes);
        let _ = annals::format::StoreFile::decode(&bytes);
    }

    #[test]
    fn a_changed_line_does_not_verify(
        seq in 0..5_usize, place in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 1..4),
    ) {
        let lines = example().bytes;
        let mut line = lines.split(|&byte| byte == b'\n').nth(seq).unwrap().to_vec();
        let before = line.clone();
        let at = place.index(line.len());
        for (old, new) in line[at..].iter_mut().zip(bytes) {
            *old = new;
        }
        prop_assume!(line != before);

        // A burst of up to 32 bits is within what CRC-32 always finds.
        prop_assert!(verify_checksum(example().seed, &line).is_err() || parse(&line).is_err());
    }
}

#[test]
fn no_single_flipped_bit_of_a_line_goes_unnoticed() {
    let example = example();
    for line in example.bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        verify_checksum(example.seed, line).unwrap();
        for bit in 0..line.len() * 8 {
            let mut flipped = line.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let verified = verify_checksum(example.seed, &flipped);
            assert!(verified.is_err(), "bit {bit}");
        }
    }
}

#[test]
fn no_changed_byte_of_a_journal_goes_unnoticed() {
    let journal = example().padded();
    for place in (0..example().bytes.len() + 3).chain([journal.len() - 1]) {
        let mut changed = journal.clone();
        changed[place] ^= 1 << (place % 8);
        assert_ne!(findings_of(&changed), [], "byte {place}");
    }
}

#[test]
fn data_removed_from_a_record_leave_its_link_as_it_was() {
    let data = r#"{"role":"user","text":"the password is 1234"}"#;
    let (mut kept, mut removed) = (example(), example());

    kept.data("message_recorded", data);
    removed.erased("message_recorded", data);

    assert_eq!(kept.head, removed.head);
    let line = removed.bytes[removed.last_offset..].strip_suffix(b"\n").unwrap();
    let view = parse(line).unwrap();
    assert!(matches!(view.data, DataView::Erased(_)));
    assert_eq!(view.link(), kept.head);
}

#[test]
fn data_of_a_kind_or_version_from_the_future_keep_their_bytes() {
    for (kind, data) in [("pinned", r#"{"b":1,"a":2}"#), ("renamed", r#"{"v":2,"names":["x"]}"#)] {
        let event = Event::from_data(kind, data, &Upcasts::CURRENT).unwrap();

        assert!(matches!(event, Event::Unknown { .. }), "{kind}");
        assert_eq!((event.kind_name(), event.to_data().unwrap().as_str()), (kind, data));
    }
}
