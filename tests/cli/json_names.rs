//! The names that scripts rely on.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::sandbox::Sandbox;

#[track_caller]
fn names_are(value: &Value, expected: &[&str]) {
    let names: BTreeSet<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, expected.iter().copied().collect());
}

const SESSION: [&str; 14] = [
    "id",
    "status",
    "created",
    "last_active",
    "first_message",
    "name",
    "message_count",
    "file_count",
    "tags",
    "cwd",
    "source",
    "parent",
    "fields",
    "seq",
];

#[test]
fn every_command_that_changes_a_session_prints_its_state() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["create", "--id", "demo"][..],
        &["record", "demo", "--role", "user", "hi"],
        &["rename", "demo", "n"],
        &["tag", "demo", "t"],
        &["untag", "demo", "t"],
        &["set", "demo", "k", "v"],
        &["unset", "demo", "k"],
        &["background", "demo"],
        &["activate", "demo"],
        &["archive", "demo"],
        &["restore", "demo"],
        &["undo", "demo"],
        &["fork", "demo", "--id", "child"],
        &["show", "demo"],
        &["list", "--status", "all", "--limit", "1"],
        &["delete", "demo"],
    ] {
        let lines = sandbox.json(arguments);
        assert_eq!(lines.len(), 1, "{arguments:?}");
        names_are(&lines[0], &SESSION);
    }
}

#[test]
fn times_are_rfc_3339_in_utc_with_microseconds() {
    let sandbox = Sandbox::new();
    let created = sandbox.json(&["create"])[0]["created"].as_str().unwrap().to_owned();
    let shape: String = created.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000000Z");
}

#[test]
fn log_lines_say_who_did_what() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "demo", "--name", "n"]);
    let line = sandbox.json(&["log", "demo"]).remove(0);
    names_are(&line, &["session", "seq", "at", "by", "type", "data", "key"]);
    names_are(&line["by"], &["user", "host", "pid", "program", "version"]);
    assert_eq!(line["by"]["user"], "ada");
    assert_eq!(line["by"]["program"], "annals");
    assert_eq!(line["type"], "created");
    assert_eq!(line["data"]["name"], "n");
}

#[test]
fn health_and_locks_keep_their_names() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "demo"]);
    let health = sandbox.json(&["health"]).remove(0);
    for name in [
        "status",
        "total_sessions",
        "active_sessions",
        "background_sessions",
        "archived_sessions",
        "corrupted_sessions",
        "stale_locks",
        "cache_hit_rate",
        "error_rate",
        "latency_ms",
        "checks",
    ] {
        assert!(health.get(name).is_some(), "{name} is missing: {health}");
    }
    assert_eq!(health["status"], "ok");
    names_are(&health["checks"][0], &["name", "status", "value", "threshold"]);
    assert!(sandbox.json(&["locks"]).is_empty());
    let held = crate::sandbox::hold_lock(&sandbox.store().join("sessions/demo/lock"));
    let locks = sandbox.json(&["locks"]);
    assert_eq!(locks[0]["session"], "demo");
    drop(held);
}

#[test]
fn recover_and_import_keep_their_names() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "demo"]);
    let line = sandbox.json(&["recover", "demo"]).remove(0);
    for name in ["session", "records_kept", "lost", "quarantined", "changed"] {
        assert!(line.get(name).is_some(), "{name} is missing: {line}");
    }
    let transcript = "11111111-1111-4111-8111-111111111111.jsonl";
    let path = sandbox.file(transcript, "{\"type\":\"user\",\"uuid\":\"u1\",\"timestamp\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":\"user\",\"content\":\"hi\"}}\n");
    let lines = sandbox.json(&["import", "--from", "claude-code", &path]);
    for name in ["session", "source", "path", "events_added", "events_present", "unreadable"] {
        assert!(lines[0].get(name).is_some(), "{name} is missing: {}", lines[0]);
    }
    assert!(lines[1].get("summary").is_some());
}

#[test]
fn warnings_and_errors_are_json_on_standard_error_alone() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["--json", "show", "nothing"]).expect(3);
    assert!(ran.stdout.is_empty());
    names_are(&ran.error(), &["kind", "message", "session", "hint"]);
    let usage = sandbox.run(&["--json", "show"]).expect(2);
    names_are(&usage.error(), &["kind", "message", "session", "hint"]);
}
