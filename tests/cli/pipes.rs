//! Readers who go away, and readers who wait.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

/// More output than a pipe holds.
fn talkative() -> Sandbox {
    let sandbox = Sandbox::new();
    let mut lines = vec![json!({"op": "create", "id": "demo"}).to_string()];
    lines.extend((0..300).map(|_| {
        let text = "x".repeat(1000);
        json!({"op": "record", "session": "demo", "role": "user", "text": text}).to_string()
    }));
    let arguments = ["batch", "--durability", "buffered"];
    sandbox.run_with_input(&arguments, lines.join("\n")).expect(0);
    sandbox
}

#[test]
fn a_closed_pipe_ends_a_command_quietly() {
    let sandbox = talkative();
    for arguments in [&["log", "demo"][..], &["--json", "log", "demo"], &["--json", "log"]] {
        let mut child = sandbox
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut reader = BufReader::with_capacity(64, child.stdout.take().unwrap());
        reader.read_line(&mut first).unwrap();
        drop(reader);
        let mut complaints = String::new();
        child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
        assert_eq!(complaints, "", "{arguments:?}");
    }
}

#[test]
fn a_change_is_made_even_if_nobody_reads_the_answer() {
    let sandbox = Sandbox::new();
    for id in ["aaaa", "bbbb"] {
        sandbox.ok(&["create", "--id", id]);
    }
    let mut child =
        sandbox.command(&["archive", "aaaa", "bbbb"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(sandbox.show("bbbb")["status"], "archived");
}

#[test]
fn log_follow_shows_what_is_recorded_meanwhile() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "demo"]);
    let mut child = sandbox
        .command(&["--json", "log", "demo", "--follow"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["type"], "created");
    sandbox.ok(&["tag", "demo", "red"]);
    assert_eq!(next()["type"], "tagged");
    sandbox.ok(&["archive", "demo"]);
    assert_eq!(next()["type"], "archived");
    child.kill().unwrap();
    child.wait().unwrap();
}
