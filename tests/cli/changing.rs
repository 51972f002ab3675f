//! Each command that changes a session does what its name says.

use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::sandbox::Sandbox;

#[test]
fn create_prints_the_id_and_keeps_what_it_was_given() {
    let sandbox = Sandbox::new();
    let id = sandbox.ok(&[
        "create",
        "--name",
        "first",
        "--message",
        "hello",
        "--cwd",
        "project",
        "--background",
        "--field",
        "issue=42",
        "--field",
        "branch=main",
    ]);
    let state = sandbox.show(id.trim());
    assert_eq!(state["name"], "first");
    assert_eq!(state["first_message"], "hello");
    assert_eq!(state["status"], "background");
    assert_eq!(state["fields"], json!({"branch": "main", "issue": 42}));
    assert!(state["cwd"].as_str().unwrap().ends_with("/project"), "{state}");
    assert_eq!(state["seq"], 2);
}

#[test]
fn create_takes_an_id_of_the_callers() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.ok(&["create", "--id", "mine"]), "mine\n");
    assert_eq!(sandbox.show("mine")["message_count"], 0);
}

#[test]
fn record_takes_text_from_the_argument_or_from_standard_input() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "talk"]);
    assert_eq!(
        sandbox.ok(&["record", "talk", "--role", "user", "-- not a flag"]),
        "recorded talk (seq 2)\n"
    );
    let record = ["record", "talk", "--role", "assistant", "-", "--model", "m-1"];
    sandbox.run_with_input(&record, "from\nstdin").expect(0);
    let texts: Vec<_> = sandbox.json(&["log", "talk", "--type", "message_recorded"]);
    assert_eq!(texts[0]["data"], json!({"role": "user", "text": "-- not a flag"}));
    assert_eq!(
        texts[1]["data"],
        json!({"role": "assistant", "text": "from\nstdin", "model": "m-1"})
    );
}

#[test]
fn a_key_makes_a_record_happen_once() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "once"]);
    let record = ["record", "once", "--role", "user", "hi", "--key", "k1"];
    assert_eq!(sandbox.ok(&record), "recorded once (seq 2)\n");
    assert_eq!(sandbox.ok(&record), "already recorded once (seq 2)\n");
    assert_eq!(sandbox.show("once")["message_count"], 1);
}

#[test]
fn each_status_command_changes_the_status_of_every_session_named() {
    let sandbox = Sandbox::new();
    for id in ["aaaa", "bbbb"] {
        sandbox.ok(&["create", "--id", id]);
    }
    for (command, status) in [
        ("background", "background"),
        ("activate", "active"),
        ("archive", "archived"),
        ("restore", "active"),
        ("delete", "deleted"),
        ("undo", "active"),
    ] {
        let states = sandbox.json(&[command, "aaaa", "bbbb"]);
        assert_eq!(states.len(), 2, "{command}");
        for state in states {
            assert_eq!(state["status"], status, "{command}");
        }
    }
}

#[test]
fn a_change_that_changes_nothing_records_nothing() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "same"]);
    assert_eq!(sandbox.ok(&["archive", "same"]), "archived same (seq 2)\n");
    assert_eq!(sandbox.ok(&["archive", "same"]), "unchanged same (seq 2)\n");
}

#[test]
fn tags_and_fields_come_and_go() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "labelled"]);
    sandbox.ok(&["tag", "labelled", "red", "blue"]);
    sandbox.ok(&["set", "labelled", "count", "-3"]);
    sandbox.ok(&["set", "labelled", "note", "plain text"]);
    let state = sandbox.show("labelled");
    assert_eq!(state["tags"], json!(["blue", "red"]));
    assert_eq!(state["fields"], json!({"count": -3, "note": "plain text"}));
    sandbox.ok(&["untag", "labelled", "red"]);
    sandbox.ok(&["unset", "labelled", "count", "note"]);
    let state = sandbox.show("labelled");
    assert_eq!(state["tags"], json!(["blue"]));
    assert_eq!(state["fields"], json!({}));
}

#[test]
fn rename_gives_a_name_and_takes_it_away() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "named"]);
    sandbox.ok(&["rename", "named", "a better name"]);
    assert_eq!(sandbox.show("named")["name"], "a better name");
    sandbox.ok(&["rename", "a better name", "--clear"]);
    assert_eq!(sandbox.show("named")["name"], json!(null));
}

#[test]
fn a_fork_begins_with_its_parents_state_and_leaves_the_parent_alone() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "parent", "--message", "hello"]);
    let made = sandbox.ok(&["fork", "parent", "--id", "child", "--name", "branch"]);
    assert_eq!(made, "child\n");
    let child = sandbox.show("child");
    assert_eq!(child["parent"], "parent");
    assert_eq!(child["name"], "branch");
    assert_eq!(child["first_message"], "hello");
    assert_eq!(sandbox.show("parent")["seq"], 2);
    let refused = sandbox.run(&["fork", "parent", "--expect", "1"]).expect(5);
    assert!(refused.stderr.contains("stands at seq 2"), "{refused:?}");
}

#[test]
fn one_session_that_refuses_does_not_keep_the_others_from_being_changed() {
    let sandbox = Sandbox::new();
    for id in ["good", "gone", "fine"] {
        sandbox.ok(&["create", "--id", id]);
    }
    sandbox.ok(&["delete", "gone"]);
    let ran = sandbox.run(&["background", "good", "gone", "fine"]).expect(5);
    assert_eq!(ran.stdout, "backgrounded good (seq 2)\nbackgrounded fine (seq 2)\n");
    assert!(ran.stderr.contains("gone"), "{ran:?}");
}

#[test]
fn a_selector_that_fits_nothing_keeps_every_session_from_being_changed() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "good"]);
    sandbox.run(&["archive", "good", "missing"]).expect(3);
    assert_eq!(sandbox.show("good")["status"], "active");
}

#[test]
fn purge_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "secret"]);
    sandbox.ok(&["purge", "secret"]);
    sandbox.run(&["show", "secret"]).expect(3);
    assert!(!sandbox.journal("secret").exists());
}

fn start(mut command: Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn of_writers_that_expect_the_same_seq_one_wins() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "contested"]);
    let record = ["record", "contested", "--role", "user", "x", "--expect", "1"];
    let writers: Vec<_> = (0..6).map(|_| start(sandbox.command(&record))).collect();
    let mut codes: Vec<_> =
        writers.into_iter().map(|mut writer| writer.wait().unwrap().code().unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 5, 5, 5, 5, 5]);
    assert_eq!(sandbox.show("contested")["seq"], 2);
}
