//! `recover --all` on stores whose files lie about.

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

fn orchard() -> Sandbox {
    let sandbox = Sandbox::new();
    for session in ["pear", "plum"] {
        sandbox.ok(&["create", "--id", session, "--message", "hello"]);
        for number in 3..=12 {
            sandbox.ok(&["record", session, "--role", "user", &format!("message {number}")]);
        }
    }
    sandbox.ok(&["compact", "pear", "--keep", "2"]);
    sandbox
}

fn line<'a>(lines: &'a [Value], session: &str) -> &'a Value {
    lines.iter().find(|line| line["session"] == session).unwrap()
}

#[test]
fn a_lost_store_file_is_refused_with_a_hint_and_written_again_by_recover_all() {
    let sandbox = orchard();
    std::fs::remove_file(sandbox.store().join("store.json")).unwrap();
    for arguments in [&["list"][..], &["recover", "pear"], &["create"], &["verify"]] {
        let arguments: Vec<_> = ["--json"].iter().chain(arguments).copied().collect();
        let refused = sandbox.run(&arguments).expect(8);
        assert_eq!(refused.error()["kind"], "not-a-store");
        assert!(refused.error()["hint"].as_str().unwrap().contains("recover --all"));
    }

    let planned = sandbox.json(&["recover", "--all", "--dry-run"]);
    assert_eq!(planned[0], json!({"restored": {"path": "store.json"}}));
    assert!(!sandbox.store().join("store.json").exists());
    let done = sandbox.json(&["recover", "--all"]);
    assert_eq!(done, planned);
    assert_eq!(sandbox.json(&["list"]).len(), 2);
    assert_eq!(sandbox.json(&["recover", "--all"]).len(), 2);
}

#[test]
fn a_directory_of_something_else_is_left_alone() {
    let sandbox = Sandbox::new();
    let photos = sandbox.file("photos/sessions/2024/a.txt", "not mine");
    let store = std::path::Path::new(&photos).ancestors().nth(3).unwrap();
    let refused = sandbox.run(&["--store", store.to_str().unwrap(), "recover", "--all"]).expect(8);
    assert!(refused.stderr.contains("not an annals store"), "{refused:?}");
    assert_eq!(std::fs::read_dir(store).unwrap().count(), 1);
}

#[test]
fn what_lies_about_is_brought_back_and_what_cannot_be_is_named() {
    let sandbox = orchard();
    let log = sandbox.ok(&["--json", "log", "pear"]);
    let sessions = sandbox.store().join("sessions");
    std::fs::rename(sessions.join("pear"), sandbox.store().join("#12345")).unwrap();
    std::fs::write(sessions.join("junk"), "junk").unwrap();

    let planned = sandbox.run(&["--json", "recover", "--all", "--dry-run"]).expect(1);
    let done = sandbox.run(&["--json", "recover", "--all"]).expect(1).json();

    assert_eq!(
        (line(&planned.json(), "pear"), line(&planned.json(), "plum")),
        (line(&done, "pear"), line(&done, "plum"))
    );
    let pear = line(&done, "pear");
    assert_eq!((&pear["adopted"], &pear["changed"]), (&json!(["#12345"]), &json!(true)));
    assert_eq!(pear["lost"], json!([]));
    assert_eq!(done[0]["unrecoverable"]["path"], "sessions/junk");
    assert_eq!(sandbox.ok(&["--json", "log", "pear"]), log);
    let people = sandbox.run(&["recover", "--all"]).expect(1).stdout;
    assert!(people.contains("sessions/junk: left where it is: "), "{people}");
    assert!(people.contains("pear: nothing to recover, 12 records"), "{people}");
}

#[test]
fn a_session_that_cannot_be_proved_is_an_error_and_the_others_are_recovered() {
    let sandbox = orchard();
    for session in ["pear", "plum"] {
        std::fs::remove_file(sandbox.journal(session)).unwrap();
    }

    let ran = sandbox.run(&["--json", "recover", "--all"]).expect(7);

    assert_eq!(ran.error()["kind"], "corrupted");
    assert_eq!(ran.error()["session"], "plum");
    let lines = ran.json();
    assert_eq!(lines.len(), 1);
    let lost = json!([{"first_seq": 11, "last_seq": 12, "bytes": 0}]);
    assert_eq!(line(&lines, "pear")["lost"], lost);
    assert_eq!(sandbox.show("pear")["seq"], 13);
    sandbox.run(&["recover", "pear"]).expect(0);
    sandbox.run(&["recover", "plum"]).expect(7);
}
