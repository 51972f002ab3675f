//! The bytes of the catalog's files, as its page has them.

use annals::format::catalog::{BaseWriter, BlockIndex, Current, Entry, Looked, Row, Stamp};
use annals::vocabulary::{SessionId, SessionMetadata, Timestamp};

const STATE: &str = r#"{"id":"pear","status":"active","created":"2026-11-22T13:45:04.000000Z","last_active":"2026-11-22T13:45:04.000000Z","first_message":null,"name":null,"message_count":0,"file_count":0,"tags":[],"cwd":null,"source":null,"parent":null,"fields":{},"seq":1}"#;
const STAMP: &str = r#"{"inode":7,"bytes":4096,"changed_ns":1795000000000000123}"#;

fn row(id: &str) -> Row {
    let stamp = Stamp { inode: 7, bytes: 4096, changed_ns: 1_795_000_000_000_000_123 };
    let at: Timestamp = "2026-11-22T13:45:04Z".parse().unwrap();
    let state = SessionMetadata { seq: 1, ..SessionMetadata::blank(id.parse().unwrap(), at) };
    Row::new(stamp, &state).unwrap()
}

/// A line of the catalog around `rest`, with the checksum that the page describes.
fn line(rest: &str) -> String {
    let crc = crc32fast::hash(format!("annals.catalog.1{rest}").as_bytes());
    format!("{{\"crc\":\"{crc:08x}\",{rest}")
}

#[test]
fn entries_are_the_lines_that_the_page_shows() {
    let pear: SessionId = "pear".parse().unwrap();
    let looked = Looked {
        changed_ns: 5,
        gone: vec![pear.clone()],
        strangers: vec!["not a name".to_owned()],
    };
    let all = [
        (Entry::Intent(pear), line(r#""intent":"pear"}"#)),
        (
            Entry::Row(Box::new(row("pear"))),
            line(&format!(
                r#""row":{{"id":"pear","active_us":1795355104000000,"status":"active","stamp":{STAMP},"state":{STATE}}}}}"#
            )),
        ),
        (
            Entry::Looked(looked),
            line(r#""looked":{"changed_ns":5,"gone":["pear"],"strangers":["not a name"]}}"#),
        ),
    ];
    for (entry, expected) in all {
        let bytes = entry.encode(None).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), format!("\n{expected}\n"));
        assert_eq!(Entry::decode(expected.as_bytes()), Some(entry));
    }
}

#[test]
fn an_entry_with_any_bit_flipped_is_none() {
    let bytes = Entry::Row(Box::new(row("pear"))).encode(None).unwrap();
    let sound = &bytes[1..bytes.len() - 1];
    for place in 0..sound.len() {
        for bit in 0..8 {
            let mut line = sound.to_vec();
            line[place] ^= 1 << bit;
            assert_eq!(Entry::decode(&line), None, "bit {bit} of byte {place}");
        }
    }
    assert_eq!(Entry::decode(b""), None);
    assert_eq!(Entry::decode(&sound[..sound.len() - 1]), None);
}

#[test]
fn what_names_the_files_is_one_line() {
    let feed = "feed-01a20594-1b9c-764b-9282-4a4a0c29b002";
    let current = Current::unbuilt("boot".to_owned(), vec![feed.to_owned()]);
    let expected = line(&format!(
        r#""format":2,"projection":1,"boot":"boot","looked":null,"strangers":[],"base":null,"run":null,"feeds":["{feed}"]}}"#
    ));
    assert_eq!(String::from_utf8(current.encode().unwrap()).unwrap(), expected + "\n");
    assert_eq!(Current::decode(&current.encode().unwrap()), Some(current));
}

#[test]
fn a_base_is_blocks_of_rows_and_an_index() {
    let mut writer = BaseWriter::default();
    let mut bytes = Vec::new();
    for number in 0..300 {
        let row = row(&format!("session-{number:03}"));
        bytes.extend(writer.put(&row).into_iter().flatten());
    }
    let (rest, base) = writer.finish("base-x".to_owned());
    bytes.extend(rest);

    let (blocks, index) = bytes.split_at(usize::try_from(base.index_at).unwrap());
    assert_eq!((base.rows, index.len() as u64), (300, base.index_bytes));
    assert_eq!(crc32fast::hash(index), base.index_crc);
    let (mut at, mut ids) = (0, Vec::new());
    for (number, entry) in index.chunks(32).enumerate() {
        let word = |at: usize| u32::from_le_bytes(entry[at..at + 4].try_into().unwrap());
        let block = &blocks[at..at + word(0) as usize];
        assert_eq!((crc32fast::hash(block), word(12)), (word(4), 0));
        let lines: Vec<&[u8]> = block.split_inclusive(|byte| *byte == b'\n').collect();
        assert_eq!(lines.len(), word(8) as usize);
        assert!(
            block.len() - lines.last().unwrap().len() < 16_384 << number,
            "closed by the row that fills it"
        );
        for line in &lines {
            let columns: Vec<&str> = str::from_utf8(line).unwrap().split('\t').collect();
            let [id, rest @ ..] = columns.as_slice() else { panic!("a row without columns") };
            let state = STATE.replace("pear", id);
            let expected =
                ["1795355104000000", "active", "7", "4096", "1795000000000000123", &(state + "\n")];
            assert_eq!(rest, expected);
            ids.push((*id).to_owned());
        }
        at += block.len();
    }
    assert_eq!(at, blocks.len());
    assert!(index.len() > 2 * 32, "blocks of several sizes");
    assert_eq!(ids, (0..300).map(|number| format!("session-{number:03}")).collect::<Vec<_>>());

    let decoded = BlockIndex::decode(&base, index).unwrap();
    let first = decoded.blocks[0];
    let rows = first.rows(blocks[..first.bytes as usize].to_vec()).unwrap();
    assert_eq!(rows[7], row("session-007"));
    assert_eq!(rows[7].state().unwrap().id.as_str(), "session-007");
    assert!(first.rows(blocks[..100].to_vec()).is_none());
    let mut damaged = index.to_vec();
    damaged[0] ^= 1;
    assert_eq!(BlockIndex::decode(&base, &damaged), None);
}

#[test]
fn a_row_whose_columns_say_something_else_than_its_state_has_none() {
    let state = STATE.replace("pear", "plum");
    let entry = line(&format!(
        r#""row":{{"id":"pear","active_us":1795355104000000,"status":"active","stamp":{STAMP},"state":{state}}}}}"#
    ));
    let Some(Entry::Row(row)) = Entry::decode(entry.as_bytes()) else { panic!("no row") };
    assert_eq!(row.state(), None);
}
