//! What `docs/format.md` says is what the code does.

use std::collections::BTreeMap;

use annals::format::{Canonical, Header, Seed, link_of, parse};
use annals::vocabulary::{Digest, EventKind, FindingClass};

use crate::store::findings_of;
use crate::writing::{Writing, example};

const PAGE: &str = include_str!("../../docs/format.md");

/// The named constants of one module, with the text that the page should give for each.
macro_rules! constants {
    ($module:path: $($name:ident)*) => {{
        use $module as module;
        vec![$((stringify!($name), module::$name.to_string())),*]
    }};
}

fn constants() -> Vec<(&'static str, String)> {
    let mut all = constants!(annals::format::bounds:
        FORMAT FORMAT_SEALED PROJECTION LINE_BYTES_MAX DATA_BYTES_MAX CHECKSUM_PREFIX_BYTES
        SPACE_RUN_MAX SEQ_MAX SECTOR_BYTES KIND_BYTES_MAX FRAME_BYTES FRAME_BYTES_MAX SEGMENT_BYTES
        SEGMENT_BYTES_MAX SEGMENT_FILE_BYTES_MAX HOLE SNAPSHOT_BYTES_MAX STORE_FILE_BYTES_MAX
        CATALOG_FORMAT CURRENT_BYTES_MAX CATALOG_FEEDS_MAX ENTRY_BYTES_MAX SUM_BYTES_MAX
        SUM_IDS_MAX VERIFIED_FORMAT VERIFIED_BYTES_MAX FIRST_BLOCK_BYTES BLOCK_BYTES
        BLOCK_BYTES_MAX CATALOG_INDEX_BYTES_MAX FEED_BYTES_MAX WHOLE_FOLD_BYTES_MAX RUN_SHARE ANCHOR_LINE_BYTES_MAX
        PADDING);
    all.extend(constants!(annals::vocabulary::bounds:
        SESSION_ID_BYTES_MAX NAME_CHARS_MAX TAG_CHARS_MAX FIELD_NAME_CHARS_MAX
        FIELD_VALUE_BYTES_MAX FIELD_VALUE_DEPTH_MAX FIELDS_MAX TAGS_MAX KEY_BYTES_MAX
        ROLE_BYTES_MAX DETAIL_BYTES_MAX INLINE_TEXT_BYTES_MAX EXCERPT_BYTES_MAX TEXT_BYTES_MAX
        FIRST_MESSAGE_CHARS_MAX AUTHOR_PART_BYTES_MAX FIGURE_OPERATIONS_MAX FIGURE_KINDS_MAX
        FIGURE_NAME_BYTES_MAX));
    all
}

/// The part of the page under a heading, up to the next one.
fn section(heading: &str) -> &'static str {
    let title = format!("# {heading}\n");
    let start = PAGE.find(&title).unwrap_or_else(|| panic!("no heading {heading}")) + title.len();
    let rest = &PAGE[start..];
    &rest[..rest.find("\n#").unwrap_or(rest.len())]
}

/// The rows of all tables of a section: the first two cells, without backquotes.
fn rows(heading: &str) -> BTreeMap<&'static str, &'static str> {
    let lines = section(heading).lines().filter_map(|line| line.strip_prefix('|'));
    let cells = lines.map(|line| line.split('|').map(|cell| cell.trim().trim_matches('`')));
    cells.filter_map(|mut cells| Some((cells.next()?, cells.next()?))).collect()
}

/// The content of the first fenced block of a section.
fn block(heading: &str) -> &'static str {
    let section = section(heading);
    let start = section.find("```jsonl\n").expect("a block") + "```jsonl\n".len();
    let rest = &section[start..];
    &rest[..rest.find("```").expect("its end")]
}

#[test]
fn the_journal_on_the_page_is_the_one_that_the_code_writes() {
    let written = String::from_utf8(example().bytes).unwrap();

    for (on_the_page, written) in block("A whole journal").lines().zip(written.lines()) {
        assert_eq!(on_the_page, written);
    }
    assert_eq!(block("A whole journal"), written);
}

#[test]
fn the_journal_on_the_page_is_read_back_and_verifies() {
    let bytes = block("A whole journal").as_bytes();

    assert_eq!(findings_of(bytes), []);
    let kinds: Vec<&str> =
        block("A whole journal").lines().map(|line| parse(line.as_bytes()).unwrap().kind).collect();
    assert_eq!(kinds, ["journal", "created", "message_recorded", "renamed", "archived"]);
}

#[test]
fn the_numbers_worked_on_the_page_are_those_of_the_code() {
    let rows = rows("A whole journal, step by step");
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
    let line = block("A whole journal").lines().next().unwrap().as_bytes();
    let (header, view) = Header::decode(line).unwrap();
    let seed = Seed::of(header.journal);

    let expected = [
        ("CRC-32 of `123456789`", format!("{:08x}", crc32fast::hash(b"123456789"))),
        ("CRC-32 of the journal's id", format!("{:08x}", seed.checksum(b""))),
        ("bytes covered by the checksum", line[18..].len().to_string()),
        ("checksum", format!("{:08x}", seed.checksum(&line[18..]))),
        ("length of the envelope", view.envelope.len().to_string()),
        ("digest of the data", hex(view.digest().as_bytes())),
        ("link, in hexadecimal", hex(view.link().as_bytes())),
        ("link, as the next record names it", view.link().to_string()),
    ];
    for (what, value) in expected {
        let row = rows.iter().find(|(name, _)| name.replace('`', "") == what.replace('`', ""));
        assert_eq!(row.map(|(_, value)| *value), Some(value.as_str()), "{what}");
    }
    assert_eq!(link_of(view.envelope, &view.digest()), view.link());
}

#[test]
fn the_redacted_line_on_the_page_is_the_one_that_the_code_writes() {
    let mut writing = Writing::begin("00112233445566778899aabbccddeeff", "demo", "example");
    writing.batch = Some(1);
    writing.event("created", r#"{"name":"Port the parser","cwd":"/home/ada/parser"}"#);
    let view = parse(block("A whole journal").lines().nth(2).unwrap().as_bytes()).unwrap();
    let annals::format::DataView::Present(data) = view.data else { panic!("data") };
    assert_eq!(Digest::of(Canonical::of(data).as_bytes()), view.digest());
    writing.erased("message_recorded", data);

    assert_eq!(block("Redacted records").as_bytes(), &writing.bytes[writing.last_offset..]);
}

#[test]
fn every_constant_is_on_the_page_with_its_value() {
    let rows = rows("Constants");
    for (name, value) in constants() {
        let on_the_page = rows.get(name).unwrap_or_else(|| panic!("{name} is not on the page"));
        assert_eq!(on_the_page.replace('_', ""), value, "{name}");
    }
}

#[test]
fn no_constant_of_the_code_is_left_out_here() {
    let sources =
        [include_str!("../../src/format/bounds.rs"), include_str!("../../src/vocabulary/mod.rs")];
    let known: Vec<&str> = constants().into_iter().map(|(name, _)| name).collect();
    let declared = sources
        .iter()
        .flat_map(|source| source.lines())
        .filter_map(|line| line.trim().strip_prefix("pub const ")?.split(':').next());

    let unknown: Vec<&str> = declared.filter(|name| !known.contains(name)).collect();

    assert_eq!(unknown, Vec::<&str>::new());
}

#[test]
fn every_kind_of_event_is_on_the_page() {
    let rows = rows("Events");
    for (_, kind) in EventKind::ALL {
        assert!(rows.contains_key(kind), "{kind} is not on the page");
    }
}

#[test]
fn every_class_of_finding_is_on_the_page() {
    let rows = rows("Findings");
    for (class, name) in FindingClass::ALL {
        let severity = serde_json::to_string(&class.severity()).unwrap();
        assert_eq!(rows.get(name), Some(&severity.trim_matches('"')), "{name}");
    }
}
