use std::path::Path;

use annals::manager::import::TranscriptSource::{self, AmazonQ, ClaudeCode, Codex};
use annals::manager::import::{ImportError, discover};

use crate::world::World;

const UUID: &str = "0f1e2d3c-4b5a-4697-8877-665544332211";

#[test]
fn sources_are_named_as_scripts_write_them() {
    for source in TranscriptSource::ALL {
        assert_eq!(source.to_string().parse(), Ok(source));
    }
    let error = "gemini".parse::<TranscriptSource>().unwrap_err();
    assert!(error.to_string().contains("claude-code, codex or amazon-q"), "{error}");
}

#[test]
fn the_usual_folders_lie_below_home_and_below_the_working_directory() {
    let folders = |source: TranscriptSource| {
        source.default_folders(Path::new("/home/ann"), Path::new("/home/ann/kiln"))
    };
    assert_eq!(folders(ClaudeCode), [Path::new("/home/ann/.claude/projects")]);
    assert_eq!(
        folders(Codex),
        [Path::new("/home/ann/.codex/sessions"), Path::new("/home/ann/.codex/archived_sessions"),]
    );
    assert_eq!(folders(AmazonQ), [Path::new("/home/ann/kiln/.amazonq/sessions")]);
}

#[test]
fn each_source_finds_its_own_transcripts_and_no_other() {
    let world = World::new();
    let rollout = format!("rollout-2026-11-12T09-30-00-{UUID}");
    for path in [
        format!("/h/.claude/projects/p/{UUID}.jsonl"),
        format!("/h/.claude/projects/p/{UUID}/subagents/agent-1.jsonl"),
        format!("/h/.claude/projects/p/{UUID}/tool-results/out.txt"),
        format!("/h/.codex/sessions/2026/11/12/{rollout}.jsonl"),
        format!("/h/.codex/sessions/2026/11/13/{rollout}.jsonl.zst"),
        format!("/h/.codex/archived_sessions/{rollout}.jsonl"),
        "/h/w/.amazonq/sessions/s-1/metadata.json".to_owned(),
        "/h/w/node_modules/x/metadata.json".to_owned(),
    ] {
        world.write(&path, b"{}\n");
    }
    let found = |source| {
        let transcripts = world.transcripts(source, "/h");
        transcripts.into_iter().map(|found| found.session.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(found(ClaudeCode), [UUID.to_owned(), format!("{UUID}.agent-1")]);
    assert_eq!(found(Codex), [UUID; 3]);
    assert_eq!(found(AmazonQ), ["s-1"]);
}

#[test]
fn what_is_left_out_is_listed_with_its_reason() {
    let world = World::new();
    world.write("/h/history.jsonl", b"{}\n");
    let deep = "/h/1/2/3/4/5/6/7/8/9/10/11/12/13";
    world.write(&format!("{deep}/{UUID}.jsonl"), b"{}\n");
    world.memory.link(Path::new("/h/link.jsonl")).unwrap();
    let found = discover(&*world.disk, ClaudeCode, Path::new("/h")).unwrap();
    assert!(found.transcripts.is_empty());
    let skipped: Vec<_> =
        found.skipped.iter().map(|skip| format!("{}: {}", skip.path.display(), skip.why)).collect();
    assert_eq!(
        skipped,
        [
            format!("{deep}: deeper than a search goes"),
            "/h/history.jsonl: its name is not a session's id".to_owned(),
            "/h/link.jsonl: a link; links are not followed".to_owned(),
        ]
    );
}

#[test]
fn a_file_named_expressly_is_taken_if_its_name_can_be_an_id() {
    let world = World::new();
    world.write("/h/monday.jsonl", b"{}\n");
    world.write("/h/-bad-.jsonl", b"{}\n");
    assert_eq!(world.transcripts(Codex, "/h/monday.jsonl")[0].session.as_str(), "monday");
    for (source, path) in [(ClaudeCode, "/h/-bad-.jsonl"), (AmazonQ, "/h/monday.jsonl")] {
        let error = discover(&*world.disk, source, Path::new(path)).unwrap_err();
        assert!(matches!(error, ImportError::NotATranscript { .. }), "{error}");
    }
    let error = discover(&*world.disk, Codex, Path::new("/nowhere")).unwrap_err();
    assert!(matches!(error, ImportError::Missing { .. }), "{error}");
}
