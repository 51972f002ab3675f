//! Transcripts of other programs.

use serde_json::json;

use crate::sandbox::Sandbox;

const ID: &str = "11111111-1111-4111-8111-111111111111";

fn prompt(n: usize) -> String {
    let line = json!({
        "type": "user", "uuid": format!("00000000-0000-4000-8000-{n:012}"), "sessionId": ID,
        "timestamp": format!("2026-01-01T00:00:{n:02}Z"), "cwd": "/p",
        "message": {"role": "user", "content": format!("prompt {n}")},
    });
    format!("{line}\n")
}

fn transcript_path() -> String {
    format!("home/.claude/projects/-p/{ID}.jsonl")
}

#[test]
fn the_usual_folders_are_searched_and_a_second_run_adds_only_what_is_new() {
    let sandbox = Sandbox::new();
    sandbox.file(&transcript_path(), prompt(1) + &prompt(2));
    let first = sandbox.json(&["import"]);
    assert_eq!(first[0]["session"], ID);
    assert_eq!(first[0]["source"], "claude-code");
    assert_eq!(first[1]["summary"]["sessions"], 1);
    let state = sandbox.show(ID);
    assert_eq!(state["message_count"], 2);
    assert_eq!(state["first_message"], "prompt 1");
    assert_eq!(state["created"], "2026-01-01T00:00:01.000000Z");
    assert_eq!(sandbox.json(&["import"])[1]["summary"]["events_added"], 0);
    sandbox.file(&transcript_path(), prompt(1) + &prompt(2) + &prompt(3));
    assert_eq!(sandbox.json(&["import"])[1]["summary"]["events_added"], 1);
    assert_eq!(sandbox.show(ID)["message_count"], 3);
}

#[test]
fn unreadable_lines_are_named_and_cost_nothing_else() {
    let sandbox = Sandbox::new();
    let mut content = prompt(1);
    for _ in 0..12 {
        content += "{\"type\":\"user\",\n";
    }
    content += &prompt(2);
    let path = sandbox.file(&transcript_path(), content);
    let ran = sandbox.run(&["import", "--from", "claude-code", &path]).expect(1);
    assert!(ran.stdout.contains("  line 2 is unreadable: "), "{ran:?}");
    assert!(ran.stdout.contains("and 2 more unreadable lines"), "{ran:?}");
    let again = sandbox.run(&["--json", "import", "--from", "claude-code", &path]).expect(1).json();
    assert_eq!(again[0]["unreadable"].as_array().unwrap().len(), 12);
    assert_eq!(again[0]["unreadable"][0]["line"], 2);
    assert_eq!(sandbox.show(ID)["message_count"], 2);
}

#[test]
fn what_cannot_be_imported_is_an_error_of_its_own() {
    let sandbox = Sandbox::new();
    sandbox.run(&["import", "--from", "codex", "nowhere"]).expect(2);
    let path = sandbox.file("notes.jsonl", "{}\n");
    let ran = sandbox.run(&["import", &path]).expect(2);
    assert!(ran.stderr.contains("--from"), "{ran:?}");
}

#[test]
fn with_no_transcripts_anywhere_there_is_nothing_to_do() {
    let sandbox = Sandbox::new();
    let lines = sandbox.json(&["import"]);
    assert_eq!(lines[0]["summary"]["sessions"], 0);
    assert!(!sandbox.store().exists());
}
