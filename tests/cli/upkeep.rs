//! `compact` and `redact`.

use std::path::Path;

use serde_json::json;

use crate::sandbox::Sandbox;

const SECRET: &str = "correct-horse-battery";

fn with_a_secret() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "demo", "--message", SECRET]);
    for number in 3..=20 {
        sandbox.ok(&["record", "demo", "--role", "user", &format!("message {number}")]);
    }
    sandbox
}

/// The files of a folder, sealed ones unpacked, that hold the secret.
fn holding(folder: &Path) -> Vec<String> {
    let mut holding = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            holding.extend(self::holding(&path));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let unpacked = zstd::decode_all(bytes.as_slice()).unwrap_or_default();
        let contains = |bytes: &[u8]| memchr::memmem::find(bytes, SECRET.as_bytes()).is_some();
        if contains(&bytes) || contains(&unpacked) {
            holding.push(path.display().to_string());
        }
    }
    holding
}

#[test]
fn compact_seals_and_every_command_reads_through() {
    let sandbox = with_a_secret();
    let log = sandbox.ok(&["--json", "log", "demo"]);
    let then = sandbox.ok(&["--json", "show", "demo", "--at", "7"]);

    let lines = sandbox.json(&["compact", "demo", "--keep", "4"]);

    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["session"], &lines[0]["changed"]), (&json!("demo"), &json!(true)));
    assert_eq!(lines[0]["records_sealed"], 16);
    assert!(lines[0]["bytes_after"].as_u64() < lines[0]["bytes_before"].as_u64(), "{lines:?}");
    assert_eq!(sandbox.ok(&["--json", "log", "demo"]), log);
    assert_eq!(sandbox.ok(&["--json", "show", "demo", "--at", "7"]), then);
    let verified = sandbox.json(&["verify"]);
    assert_eq!(
        verified,
        [json!({"summary": {
            "sessions": 1, "records": 20, "bytes": verified[0]["summary"]["bytes"], "findings": 0,
            "corrupted": 0, "anchored": 0,
        }})]
    );
    assert_eq!(sandbox.ok(&["compact", "demo", "--keep", "4"]), "demo: nothing to compact\n");
}

#[test]
fn compact_without_a_session_goes_through_all() {
    let sandbox = with_a_secret();
    sandbox.ok(&["create", "--id", "short"]);
    let lines = sandbox.json(&["compact", "--keep", "4"]);
    let changed: Vec<_> = lines.iter().map(|line| &line["changed"]).collect();
    assert_eq!(changed, [true, false]);
    sandbox.run(&["compact", "--keep", "0"]).expect(2);
}

#[test]
fn redact_removes_the_data_from_every_file() {
    let sandbox = with_a_secret();
    sandbox.ok(&["compact", "demo", "--keep", "4"]);
    assert!(!holding(&sandbox.store()).is_empty());

    let state = sandbox.json(&["redact", "demo", "2", "--reason", "a password", "--expect", "20"]);

    assert_eq!((&state[0]["seq"], &state[0]["first_message"]), (&json!(21), &json!("message 3")));
    assert_eq!(holding(&sandbox.store()), Vec::<String>::new());
    sandbox.ok(&["verify"]);
    let log = sandbox.json(&["log", "demo"]);
    assert!(log[1].get("data").is_none() || log[1]["data"].is_null(), "{}", log[1]);
    assert_eq!(log[20]["data"], json!({"seq": 2, "reason": "a password"}));
}

#[test]
fn redact_says_why_it_will_not() {
    let sandbox = with_a_secret();
    sandbox.run(&["redact", "demo", "2"]).expect(2);
    let no_record = sandbox.run(&["--json", "redact", "demo", "99", "--reason", "x"]).expect(5);
    assert_eq!(no_record.error()["kind"], "refused");
    sandbox.run(&["redact", "demo", "2", "--reason", "x", "--expect", "3"]).expect(5);
    sandbox.run(&["redact", "nobody", "2", "--reason", "x"]).expect(3);
    sandbox.ok(&["redact", "demo", "2", "--reason", "x"]);
    assert_eq!(sandbox.ok(&["redact", "demo", "2", "--reason", "x"]), "unchanged demo (seq 21)\n");
}
