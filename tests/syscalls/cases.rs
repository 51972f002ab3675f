//! The commands, and the stores that they are run on.

use std::fs;
use std::os::unix::fs::FileExt as _;

use crate::scene::Scene;

/// The records that a snapshot is written after.
const SNAPSHOT_EVERY: usize = 256;

/// What the record says that the redactions are about.
pub(crate) const REDACTED: &str = "the code is 4711-0815";

/// What a command does to the sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Reads,
    /// It makes one append: all of it is there, or nothing.
    Appends,
    /// It seals older history, which reads as before.
    Compacts,
    /// It removes data and says so: both, or nothing. One that fails is asked for again.
    Redacts,
    /// It takes several steps, and may be stopped between two of them.
    Several,
    /// It removes the session.
    Purges,
}

/// A command, and where it is run.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) effect: Effect,
    pub(crate) prepare: fn(&Scene),
    pub(crate) arguments: Vec<String>,
    /// What is done next, with the exit codes that are right: whatever happened to the command, it
    /// must work without help.
    pub(crate) then: &'static [(&'static [&'static str], &'static [i32])],
}

const RECORD: (&[&str], &[i32]) = (&["record", "demo", "--role", "user", "afterwards"], &[0]);
const CREATE: (&[&str], &[i32]) = (&["create", "--id", "demo"], &[0, 5]);
const RESTORE: (&[&str], &[i32]) = (&["restore", "demo"], &[0, 5]);
const RECOVER: (&[&str], &[i32]) = (&["recover", "demo"], &[0, 1]);
const RECOVER_ALL: (&[&str], &[i32]) = (&["recover", "--all"], &[0]);
const COMPACT: (&[&str], &[i32]) = (&["compact", "demo", "--keep", "2"], &[0]);
const REDACT: (&[&str], &[i32]) = (&["redact", "demo", "2", "--reason", "a gate code"], &[0]);

/// Every case. A command that is new here needs one line.
pub(crate) fn all() -> Vec<Case> {
    use Effect::{Appends, Compacts, Purges, Reads, Redacts, Several};
    let long = "a long text, of which no two lines are equal: ".repeat(1_600);
    let long = ["record", "demo", "--role", "user", &long];
    let first = ["create", "--id", "demo", "--message", "hello"];
    let record = ["record", "demo", "--role", "user", "hello again"];
    let compact = ["compact", "demo", "--keep", "2"];
    let redact = ["redact", "demo", "2", "--reason", "a gate code"];
    let transcripts = ["import", "--from", "claude-code", "transcripts"];
    vec![
        case("create, in no store", Appends, nothing, &first).then(&[CREATE, RECORD]),
        case("create", Appends, two_sessions, &["create", "--id", "new", "--message", "hello"]),
        case("record", Appends, two_sessions, &record),
        case("record, a long text", Appends, two_sessions, &long),
        case("record, after a torn write", Appends, torn, &record),
        case("record, after a torn line feed", Appends, torn_line_feed, &record),
        case("record, after a failed sync", Appends, suspect, &record),
        case("record, with a snapshot due", Appends, snapshot_due, &record),
        case("batch", Several, two_sessions, &["batch", "commands.jsonl"]),
        case("rename", Appends, two_sessions, &["rename", "demo", "Grove"]),
        case("archive", Appends, two_sessions, &["archive", "demo"]).then(&[RESTORE, RECORD]),
        case("tag", Appends, two_sessions, &["tag", "demo", "frost"]),
        case("set", Appends, two_sessions, &["set", "demo", "rows", "7"]),
        case("fork", Appends, two_sessions, &["fork", "demo", "--id", "branch"]),
        case("undo", Appends, two_sessions, &["undo", "demo"]),
        case("delete", Appends, two_sessions, &["delete", "demo"]).then(&[RESTORE, RECORD]),
        case("purge", Purges, two_sessions, &["purge", "demo"]).then(&[CREATE, RECORD]),
        case("recover", Several, corrupt, &["recover", "demo"]).then(&[RECOVER, RECORD]),
        case("recover --all", Several, strewn, &["recover", "--all"]).then(&[RECOVER_ALL, RECORD]),
        case("compact", Compacts, two_sessions, &compact).then(&[COMPACT, RECORD]),
        case("redact", Redacts, two_sessions, &redact).then(&[REDACT, RECORD]),
        case("redact, in a segment", Redacts, compacted, &redact).then(&[REDACT, RECORD]),
        case("import", Several, transcript, &transcripts),
        case("list", Reads, two_sessions, &["list", "--status", "all"]),
        case("show", Reads, two_sessions, &["show", "demo"]),
        case("log", Reads, two_sessions, &["log", "demo"]),
        case("verify", Reads, two_sessions, &["verify"]),
        case("head", Reads, two_sessions, &["head"]),
    ]
}

fn case(name: &'static str, effect: Effect, prepare: fn(&Scene), arguments: &[&str]) -> Case {
    let arguments = arguments.iter().map(ToString::to_string).collect();
    Case { name, effect, prepare, arguments, then: &[RECORD] }
}

impl Case {
    fn then(self, then: &'static [(&'static [&'static str], &'static [i32])]) -> Self {
        Self { then, ..self }
    }

    pub(crate) fn arguments(&self) -> Vec<&str> {
        self.arguments.iter().map(String::as_str).collect()
    }
}

fn nothing(_: &Scene) {}

fn two_sessions(scene: &Scene) {
    scene.does(&["create", "--id", "demo", "--name", "Orchard", "--message", REDACTED]);
    scene.does(&["create", "--id", "other", "--message", "hello"]);
    scene.does(&["record", "demo", "--role", "assistant", "good morning"]);
    scene.does(&["tag", "demo", "apple"]);
    let commands = [
        r#"{"op":"record","session":"demo","role":"user","text":"one","key":"first"}"#,
        r#"{"op":"rename","session":"other","name":"Grove"}"#,
        r#"{"op":"record","session":"demo","role":"user","text":"two"}"#,
        r#"{"op":"tag","session":"demo","tag":"frost"}"#,
        r#"{"op":"create","id":"third","message":"hello"}"#,
    ];
    fs::write(scene.home().join("commands.jsonl"), commands.join("\n")).unwrap();
}

/// Where the last record of a journal ends, and the file.
fn end_of_records(scene: &Scene) -> (u64, fs::File) {
    let path = scene.journal("demo");
    let bytes = fs::read(&path).unwrap();
    let end = bytes.iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
    (end as u64, fs::File::options().write(true).open(path).unwrap())
}

/// The first half of a record stands behind the last one.
fn torn(scene: &Scene) {
    two_sessions(scene);
    let (end, journal) = end_of_records(scene);
    journal.write_all_at(br#"{"crc":"0badc0de","seq":5,"prev":"hal"#, end).unwrap();
}

/// All of the last record is there but its line feed.
fn torn_line_feed(scene: &Scene) {
    two_sessions(scene);
    let (end, journal) = end_of_records(scene);
    journal.write_all_at(b" ", end - 1).unwrap();
}

/// The lock file says that a sync has failed.
fn suspect(scene: &Scene) {
    two_sessions(scene);
    let path = scene.session_folder("demo").join("lock");
    let said = fs::read_to_string(&path).unwrap();
    let sound = r#""suspect":false,"#;
    assert!(said.contains(sound), "{said}");
    fs::write(path, said.replace(sound, r#""suspect":true ,"#)).unwrap();
}

/// One byte of a record in the middle is another.
fn corrupt(scene: &Scene) {
    two_sessions(scene);
    let path = scene.journal("demo");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, text.replace("good morning", "good mourning".get(..12).unwrap())).unwrap();
}

/// A session has left the folder of sessions, and the removal of another was cut short.
fn strewn(scene: &Scene) {
    two_sessions(scene);
    scene.does(&["create", "--id", "gone", "--message", "hello"]);
    let sessions = scene.session_folder("demo").parent().unwrap().to_owned();
    fs::rename(sessions.join("gone"), sessions.join(".gone-1")).unwrap();
    fs::rename(sessions.join("demo"), scene.store().join("#12345")).unwrap();
}

/// Older history is sealed.
fn compacted(scene: &Scene) {
    two_sessions(scene);
    scene.does(&["compact", "demo", "--keep", "2"]);
    assert!(scene.session_folder("demo").join("segments").exists());
}

/// The next record but one brings the second snapshot.
fn snapshot_due(scene: &Scene) {
    scene.does(&["create", "--id", "demo"]);
    let line = "{\"op\":\"record\",\"session\":\"demo\",\"role\":\"user\",\"text\":\"hello\"}\n";
    let commands = scene.home().join("commands.jsonl");
    // One line a batch for those that bring a snapshot: a group of lines brings it when it likes.
    for count in [SNAPSHOT_EVERY - 2, 1, SNAPSHOT_EVERY - 1] {
        fs::write(&commands, line.repeat(count)).unwrap();
        scene.does(&["batch", commands.to_str().unwrap()]);
    }
    assert!(scene.session_folder("demo").join("snapshot.json").exists());
}

const TRANSCRIPT: &str = r#"{"type":"user","uuid":"11111111-0000-4000-8000-000000000001","parentUuid":null,"sessionId":"5a0c1f7e-52c0-4b1c-9a55-0d3c8f1b7a10","timestamp":"2026-11-20T08:00:00.000Z","cwd":"/srv/orchard","version":"2.1.40","message":{"role":"user","content":"When is the first frost?"}}
{"type":"assistant","uuid":"11111111-0000-4000-8000-000000000002","parentUuid":"11111111-0000-4000-8000-000000000001","sessionId":"5a0c1f7e-52c0-4b1c-9a55-0d3c8f1b7a10","timestamp":"2026-11-20T08:00:05.000Z","cwd":"/srv/orchard","version":"2.1.40","message":{"id":"msg_1","role":"assistant","model":"m","content":[{"type":"text","text":"In ten days."}],"usage":{"input_tokens":12,"output_tokens":4}}}
{"type":"custom-title","customTitle":"Frost","sessionId":"5a0c1f7e-52c0-4b1c-9a55-0d3c8f1b7a10"}
"#;

fn transcript(scene: &Scene) {
    two_sessions(scene);
    let folder = scene.home().join("transcripts");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("5a0c1f7e-52c0-4b1c-9a55-0d3c8f1b7a10.jsonl"), TRANSCRIPT).unwrap();
}
