//! The verifier in another language, written from the page: it and `annals` must agree.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use annals::vocabulary::{Finding, FindingClass};
use tempfile::TempDir;

use crate::store::{copy_of_the_fixture, put_journal, verified};
use crate::writing::{Writing, example};

/// What `tools/verify.py` prints of some paths, or `None` where there is no Python.
fn independent(paths: &[PathBuf]) -> Option<Output> {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/verify.py");
    let answer = Command::new("python3").arg("-B").arg(tool).args(paths).output();
    if answer.is_err() {
        println!("python3 is not on the PATH: the independent verifier was not run");
    }
    answer.ok()
}

fn printed(output: &Output) -> String {
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn the_independent_verifier_finds_nothing_wrong_with_the_fixture() {
    let store = copy_of_the_fixture();

    let Some(output) = independent(&[store.path().to_owned()]) else { return };

    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    assert_eq!(text(&output.stdout).matches(": ok\n").count(), 3);
}

#[test]
fn the_independent_verifier_finds_nothing_wrong_with_a_store_just_made() {
    use annals::journal::{JournalWriter, Settings, create};
    use annals::vocabulary::{Append, Command, NewMessage, NewSession, Role};

    let store = TempDir::new().unwrap();
    let sessions = store.path().join("sessions");
    std::fs::create_dir(&sessions).unwrap();
    let author = crate::writing::author();
    let settings = Settings::new(author.clone());
    let session = "new".parse().unwrap();
    let disk = crate::store::disk();
    let new = NewSession { message: Some("Hello".to_owned()), ..NewSession::default() };
    let append = Append::one(Command::Create(new), author.clone());
    create(&*disk, &sessions, &session, append, &settings).unwrap();
    let paths = annals::format::layout::SessionPaths::new(store.path(), &session);
    let mut writer = JournalWriter::open(&disk, paths, session, settings).unwrap();
    for text in ["\u{2028} and \u{85}", &" ".repeat(3000), "🦀", &"long ".repeat(20_000)] {
        let message = Command::RecordMessage(NewMessage::new(Role::user(), text));
        writer.append_all(vec![Append::one(message, author.clone())], |answers| {
            answers[0].as_ref().unwrap();
        });
    }

    let Some(output) = independent(&[store.path().to_owned()]) else { return };

    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    assert_eq!(verified(&sessions.join("new"), "new").findings, []);
}

/// A longer journal: ten records, the last three in one write.
fn sound() -> Writing {
    let mut writing = example();
    writing.event("restored", r#"{"status":"active"}"#);
    writing.event("tagged", r#"{"tag":"a"}"#);
    writing.event("tagged", r#"{"tag":"b"}"#);
    writing.batch = Some(8);
    for text in ["one", "two", "three"] {
        let text = text.repeat(200);
        writing.event("message_recorded", &format!(r#"{{"role":"user","text":"{text}"}}"#));
    }
    writing
}

/// Journals with all sorts of damage, each with a name.
fn damaged() -> Vec<(String, Vec<u8>)> {
    let whole = sound().padded();
    let solid = sound().bytes.len();
    let lines: Vec<Vec<u8>> =
        sound().bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    let mut all = vec![("sound".to_owned(), whole.clone()), ("empty".to_owned(), Vec::new())];
    for place in (0..solid + 2).step_by(97) {
        let mut flipped = whole.clone();
        flipped[place] ^= 4;
        all.push((format!("flipped-{place}"), flipped));
        all.push((format!("cut-{place}"), whole[..place].to_vec()));
    }
    for sector in 0..solid.div_ceil(512) {
        for (name, byte) in [("spaces", b' '), ("nul", 0)] {
            let mut lost = whole.clone();
            lost[sector * 512..(sector + 1) * 512].fill(byte);
            all.push((format!("sector-{sector}-{name}"), lost));
        }
    }
    for seq in 0..lines.len() {
        let without: Vec<_> = lines[..seq].iter().chain(&lines[seq + 1..]).cloned().collect();
        let mut twice = lines.clone();
        twice.insert(seq, lines[seq].clone());
        let mut swapped = lines.clone();
        swapped.swap(seq, lines.len() - 1);
        all.push((format!("without-{seq}"), without.concat()));
        all.push((format!("twice-{seq}"), twice.concat()));
        all.push((format!("swapped-{seq}"), swapped.concat()));
        for (name, instead) in
            [("x", &b"x"[..]), ("space", b" "), ("nothing", b""), ("two", b"\n\n")]
        {
            let mut changed = lines.clone();
            changed[seq].pop();
            changed[seq].extend_from_slice(instead);
            all.push((format!("line-feed-{seq}-{name}"), changed.concat()));
        }
        for (name, inserted) in [("x", b'x'), ("space", b' '), ("nul", 0), ("feed", b'\n')] {
            let mut changed = lines.clone();
            changed[seq].insert(0, inserted);
            all.push((format!("before-{seq}-{name}"), changed.concat()));
        }
    }
    for place in (400..solid).step_by(173) {
        let mut headless = whole.clone();
        headless[20] = b'!';
        headless[place] ^= 4;
        all.push((format!("headless-{place}"), headless));
    }
    // One record alone, whose header is all that names the journal.
    for (name, place) in [("header", 0), ("header-line-feed", lines[0].len() - 1)] {
        let mut alone = lines[..2].concat();
        alone[place] ^= 1;
        all.push((format!("alone-{name}"), alone.clone()));
        alone.insert(0, b'x');
        all.push((format!("alone-behind-x-{name}"), alone));
    }
    all.push(("edited".to_owned(), edited()));
    all.push(("erased".to_owned(), erased_without_a_word()));
    all
}

/// A history whose second record was replaced by another one, checksum and all.
fn edited() -> Vec<u8> {
    let mut other = Writing::begin("00112233445566778899aabbccddeeff", "demo", "example");
    other.batch = Some(1);
    other.event("created", r#"{"name":"Another name","cwd":"/home/ada/parser"}"#);
    let mut lines: Vec<&[u8]> = other.bytes.split_inclusive(|&byte| byte == b'\n').collect();
    let example = example();
    lines.extend(example.bytes.split_inclusive(|&byte| byte == b'\n').skip(2));
    lines.concat()
}

fn erased_without_a_word() -> Vec<u8> {
    let mut writing = example();
    writing.event("restored", r#"{"status":"active"}"#);
    writing.erased("message_recorded", r#"{"role":"user"}"#);
    writing.bytes
}

/// A finding as the independent verifier prints it.
fn line_of(journal: &Path, finding: &Finding) -> String {
    let seq = finding.seq.map_or("None".to_owned(), |seq| seq.to_string());
    let offset = finding.offset.map_or("-".to_owned(), |offset| offset.to_string());
    format!("{}: {} seq={seq} offset={offset}", journal.display(), finding.class)
}

/// Whether a class is about the bytes of a journal, and so on the page for others to judge.
fn is_about_bytes(finding: &Finding) -> bool {
    !matches!(finding.class, FindingClass::ImpossibleTransition | FindingClass::Permissions)
}

#[test]
fn both_verifiers_say_the_same_of_sound_and_of_damaged_journals() {
    let store = TempDir::new().unwrap();
    let damaged = damaged();
    let journals = damaged.iter().map(|(name, bytes)| put_journal(store.path(), name, bytes));

    compare(&journals.collect::<Vec<_>>());
}

/// Holds what the independent verifier says of journals of session `demo` against what annals says.
pub(crate) fn compare(journals: &[PathBuf]) {
    let mut expected = Vec::new();
    for journal in journals {
        let verification = verified(journal.parent().unwrap(), "demo");
        let findings = verification.findings.iter().filter(|finding| is_about_bytes(finding));
        let mut lines: Vec<String> = findings.map(|finding| line_of(journal, finding)).collect();
        if lines.is_empty() {
            lines.push(format!("{}: ok", journal.display()));
        }
        let is_sound = journal.parent().unwrap().ends_with("sound");
        assert!(!is_sound || lines[0].ends_with(": ok"), "{lines:?}");
        expected.extend(lines);
    }

    let Some(output) = independent(journals) else { return };

    let lines: Vec<String> = text(&output.stdout).lines().map(str::to_owned).collect();
    let without = |these: &[String], those: &[String], who: &str| -> Vec<String> {
        let alone = these.iter().filter(|line| !those.contains(line));
        alone.map(|line| format!("{who} alone: {line}")).collect()
    };
    let differing = [without(&expected, &lines, "annals"), without(&lines, &expected, "page")];
    assert_eq!(differing.concat(), Vec::<String>::new(), "{}", text(&output.stderr));
    assert_eq!((lines.len(), output.status.code()), (expected.len(), Some(1)));
}
