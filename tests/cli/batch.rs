//! Commands as JSON lines.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::sandbox::{Ran, Sandbox};

fn batch(sandbox: &Sandbox, lines: &[Value]) -> Ran {
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    sandbox.run_with_input(&["batch"], lines)
}

#[test]
fn every_operation_is_answered_with_the_state_after_it() {
    let sandbox = Sandbox::new();
    let answers = batch(&sandbox, &[
        json!({"op": "create", "id": "demo", "name": "n", "message": "m", "cwd": "/p",
            "status": "background", "fields": {"k": [1]}, "ref": 1}),
        json!({"op": "record", "session": "demo", "role": "assistant", "text": "t", "model": "x",
            "key": "k1", "expect": 2, "ref": "two"}),
        json!({"op": "rename", "session": "demo", "name": "renamed"}),
        json!({"op": "activate", "session": "demo"}),
        json!({"op": "background", "session": "demo"}),
        json!({"op": "archive", "session": "demo"}),
        json!({"op": "restore", "session": "demo"}),
        json!({"op": "tag", "session": "demo", "tag": "red"}),
        json!({"op": "untag", "session": "demo", "tag": "red"}),
        json!({"op": "set", "session": "demo", "key": "n", "value": null}),
        json!({"op": "unset", "session": "demo", "key": "n"}),
        json!({"op": "undo", "session": "demo"}),
        json!({"op": "show", "session": "demo"}),
        json!({"op": "delete", "session": "demo"}),
    ])
    .expect(0)
    .json();
    assert!(answers.iter().all(|answer| answer["ok"] == true), "{answers:#?}");
    let refs: Vec<_> = answers[..3].iter().map(|answer| &answer["ref"]).collect();
    assert_eq!(refs, [&json!(1), &json!("two"), &Value::Null]);
    let seqs: Vec<_> =
        answers.iter().map(|answer| answer["session"]["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 13, 14]);
    assert_eq!(answers[0]["session"]["fields"], json!({"k": [1]}));
    assert_eq!(answers[13]["session"]["status"], "deleted");
}

#[test]
fn a_refused_line_does_not_stop_the_rest() {
    let sandbox = Sandbox::new();
    let input = concat!(
        r#"{"op":"create","id":"demo","ref":0}"#,
        "\n",
        "not json\n",
        "\n",
        "[1]\n",
        r#"{"op":"fly","ref":3}"#,
        "\n",
        r#"{"ref":4}"#,
        "\n",
        r#"{"op":"archive","session":"demo","colour":"red","ref":5}"#,
        "\n",
        r#"{"op":"rename","session":"demo","ref":6}"#,
        "\n",
        r#"{"op":"show","session":"missing","ref":7}"#,
        "\n",
        r#"{"op":"create","id":"../x","ref":8}"#,
        "\n",
        r#"{"op":"archive","session":"demo","expect":9,"ref":9}"#,
        "\n",
        r#"{"op":"list","since":"never","ref":10}"#,
        "\n",
        r#"{"op":"show","session":"demo","ref":11}"#,
    );
    let answers = sandbox.run_with_input(&["batch"], input).expect(1).json();
    let seen: Vec<_> = answers
        .iter()
        .map(|answer| (answer["ref"].as_u64(), answer["error"]["kind"].as_str().unwrap_or("ok")))
        .collect();
    assert_eq!(
        seen,
        [
            (Some(0), "ok"),
            (None, "invalid-input"),
            (None, "invalid-input"),
            (Some(3), "invalid-input"),
            (Some(4), "invalid-input"),
            (Some(5), "invalid-input"),
            (Some(6), "invalid-input"),
            (Some(7), "not-found"),
            (Some(8), "invalid-input"),
            (Some(9), "conflict"),
            (Some(10), "invalid-input"),
            (Some(11), "ok"),
        ]
    );
    let of = |index: usize| answers[index]["error"]["message"].as_str().unwrap();
    assert!(of(3).contains("fly"), "{}", of(3));
    assert!(of(5).contains("unknown field `colour`"), "{}", of(5));
    assert_eq!(answers[11]["session"]["seq"], 1);
}

#[test]
fn lines_that_cannot_be_read_are_answered_too() {
    let sandbox = Sandbox::new();
    let mut input = b"{\"op\":\"create\",\"id\":\"a\"}\n\xff\xfe\n".to_vec();
    input.extend(vec![b'x'; 17 * 1024 * 1024]);
    input.extend(b"\n{\"op\":\"create\",\"id\":\"b\"}\n");
    let answers = sandbox.run_with_input(&["batch"], input).expect(1).json();
    let oks: Vec<_> = answers.iter().map(|answer| answer["ok"].as_bool().unwrap()).collect();
    assert_eq!(oks, [true, false, false, true]);
    let of = |index: usize| answers[index]["error"]["message"].as_str().unwrap();
    assert!(of(1).contains("UTF-8") && of(2).contains("longer"), "{answers:?}");
}

#[test]
fn lines_of_one_session_keep_their_order_while_sessions_go_on_together() {
    let sandbox = Sandbox::new();
    let mut lines = Vec::new();
    for session in 0..20 {
        lines.push(json!({"op": "create", "id": format!("s{session}")}));
    }
    for n in 0..15 {
        for session in 0..20 {
            lines.push(json!({"op": "record", "session": format!("s{session}"), "role": "user",
                "text": format!("{n}"), "expect": n + 1, "ref": [session, n]}));
        }
    }
    let answers = batch(&sandbox, &lines).expect(0).json();
    assert_eq!(answers.len(), lines.len());
    for (line, answer) in lines.iter().zip(&answers) {
        assert_eq!(answer["ref"], line["ref"]);
        if let Some(expect) = line["expect"].as_u64() {
            assert_eq!(answer["session"]["seq"], expect + 1);
        }
    }
}

#[test]
fn names_and_listings_see_everything_before_them() {
    let sandbox = Sandbox::new();
    let answers = batch(
        &sandbox,
        &[
            json!({"op": "create", "id": "demo", "name": "by name"}),
            json!({"op": "archive", "session": "by name"}),
            json!({"op": "create", "id": "other", "name": "else"}),
            json!({"op": "rename", "session": "demo", "name": "new name"}),
            json!({"op": "tag", "session": "new name", "tag": "red"}),
            json!({"op": "list", "status": "all", "tag": "red"}),
            json!({"op": "list", "status": ["active", "archived"], "sort": "name", "limit": 1}),
            json!({"op": "list"}),
        ],
    )
    .expect(0)
    .json();
    let ids = |answer: &Value| -> Vec<String> {
        let sessions = answer["sessions"].as_array().unwrap().iter();
        sessions.map(|session| session["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(answers[4]["session"]["id"], "demo");
    assert_eq!(ids(&answers[5]), ["demo"]);
    assert_eq!(ids(&answers[6]), ["other"]);
    assert_eq!(ids(&answers[7]), ["other"]);
}

#[test]
fn an_answer_comes_before_the_next_line_is_asked_for() {
    let sandbox = Sandbox::new();
    let mut child = sandbox
        .command(&["batch", "-", "--durability", "buffered"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    for n in 0..3 {
        writeln!(input, "{}", json!({"op": "create", "id": format!("s{n}"), "ref": n})).unwrap();
        let answer: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer["ref"], n);
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn commands_come_from_a_file_as_well() {
    let sandbox = Sandbox::new();
    let file = sandbox.file("commands.jsonl", "{\"op\":\"create\",\"id\":\"demo\"}\n");
    assert_eq!(sandbox.run(&["batch", &file]).expect(0).json().len(), 1);
    sandbox.run(&["batch", "no-such-file"]).expect(2);
}
