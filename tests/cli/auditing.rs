//! Heads, anchors, verification, recovery and the past.

use std::collections::BTreeSet;

use serde_json::json;

use crate::sandbox::{Sandbox, flip_byte, line_of};

fn with_messages(count: usize) -> Sandbox {
    let sandbox = Sandbox::new();
    let mut lines = vec![json!({"op": "create", "id": "demo", "name": "a demo"})];
    lines.extend((2..=count).map(
        |n| json!({"op": "record", "session": "demo", "role": "user", "text": format!("text {n}")}),
    ));
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    sandbox.run_with_input(&["batch"], lines).expect(0);
    sandbox.ok(&["create", "--id", "sound"]);
    sandbox
}

fn damage(sandbox: &Sandbox, seq: usize) {
    let (offset, line) = line_of(&sandbox.journal("demo"), seq);
    flip_byte(&sandbox.journal("demo"), offset + line.len() / 2);
}

#[test]
fn heads_are_printed_in_the_form_that_verify_reads() {
    let sandbox = with_messages(5);
    let heads = sandbox.ok(&["head"]);
    let words: Vec<_> = heads.lines().next().unwrap().split(' ').collect();
    assert_eq!((words[0], words[1], words[2].len()), ("demo", "5", 43));
    let lines = sandbox.json(&["head", "demo"]);
    assert_eq!(lines, [json!({"session": "demo", "seq": 5, "link": words[2]})]);
    let as_text = sandbox.file("anchors.txt", format!("# written down\n\n{heads}"));
    let as_json = sandbox.file("anchors.jsonl", sandbox.ok(&["--json", "head"]));
    for anchors in [as_text, as_json] {
        let lines = sandbox.json(&["verify", "--anchors", &anchors]);
        assert_eq!(lines[0]["summary"]["anchored"], 6, "{lines:?}");
        assert_eq!(lines[0]["summary"]["findings"], 0, "{lines:?}");
    }
}

#[test]
fn an_anchor_shows_that_a_history_was_rewritten_or_cut() {
    let sandbox = with_messages(5);
    let anchors = sandbox.file("anchors", sandbox.ok(&["head"]));
    sandbox.ok(&["purge", "demo"]);
    let gone = sandbox.run(&["--json", "verify", "--anchors", &anchors]).expect(1).json();
    assert_eq!((&gone[0]["session"], &gone[0]["class"]), (&json!("demo"), &json!("truncated")));
    sandbox.ok(&["create", "--id", "demo"]);
    let cut = sandbox.run(&["--json", "verify", "--anchors", &anchors]).expect(1).json();
    assert_eq!((&cut[0]["session"], &cut[0]["class"]), (&json!("demo"), &json!("truncated")));
    for _ in 0..5 {
        sandbox.ok(&["record", "demo", "--role", "user", "forged"]);
    }
    let forged = sandbox.run(&["--json", "verify", "--anchors", &anchors]).expect(1).json();
    assert_eq!(forged[0]["class"], "chain-break", "{forged:?}");
}

#[test]
fn a_bad_anchor_is_named_by_its_line() {
    let sandbox = with_messages(1);
    for (content, why) in [
        (&b"# fine\ndemo one link\n"[..], "line 2: a head is written as"),
        (b"demo 1 short\n", "line 1"),
        (b"{\"session\":\"demo\"}\n", "line 1"),
        (b"\n\n\xff\n", "line 3: it is not UTF-8"),
        (&[b'x'; 5000], "line 1: it is too long"),
    ] {
        let anchors = sandbox.file("anchors", content);
        let ran = sandbox.run(&["verify", "--anchors", &anchors]).expect(2);
        assert!(ran.stderr.contains(why), "{ran:?}");
        assert!(ran.stdout.is_empty(), "{ran:?}");
    }
    sandbox.run(&["verify", "--anchors", "no-such-file"]).expect(2);
}

#[test]
fn verify_names_every_finding_and_sums_up() {
    let sandbox = with_messages(5);
    damage(&sandbox, 3);
    let ran = sandbox.run(&["--json", "verify"]).expect(1);
    let lines = ran.json();
    let (summary, findings) = lines.split_last().unwrap();
    assert_eq!(findings[0]["class"], "corrupt", "{findings:?}");
    assert_eq!(findings[0]["session"], "demo");
    assert_eq!(findings[0]["severity"], "error");
    let names: BTreeSet<_> = findings[0].as_object().unwrap().keys().cloned().collect();
    let expected = ["class", "message", "next", "offset", "seq", "session", "severity"];
    assert_eq!(names, expected.map(String::from).into());
    let names: BTreeSet<_> = summary["summary"].as_object().unwrap().keys().cloned().collect();
    let expected = ["anchored", "bytes", "corrupted", "findings", "records", "sessions"];
    assert_eq!(names, expected.map(String::from).into());
    assert_eq!(summary["summary"]["sessions"], 2);
    assert_eq!(summary["summary"]["corrupted"], 1);
    let people = sandbox.run(&["verify"]).expect(1);
    assert!(people.stdout.starts_with("corrupt: demo"), "{people:?}");
    assert!(people.stdout.contains("  next: "), "{people:?}");
    sandbox.run(&["verify", "--quick"]).expect(1);
    sandbox.run(&["verify", "sound"]).expect(0);
}

#[test]
fn damage_is_a_warning_to_those_who_read() {
    let sandbox = with_messages(5);
    damage(&sandbox, 3);
    let log = sandbox.run(&["--json", "log", "demo"]).expect(0);
    let seqs: Vec<_> = log.json().iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, [1, 2, 4, 5]);
    assert!(log.stderr.contains("\"warning\"") && log.stderr.contains("\"corrupt\""), "{log:?}");
    let shown = sandbox.run(&["show", "demo"]).expect(0);
    assert!(shown.stderr.starts_with("warning: "), "{shown:?}");
    let listed = sandbox.run(&["list"]).expect(0);
    assert_eq!(listed.stdout.lines().count(), 3, "{listed:?}");
    assert_eq!(sandbox.run(&["-q", "show", "demo"]).expect(0).stderr, "");
}

#[test]
fn recover_keeps_what_proves_itself_and_names_what_is_lost() {
    let sandbox = with_messages(5);
    damage(&sandbox, 3);
    let before = std::fs::read(sandbox.journal("demo")).unwrap();
    let plan = sandbox.run(&["--json", "recover", "demo", "--dry-run"]).expect(1).json();
    assert_eq!(std::fs::read(sandbox.journal("demo")).unwrap(), before);
    let done = sandbox.run(&["--json", "recover", "demo"]).expect(1).json();
    for line in [&plan[0], &done[0]] {
        assert_eq!(line["session"], "demo");
        assert_eq!(line["records_kept"], 4, "{line}");
        assert_eq!(line["lost"][0]["first_seq"], 3, "{line}");
        assert_eq!(line["lost"][0]["last_seq"], 3, "{line}");
        assert!(line["lost"][0]["bytes"].is_u64(), "{line}");
        assert_eq!(line["changed"], true);
    }
    assert!(done[0]["quarantined"].is_string(), "{done:?}");
    let again = sandbox.json(&["recover", "demo"]);
    assert_eq!(again[0]["changed"], false, "{again:?}");
    sandbox.ok(&["archive", "demo"]);
}

#[test]
fn recover_all_leaves_sound_sessions_alone() {
    let sandbox = with_messages(3);
    let lines = sandbox.json(&["recover", "--all"]);
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|line| line["changed"] == false), "{lines:?}");
}

#[test]
fn the_past_can_be_shown_and_compared() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "demo", "--name", "before"]);
    sandbox.ok(&["rename", "demo", "after"]);
    sandbox.ok(&["set", "demo", "n", "1"]);
    let then = sandbox.json(&["show", "demo", "--at", "1"]);
    assert_eq!(then[0]["name"], "before");
    let at = sandbox.json(&["log", "demo"])[1]["at"].as_str().unwrap().to_owned();
    assert_eq!(sandbox.json(&["show", "demo", "--at", &at])[0]["name"], "after");
    sandbox.run(&["show", "demo", "--at", "2001-01-01"]).expect(2);
    assert_eq!(
        sandbox.json(&["diff", "demo", "1..3"]),
        [json!({"session": "demo", "from_seq": 1, "to_seq": 3, "changes": [
            {"field": "fields.n", "before": null, "after": 1},
            {"field": "name", "before": "before", "after": "after"},
            {"field": "seq", "before": 1, "after": 3},
        ]})]
    );
    let people = sandbox.ok(&["diff", "demo", "1..2"]);
    assert_eq!(people, "name: \"before\" -> \"after\"\nseq: 1 -> 2\n");
}
