//! Text of sessions cannot steer a terminal, wherever it is shown.

use serde_json::json;

use crate::sandbox::Sandbox;

/// A message with a colour, a C1 control, a cleared screen, a reordering and an unseen character.
const HOSTILE: &str = "a\u{1b}[31mb\u{9b}2Jc\u{202e}d\u{200b}e\u{7f}f\r\ng";

fn is_harmless(text: &str) -> bool {
    !text.chars().any(|character| {
        (character.is_control() && character != '\n')
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
    })
}

fn hostile_session() -> Sandbox {
    let sandbox = Sandbox::new();
    let lines = [
        json!({"op": "create", "id": "trap", "name": "n\u{202e}\u{200b}ame", "message": HOSTILE,
            "cwd": HOSTILE, "fields": {"f\u{202e}": HOSTILE}}),
        json!({"op": "tag", "session": "trap", "tag": "t\u{202e}ag"}),
    ];
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    sandbox.run_with_input(&["batch"], lines).expect(0);
    sandbox
}

#[test]
fn people_see_escapes_spelled_out() {
    let sandbox = hostile_session();
    for arguments in [
        &["list"][..],
        &["show", "trap"],
        &["log", "trap"],
        &["log"],
        &["diff", "trap", "1..3"],
        &["-vvv", "list"],
        &["--color", "never", "show", "trap"],
    ] {
        let ran = sandbox.run(arguments).expect(0);
        assert!(is_harmless(&ran.stdout), "{arguments:?}: {:?}", ran.stdout);
        assert!(is_harmless(&ran.stderr), "{arguments:?}: {:?}", ran.stderr);
    }
    assert!(sandbox.ok(&["show", "trap"]).contains(r"a\u{1b}[31mb\u{9b}2Jc\u{202e}d\u{200b}e"));
}

#[test]
fn json_is_harmless_and_exact() {
    let sandbox = hostile_session();
    for arguments in [&["show", "trap"][..], &["list"], &["log", "trap"], &["diff", "trap", "1..3"]]
    {
        let arguments: Vec<_> = ["--json"].iter().chain(arguments).copied().collect();
        let ran = sandbox.run(&arguments).expect(0);
        assert!(is_harmless(&ran.stdout), "{arguments:?}: {:?}", ran.stdout);
    }
    assert_eq!(sandbox.show("trap")["first_message"], HOSTILE);
}

#[test]
fn errors_repeat_nothing_that_a_terminal_obeys() {
    let sandbox = hostile_session();
    for arguments in [
        &["show", HOSTILE][..],
        &["--json", "show", HOSTILE],
        &["rename", "trap", HOSTILE],
        &["--json", "rename", "trap", HOSTILE],
        &["list", "--status", HOSTILE],
        &["--store", HOSTILE, "show", "missing"],
        &["import", "--from", "codex", HOSTILE],
        &["verify", "--anchors", HOSTILE],
    ] {
        let ran = sandbox.run(arguments);
        assert_ne!(ran.code, 0, "{arguments:?}");
        assert!(is_harmless(&ran.stderr), "{arguments:?}: {:?}", ran.stderr);
    }
}

#[test]
fn a_name_of_escapes_alone_cannot_be_given() {
    let sandbox = hostile_session();
    sandbox.run(&["rename", "trap", "\u{1b}]0;title\u{7}"]).expect(2);
}
