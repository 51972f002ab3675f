//! Journals of format 2, whose older history is in segments.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use annals::format::bounds::{FORMAT, FORMAT_SEALED, HOLE, SEGMENT_BYTES_MAX};
use annals::format::frames::{compress, decompress};
use annals::format::{Header, LineFault, Sealed, Segment, SegmentName, parse};
use annals::vocabulary::{Digest, Key};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::independent::compare;
use crate::store::{copy_of, fixture_of, opened, put_journal, verified, write};
use crate::writing::{Writing, author, moment};

/// A history of 40 records, in one piece.
fn history() -> Writing {
    let mut writing = Writing::begin("ffeeddccbbaa99887766554433221100", "demo", "sealed");
    writing.event("created", r#"{"name":"A long talk"}"#);
    for number in 2..=40 {
        // Long enough for several frames.
        let text = format!("message {number} ").repeat(400);
        writing.event("message_recorded", &format!(r#"{{"role":"user","text":"{text}"}}"#));
    }
    writing
}

/// The same history with records up to 15 in a first segment, up to 32 in a second.
struct Parts {
    journal: Vec<u8>,
    segments: Vec<(Segment, Vec<u8>)>,
}

fn parts() -> Parts {
    let bytes = history().bytes;
    let lines: Vec<&[u8]> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
    let segment = |first: usize, last: usize| {
        let lines = lines[first..=last].concat();
        let (bytes, digest) = (lines.len() as u64, Digest::of(&lines));
        (Segment { first_seq: first as u64, last_seq: last as u64, bytes, digest }, lines)
    };
    let segments = vec![segment(0, 15), segment(16, 32)];
    let head = parse(lines[33].strip_suffix(b"\n").unwrap()).unwrap().prev;
    let list = segments.iter().map(|(segment, _)| segment.clone()).collect();
    let sealed = Sealed { head, segments: list };
    let id = "ffeeddccbbaa99887766554433221100".parse().unwrap();
    let header = Header::of_sealed(id, "demo".parse().unwrap(), sealed);
    let key: Key = "sealed-header".parse().unwrap();
    let header = header.encode(moment(0), &author(), &key).unwrap().line;
    Parts { journal: [&header[..], &lines[33..].concat()].concat(), segments }
}

impl Parts {
    /// Puts it into a store under a name; the journal's path.
    fn put(&self, store: &Path, name: &str) -> PathBuf {
        let journal = put_journal(store, name, &self.journal);
        let folder = journal.with_file_name("segments");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        for (segment, lines) in &self.segments {
            write(&folder.join(segment.file_name()), &compress(lines).unwrap());
        }
        journal
    }

    fn path(&self, journal: &Path, place: usize) -> PathBuf {
        journal.with_file_name("segments").join(self.segments[place].0.file_name())
    }
}

#[test]
fn the_store_of_format_2_is_what_the_code_writes() {
    let store = fixture_of("format-2");
    let Parts { journal, segments } = parts();
    let folder = store.join("sessions/demo");

    assert_eq!(fs::read(folder.join("journal.jsonl")).unwrap(), journal);
    for (segment, lines) in segments {
        let file = fs::read(folder.join("segments").join(segment.file_name())).unwrap();
        let read = decompress(&file, Some(segment.bytes));
        assert!(read.intact);
        assert_eq!(read.lines, lines);
    }
}

#[test]
fn the_store_of_format_2_verifies_and_comes_to_the_state_of_its_whole_history() {
    let store = copy_of(&fixture_of("format-2"));
    let whole = TempDir::new().unwrap();
    put_journal(whole.path(), "demo", &history().bytes);

    let verification = verified(&store.path().join("sessions/demo"), "demo");

    assert_eq!((verification.findings, verification.records), (vec![], 40));
    let (sealed, whole) = (opened(store.path(), "demo"), opened(whole.path(), "demo"));
    assert_eq!(sealed.replay().projection, whole.replay().projection);
    assert_eq!(sealed.replay().end_offset, whole.replay().end_offset);
}

#[test]
fn both_verifiers_say_the_same_of_sealed_histories() {
    let store = TempDir::new().unwrap();
    let sound = parts();
    let mut journals = vec![sound.put(store.path(), "sound")];
    let mut damage = |name: String, change: &dyn Fn(&Parts, &Path)| {
        let journal = sound.put(store.path(), &name);
        change(&sound, &journal);
        journals.push(journal);
    };
    for place in 0..2 {
        damage(format!("missing-{place}"), &|parts, journal| {
            fs::remove_file(parts.path(journal, place)).unwrap();
        });
        for at in (0..600).step_by(53) {
            damage(format!("flipped-{place}-{at}"), &|parts, journal| {
                change_file(&parts.path(journal, place), |bytes| {
                    let at = at % bytes.len();
                    bytes[at] ^= 4;
                });
            });
            damage(format!("cut-{place}-{at}"), &|parts, journal| {
                change_file(&parts.path(journal, place), |bytes| bytes.truncate(at));
            });
        }
        damage(format!("before-{place}"), &|parts, journal| {
            change_file(&parts.path(journal, place), |bytes| drop(bytes.splice(0..0, *b"oh")));
        });
        damage(format!("other-lines-{place}"), &|parts, journal| {
            let (segment, mut lines) = parts.segments[place].clone();
            lines[2000] ^= 1;
            let folder = journal.with_file_name("segments");
            write(&folder.join(segment.file_name()), &compress(&lines).unwrap());
        });
    }
    for at in (0..sound.journal.len()).step_by(977) {
        damage(format!("journal-flipped-{at}"), &|_, journal| {
            change_file(journal, |bytes| bytes[at] ^= 4);
        });
        damage(format!("journal-cut-{at}"), &|_, journal| {
            change_file(journal, |bytes| bytes.truncate(at));
        });
    }
    for sector in 2..sound.journal.len() / 512 {
        damage(format!("journal-sector-{sector}"), &|_, journal| {
            change_file(journal, |bytes| bytes[sector * 512..(sector + 1) * 512].fill(0));
        });
    }
    damage("headless".to_owned(), &|_, journal| change_file(journal, |bytes| bytes[30] ^= 4));
    damage("headless-and-missing".to_owned(), &|parts, journal| {
        change_file(journal, |bytes| bytes[30] ^= 4);
        fs::remove_file(parts.path(journal, 0)).unwrap();
    });
    damage("not-sealed-after-all".to_owned(), &|_, journal| {
        write(journal, &history().bytes);
    });
    damage("not-sealed-and-headless".to_owned(), &|_, journal| {
        let mut bytes = history().bytes;
        bytes[30] ^= 4;
        write(journal, &bytes);
    });

    compare(&journals);
}

fn change_file(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    write(path, &bytes);
}

/// A header with `sealed` as it stands.
fn header_with(format: u64, sealed: Option<Sealed>) -> Result<(), LineFault> {
    let id = "ffeeddccbbaa99887766554433221100".parse().unwrap();
    let header = Header { format, sealed, ..Header::new(id, "demo".parse().unwrap()) };
    let line = header.encode(moment(0), &author(), &Key::generate()).unwrap().line;
    Header::decode(line.strip_suffix(b"\n").unwrap()).map(drop)
}

#[test]
fn a_header_whose_segments_do_not_follow_one_another_is_none() {
    let sealed = |ranges: &[(u64, u64, u64)]| {
        let segment = |&(first_seq, last_seq, bytes): &_| Segment {
            first_seq,
            last_seq,
            bytes,
            digest: Digest::ZERO,
        };
        Some(Sealed { head: Digest::ZERO, segments: ranges.iter().map(segment).collect() })
    };
    let most = SEGMENT_BYTES_MAX as u64;
    header_with(FORMAT, None).unwrap();
    header_with(FORMAT_SEALED, sealed(&[(0, 9, 1), (10, 10, most)])).unwrap();
    header_with(FORMAT_SEALED + 1, sealed(&[(7, 3, 0)])).unwrap();
    for (format, sealed) in [
        (0, None),
        (FORMAT, sealed(&[(0, 9, 1)])),
        (FORMAT_SEALED, None),
        (FORMAT_SEALED, sealed(&[])),
        (FORMAT_SEALED, sealed(&[(1, 9, 1)])),
        (FORMAT_SEALED, sealed(&[(0, 9, 1), (11, 12, 1)])),
        (FORMAT_SEALED, sealed(&[(0, 9, 1), (9, 12, 1)])),
        (FORMAT_SEALED, sealed(&[(0, 9, 1), (10, 9, 1)])),
        (FORMAT_SEALED, sealed(&[(0, 9, 0)])),
        (FORMAT_SEALED, sealed(&[(0, 9, most + 1)])),
        (FORMAT_SEALED, sealed(&[(0, u64::MAX, 1), (0, 1, 1)])),
    ] {
        assert!(header_with(format, sealed.clone()).is_err(), "{format} {sealed:?}");
    }
}

#[test]
fn the_name_of_a_segment_says_which_records_it_may_hold() {
    let segment =
        Segment { first_seq: 16, last_seq: 32, bytes: 1, digest: Digest::from_bytes([0xA5; 32]) };
    let name = segment.file_name();
    assert_eq!(name, "000000000016-000000000032-a5a5a5a5a5a5a5a5.jsonl.zst");
    assert_eq!(name.parse(), Ok(SegmentName { first_seq: 16, last_seq: 32 }));
    let longest = Segment { first_seq: 0, last_seq: u64::MAX, ..segment };
    let read: SegmentName = longest.file_name().parse().unwrap();
    assert_eq!(read, SegmentName { first_seq: 0, last_seq: u64::MAX });
    for none in [
        "",
        "000000000016-000000000032.jsonl.zst",
        "000000000016-000000000032-a5.jsonl",
        "16-32-a5.jsonl.zst",
        "000000000032-000000000016-a5.jsonl.zst",
        "000000000016-000000000032-a5-7.jsonl.zst",
        "+00000000016-000000000032-a5.jsonl.zst",
        "99999999999999999999-99999999999999999999-a5.jsonl.zst",
    ] {
        assert!(none.parse::<SegmentName>().is_err(), "{none}");
    }
}

#[test]
fn a_file_that_unpacks_to_more_than_it_should_is_cut_and_not_intact() {
    let lines = b"line\n".repeat(100_000);
    let file = compress(&lines).unwrap();
    for bytes in [0, 1, 400_000] {
        let read = decompress(&file, Some(bytes));
        assert_eq!((read.lines.len() as u64, read.intact), (bytes, false));
    }
    let bomb = zstd::bulk::compress(&vec![b' '; 64 << 20], 3).unwrap();
    let read = decompress(&bomb, Some(100));
    assert_eq!((read.lines, read.intact), (vec![HOLE; 100], false));
}

proptest! {
    #[test]
    fn what_is_compressed_is_decompressed(lines in proptest::collection::vec(".{0,3000}", 0..60)) {
        let lines: Vec<u8> = lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
        let file = compress(&lines).unwrap();
        let read = decompress(&file, Some(lines.len() as u64));
        prop_assert!(read.intact);
        prop_assert_eq!(read.lines, lines);
    }

    #[test]
    fn damage_to_one_frame_leaves_the_others(at in 0_usize..1_000_000, bit in 0_u32..8) {
        let lines = history().bytes.repeat(2);
        let mut file = compress(&lines).unwrap();
        let at = at % file.len();
        file[at] ^= 1 << bit;
        let read = decompress(&file, Some(lines.len() as u64));
        prop_assert_eq!(read.lines.len(), lines.len());
        prop_assert!(!read.intact || read.lines == lines);
        let kept = read.lines.iter().filter(|&&byte| byte != HOLE).count();
        prop_assert!(read.intact || kept > 0);
    }
}
