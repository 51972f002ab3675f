//! The bytes of the catalog's files, as its page has them.

use annals::format::bounds::{ENTRY_BYTES_MAX, SUM_IDS_MAX};
use annals::format::catalog::{
    BaseWriter, BlockIndex, Current, Entry, Looked, Measured, Row, Stamp, Sum,
};
use annals::vocabulary::bounds::{FIGURE_KINDS_MAX, FIGURE_NAME_BYTES_MAX, FIGURE_OPERATIONS_MAX};
use annals::vocabulary::{
    Durations, FigureName, Figures, OperationFigures, SessionId, SessionMetadata, Timestamp,
    WriteFigures,
};

const STATE: &str = r#"{"id":"pear","status":"active","created":"2026-11-22T13:45:04.000000Z","last_active":"2026-11-22T13:45:04.000000Z","first_message":null,"name":null,"message_count":0,"file_count":0,"tags":[],"cwd":null,"source":null,"parent":null,"fields":{},"seq":1}"#;
const STAMP: &str = r#"{"inode":7,"bytes":4096,"changed_ns":1795000000000000123}"#;

fn row(id: &str) -> Row {
    let stamp = Stamp { inode: 7, bytes: 4096, changed_ns: 1_795_000_000_000_000_123 };
    let at: Timestamp = "2026-11-22T13:45:04Z".parse().unwrap();
    let state = SessionMetadata { seq: 1, ..SessionMetadata::blank(id.parse().unwrap(), at) };
    Row::new(stamp, &state).unwrap()
}

const MEASURED: &str = r#"{"id":7,"figures":{"operations":{"load":{"calls":2,"errors":{"not-found":1},"durations":{"sum_us":1003,"max_us":1000,"buckets":[[3,1],[992,1]]}}},"writes":{"changes":1,"took":{"sum_us":40,"max_us":40,"buckets":[[40,1]]},"waited":{"sum_us":2,"max_us":2,"buckets":[[2,1]]},"synced":{"sum_us":0,"max_us":0,"buckets":[]}},"findings":3}}"#;

fn durations(micros: &[u64]) -> Durations {
    let mut durations = Durations::default();
    micros.iter().for_each(|micros| durations.record_us(*micros));
    durations
}

fn measured(id: u64) -> Measured {
    let load = OperationFigures {
        calls: 2,
        errors: [("not-found".into(), 1)].into(),
        durations: durations(&[3, 1000]),
        ..OperationFigures::default()
    };
    let (took, waited) = (durations(&[40]), durations(&[2]));
    let figures = Figures {
        operations: [("load".into(), load)].into(),
        writes: WriteFigures { changes: 1, took, waited, ..WriteFigures::default() },
        findings: 3,
        ..Figures::default()
    };
    Measured { id, figures }
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
        (
            Entry::Measured(serde_json::to_string(&measured(7)).unwrap().into()),
            line(&format!(r#""measured":{MEASURED}}}"#)),
        ),
    ];
    for (entry, expected) in all {
        let bytes = entry.encode().unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), format!("\n{expected}\n"));
        assert_eq!(Entry::decode(expected.as_bytes()), Some(entry));
    }
}

#[test]
fn an_entry_with_any_bit_flipped_is_none() {
    let bytes = Entry::Row(Box::new(row("pear"))).encode().unwrap();
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
        r#""format":3,"projection":1,"boot":"boot","looked":null,"strangers":[],"base":null,"run":null,"measured":null,"folded":[],"feeds":["{feed}"]}}"#
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
    let mut again = BaseWriter::default();
    let mut copied: Vec<u8> = rows.iter().flat_map(|row| again.put(row)).flatten().collect();
    copied.extend(again.finish("copy".to_owned()).0);
    assert!(copied.starts_with(&blocks[..first.bytes as usize]), "a row is copied as it stands");
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

#[test]
fn the_sum_of_what_was_measured_is_one_line_that_proves_itself() {
    let mut sum = Sum::default();
    sum.add(&measured(7));
    let expected = line(&format!(r#""figures":{},"ids":[7]}}"#, figures_of(MEASURED)));
    let bytes = sum.encode().unwrap();
    assert_eq!(str::from_utf8(&bytes).unwrap(), expected + "\n");
    assert_eq!(Sum::decode(&bytes), Some(sum));
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 4;
        assert_eq!(Sum::decode(&damaged), None, "byte {place}");
    }
}

fn figures_of(measured: &str) -> &str {
    measured.strip_prefix(r#"{"id":7,"figures":"#).unwrap().strip_suffix('}').unwrap()
}

#[test]
fn what_is_told_twice_counts_once() {
    let mut sum = Sum::default();
    for id in [7, 8, 7, 7, 8] {
        sum.add(&measured(id));
    }
    assert_eq!(sum.figures.operations["load"].calls, 4);
    assert_eq!(sum.figures.writes.took.count(), 2);
}

#[test]
fn figures_that_are_too_long_for_an_entry_are_told_in_several_and_none_is_lost() {
    let of_every_magnitude: Vec<u64> = (0..2000).map(|step| 1 << (step % 60)).collect();
    let every_bucket: Vec<u64> = (0..20_000_u64)
        .map(|step| step.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (step % 60))
        .collect();
    let many = [of_every_magnitude, every_bucket].concat();
    let operation =
        OperationFigures { calls: 1, durations: durations(&many), ..Default::default() };
    let operations = (0..39).map(|number| (name(number), operation.clone())).collect();
    let figures = Figures { operations, findings: 5, ..Figures::default() };
    let bytes = Measured::entries(figures.clone());
    let mut sum = Sum::default();
    let mut entries = 0;
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        assert!(line.len() + 2 <= ENTRY_BYTES_MAX);
        let Some(Entry::Measured(json)) = Entry::decode(line) else { panic!("another entry") };
        sum.add(&Measured::read(&json).unwrap());
        entries += 1;
    }
    assert!(entries > 1);
    assert_eq!(sum.figures, figures);
}

fn name(number: usize) -> FigureName {
    format!("operation-{number}").into()
}

#[test]
fn figures_beyond_their_bounds_are_not_believed() {
    let read = |figures: Figures| {
        let sum = Sum { figures: figures.clone(), ..Sum::default() };
        let measured = serde_json::to_string(&Measured { id: 1, figures }).unwrap();
        (Measured::read(&measured).is_some(), sum.encode().is_some())
    };
    let with = |names: Vec<FigureName>| {
        let operations = names.into_iter().map(|name| (name, OperationFigures::default()));
        Figures { operations: operations.collect(), ..Figures::default() }
    };
    let failing = |kinds: usize| {
        let errors = (0..kinds).map(|number| (name(number), 1)).collect();
        let operation = OperationFigures { errors, ..OperationFigures::default() };
        Figures { operations: [("load".into(), operation)].into(), ..Figures::default() }
    };
    for (figures, is_within) in [
        (with((0..FIGURE_OPERATIONS_MAX).map(name).collect()), true),
        (with((0..=FIGURE_OPERATIONS_MAX).map(name).collect()), false),
        (with(vec!["x".repeat(FIGURE_NAME_BYTES_MAX).into()]), true),
        (with(vec!["x".repeat(FIGURE_NAME_BYTES_MAX + 1).into()]), false),
        (failing(FIGURE_KINDS_MAX), true),
        (failing(FIGURE_KINDS_MAX + 1), false),
    ] {
        assert_eq!(read(figures), (is_within, is_within));
    }
    let ids = (0..=SUM_IDS_MAX as u64).collect();
    assert_eq!(Sum { ids, ..Sum::default() }.encode(), None);
}
