//! The findings of a library of damaged histories, as reviewed snapshots.

use annals::disk::Disk;
use annals::format::{Canonical, Envelope, Header, Seed, encode, parse};
use annals::vocabulary::{Event, FindingClass, Key};

use crate::bench::{Bench, author, link, message, paths, pear, plum, said};

/// Records what verification says about each damaged history, in one reviewed file.
#[test]
fn what_verification_says_of_damaged_histories() {
    let mut report = String::new();
    for (name, damage) in LIBRARY {
        let bench = Bench::with_records(6);
        damage(&bench);
        report.push_str(&format!("# {name}\n"));
        for finding in bench.findings() {
            report.push_str(&serde_json::to_string_pretty(&finding).unwrap());
            report.push('\n');
        }
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("findings", report));
}

#[test]
fn the_library_reaches_every_class_that_one_session_can_have() {
    let mut reached: Vec<FindingClass> = LIBRARY
        .iter()
        .flat_map(|(_, damage)| {
            let bench = Bench::with_records(6);
            damage(&bench);
            bench.classes()
        })
        .collect();
    reached.sort_unstable();
    reached.dedup();
    let elsewhere = [
        // Needs a medium that fails: `faults`.
        FindingClass::IoError,
        // Needs a part of the store that there is room for and nothing writes yet.
        FindingClass::CatalogMismatch,
    ];
    let missing: Vec<_> = FindingClass::ALL
        .into_iter()
        .map(|(class, _)| class)
        .filter(|class| !reached.contains(class) && !elsewhere.contains(class))
        .collect();
    assert_eq!(missing, []);
}

type Damage = fn(&Bench);

const LIBRARY: [(&str, Damage); 18] = [
    ("one bit of record 3", |bench| flip(bench, 3)),
    ("one bit of the last record", |bench| flip(bench, 6)),
    ("the last record cut short", |bench| {
        let bytes = bench.lines().concat();
        bench.put(&bytes[..bytes.len() - 30]);
    }),
    ("record 4 gone", |bench| edit(bench, |lines| drop(lines.remove(4)))),
    ("record 2 twice", |bench| edit(bench, |lines| lines.insert(5, lines[2].clone()))),
    ("records 3 and 4 swapped", |bench| edit(bench, |lines| lines.swap(3, 4))),
    ("a record of another session", |bench| {
        bench.create(&plum()).unwrap();
        let theirs = bench.bytes_of(&plum());
        let line = theirs.split_inclusive(|&byte| byte == b'\n').nth(1).unwrap().to_vec();
        edit(bench, |lines| lines.insert(3, line));
    }),
    ("record 3 edited, with a new checksum", |bench| {
        let prev = link(&bench.lines()[2]);
        let forged = bench.forge(3, prev, &Event::Archived);
        edit(bench, |lines| lines[3] = forged);
    }),
    ("archived twice", |bench| {
        let first = bench.forge(7, link(&bench.lines()[6]), &Event::Archived);
        let second = bench.forge(8, link(&first), &Event::Archived);
        edit(bench, |lines| lines.extend([first, second]));
    }),
    ("a name that is none", |bench| {
        let line = raw(bench, 7, "renamed", r#"{"name":" "}"#);
        edit(bench, |lines| lines.push(line));
    }),
    ("the header of another session", |bench| {
        bench.create(&plum()).unwrap();
        let theirs = bench.bytes_of(&plum());
        bench.put(&theirs);
    }),
    ("the header damaged, no snapshot", |bench| flip(bench, 0)),
    ("a newer format", |bench| {
        edit(bench, |lines| {
            let (mut header, view) = Header::decode(&lines[0][..lines[0].len() - 1]).unwrap();
            header.format = 3;
            lines[0] = header.encode(view.at, &author(), &Key::generate()).unwrap().line;
        });
    }),
    ("cut below a snapshot", |bench| {
        with_snapshot(bench);
        edit(bench, |lines| lines.truncate(4));
    }),
    ("a snapshot that was edited", |bench| {
        with_snapshot(bench);
        let path = paths(&pear()).snapshot();
        let mut bytes = bench.memory.image()[&path].clone();
        bytes[100] ^= 1;
        bench.put_at(&path, &bytes);
    }),
    ("a long text gone", |bench| {
        let mut writer = bench.writer();
        crate::bench::append(&mut writer, vec![said("long ".repeat(20_000))]);
        let blobs = paths(&pear()).blobs();
        for (name, _) in bench.memory.list_dir(&blobs).unwrap() {
            bench.memory.remove_file(&blobs.join(name)).unwrap();
        }
    }),
    ("sealed history gone", |bench| {
        bench.writer().compact(2).unwrap();
        let segments = paths(&pear()).segments();
        for (name, _) in bench.memory.list_dir(&segments).unwrap() {
            bench.memory.remove_file(&segments.join(name)).unwrap();
        }
    }),
    ("open to others, and a link", |bench| {
        bench.memory.set_mode(&paths(&pear()).journal(), 0o644).unwrap();
        bench.memory.link(&paths(&pear()).root().join("files")).unwrap();
    }),
];

fn flip(bench: &Bench, line: usize) {
    let offset: usize = bench.lines()[..line].iter().map(Vec::len).sum();
    let mut bytes = bench.bytes();
    bytes[offset + 64] ^= 1;
    bench.put(&bytes);
}

fn edit(bench: &Bench, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let mut lines = bench.lines();
    change(&mut lines);
    bench.put_lines(&lines);
}

fn with_snapshot(bench: &Bench) {
    let mut settings = bench.settings.clone();
    settings.snapshot_every = 1;
    let mut writer =
        annals::journal::JournalWriter::open(&bench.disk, paths(&pear()), pear(), settings)
            .unwrap();
    crate::bench::append(&mut writer, vec![message(7)]).remove(0).unwrap();
}

fn raw(bench: &Bench, seq: u64, kind: &str, data: &str) -> Vec<u8> {
    let last = bench.lines().pop().unwrap();
    let view = parse(&last[..last.len() - 1]).unwrap();
    let (by, key) = (author(), Key::generate());
    let envelope =
        Envelope { seq, prev: view.link(), at: view.at, by: &by, key: &key, batch: None, kind };
    let seed: Seed = bench.seed_of(&pear());
    encode(seed, &envelope, &Canonical::of(data)).unwrap().line
}
