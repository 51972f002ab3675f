use annals::manager::import::TranscriptSource::ClaudeCode;

use crate::world::{World, assert_snapshot};

const SESSION: &str = "2b0e7a53-91f4-4b6e-8f0d-7a1c35d94e02";
const AGENT: &str = "2b0e7a53-91f4-4b6e-8f0d-7a1c35d94e02.agent-77c0de1";

fn world() -> World {
    let world = World::new();
    let folder = "/home/ann/.claude/projects/-home-ann-tide-tables";
    world.write(&format!("{folder}/{SESSION}.jsonl"), include_bytes!("fixtures/claude-code.jsonl"));
    world.write(
        &format!("{folder}/{SESSION}/subagents/agent-77c0de1.jsonl"),
        include_bytes!("fixtures/claude-code-agent.jsonl"),
    );
    world
}

#[tokio::test]
async fn every_kind_of_line_becomes_what_the_table_says() {
    let world = world();
    let path = format!("/home/ann/.claude/projects/-home-ann-tide-tables/{SESSION}.jsonl");
    let report = world.import(ClaudeCode, &path).await;
    assert!(report.is_clean());
    assert_snapshot("claude_code_session", &world.story(&report).await);
}

#[tokio::test]
async fn a_sub_agent_becomes_a_session_whose_parent_is_named_and_comes_after_it() {
    let world = world();
    let transcripts = world.transcripts(ClaudeCode, "/home/ann/.claude/projects");
    let ids: Vec<_> = transcripts.iter().map(|found| found.session.as_str()).collect();
    assert_eq!(ids, [SESSION, AGENT]);
    let report = world.manager.import_transcript(&world.disk, &transcripts[1], &()).await.unwrap();
    assert_snapshot("claude_code_sub_agent", &world.story(&report).await);
}

#[tokio::test]
async fn an_agent_beside_its_parent_is_given_the_parent_that_its_lines_name() {
    let world = World::new();
    world.write("/p/agent-77c0de1.jsonl", include_bytes!("fixtures/claude-code-agent.jsonl"));
    world.import(ClaudeCode, "/p").await;
    let state = world.manager.get_session(&"agent-77c0de1".parse().unwrap()).await.unwrap();
    assert_eq!(state.parent.unwrap().as_str(), SESSION);
    assert!(state.first_message.unwrap().starts_with("Which time zone"));
}

#[tokio::test]
async fn a_message_cut_inside_an_emoji_is_imported() {
    let world = World::new();
    let line = r#"{"type":"user","uuid":"a","timestamp":"2026-11-01T08:00:00Z","message":{"content":"wave \ud83c"}}"#;
    world.write(&format!("/p/{SESSION}.jsonl"), format!("{line}\n").as_bytes());
    assert!(world.import(ClaudeCode, "/p").await.is_clean());
    let state = world.manager.get_session(&SESSION.parse().unwrap()).await.unwrap();
    assert!(state.first_message.unwrap().starts_with("wave \u{fffd}"));
}

#[tokio::test]
async fn the_example_of_the_readme_is_imported_with_its_one_torn_line_reported() {
    let world = World::new();
    let id = "5d0c3f1e-8a47-4f0b-9c52-2f6f6a1d7b90";
    let example = include_bytes!(
        "../../docs/example/claude-code/projects/-home-ann-projects-orchard/5d0c3f1e-8a47-4f0b-9c52-2f6f6a1d7b90.jsonl"
    );
    world.write(&format!("/p/{id}.jsonl"), example);
    let report = world.import(ClaudeCode, "/p").await;
    assert_eq!(report.tally.unreadable_count, 1);
    assert_eq!(report.tally.unreadable[0].line, 17);
    let state = world.manager.get_session(&report.session).await.unwrap();
    assert_eq!(state.name.unwrap().as_str(), "Frost warning by altitude");
    assert_eq!((state.message_count, state.file_count), (21, 2));
    assert!(state.first_message.unwrap().starts_with("The frost warning fires"));
}
