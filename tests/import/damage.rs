use annals::disk::{DiskOperation, Fault, FaultyDisk};
use annals::manager::SessionError;
use annals::manager::import::TranscriptSource::ClaudeCode;
use annals::manager::import::{ImportError, discover};
use std::path::Path;
use std::sync::Arc;

use crate::world::{Watched, World, assert_snapshot};

const PATH: &str = "/p/7c1d2e3f-0a4b-4c5d-8e6f-9a0b1c2d3e4f.jsonl";
const ID: &str = "7c1d2e3f-0a4b-4c5d-8e6f-9a0b1c2d3e4f";

fn prompt(uuid: &str) -> String {
    format!(
        r#"{{"type":"user","uuid":"{uuid}","timestamp":"2026-11-01T08:00:00Z","message":{{"role":"user","content":"{uuid}"}}}}"#
    )
}

/// A transcript with every kind of damage, a sound record after each.
fn damaged() -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = vec![
        [b"\xef\xbb\xbf".to_vec(), prompt("after-bom").into_bytes()].concat(),
        format!("{}\r", prompt("carriage-return")).into_bytes(),
        Vec::new(),
        b"{\"type\":\"user\", secret".to_vec(),
        b"{\"type\":\"user\",\"secret\":\"\xff\xfe\"}".to_vec(),
        [vec![0; 512], prompt("after-nuls").into_bytes()].concat(),
        vec![0; 64],
        format!("{}{}", prompt("glued-1"), prompt("glued-2")).into_bytes(),
        format!("{{\"type\":\"us{}", prompt("after-torn")).into_bytes(),
        format!("{}{{\"type\":\"us", prompt("before-torn")).into_bytes(),
    ];
    for nonsense in [
        "[\"secret\",1]",
        "42",
        "null",
        "\"secret\"",
        "{}",
        "{\"uuid\":\"secret\"}",
        "{\"type\":7}",
        "{\"type\":\"user\",\"message\":\"secret\"}",
        "{\"type\":\"user\",\"message\":{\"content\":{\"secret\":1}}}",
        "{\"type\":\"user\",\"message\":{\"content\":[7]}}",
        "{\"type\":\"user\"}",
        "{\"type\":\"custom-title\",\"customTitle\":[\"secret\"]}",
    ] {
        lines.push(nonsense.into());
    }
    lines.push(prompt("wrong-time").replace("2026-11-01T08:00:00Z", "yesterday").into_bytes());
    lines.push(prompt("last").into_bytes());
    let mut whole = lines.join(&b'\n');
    whole.push(b'\n');
    whole
}

#[tokio::test]
async fn every_kind_of_damage_is_reported_at_its_line_and_costs_nothing_else() {
    let world = World::new();
    world.write(PATH, &damaged());
    let report = world.import(ClaudeCode, PATH).await;
    let story = world.story(&report).await;
    assert!(!story.contains("secret"), "a report never quotes");
    assert_snapshot("claude_code_damaged", &story);
    assert_eq!(world.import(ClaudeCode, PATH).await.events_added, 0);
}

#[tokio::test]
async fn a_line_beyond_the_bound_is_reported_and_the_next_one_read() {
    let world = World::new();
    let long = "x".repeat(64 * 1024 * 1024 + 1);
    world.write(PATH, format!("{}\n{long}\n{}\n", prompt("a"), prompt("b")).as_bytes());
    let report = world.import(ClaudeCode, PATH).await;
    assert_eq!(report.tally.unreadable_count, 1);
    assert_eq!(report.tally.unreadable[0].line, 2);
    assert_eq!(report.tally.messages["user"], 2);
}

#[tokio::test]
async fn a_line_of_12_8_million_characters_is_imported_whole() {
    let world = World::new();
    let long = "y".repeat(12_800_000);
    let line = prompt("long").replace(r#""content":"long""#, &format!(r#""content":"{long}""#));
    world.write(PATH, format!("{}\n{line}\n{}\n", prompt("a"), prompt("b")).as_bytes());
    let report = world.import(ClaudeCode, PATH).await;
    assert!(report.is_clean());
    assert_eq!(report.tally.messages["user"], 3);
    let log = world.log(ID).await;
    assert!(log.contains("\"bytes\":12800000"), "the text is kept beside its record");
}

#[tokio::test]
async fn a_transcript_without_a_usable_line_makes_no_session() {
    for bytes in [&b""[..], b"\n\n", b"garbage\n", b"{\"type\":\"progress\"}\n", b"{\"type\":\"us"]
    {
        let world = World::new();
        world.write(PATH, bytes);
        let report = world.import(ClaudeCode, PATH).await;
        assert_eq!(report.events_added, 0);
        assert!(report.tally.notes.iter().any(|note| note.why == "there is no message in it"));
        assert!(!world.manager.exists(&ID.parse().unwrap()).await.unwrap());
    }
}

#[tokio::test]
async fn a_million_bad_lines_are_counted_and_not_all_listed() {
    let world = World::new();
    world.write(PATH, &b"?\n".repeat(1_000_000));
    let report = world.import(ClaudeCode, PATH).await;
    assert_eq!(report.tally.unreadable_count, 1_000_000);
    assert_eq!(report.tally.unreadable.len(), 1000);
}

#[tokio::test]
async fn an_error_of_the_medium_ends_the_import_and_the_watcher_is_told() {
    let world = World::new();
    world.write(PATH, format!("{}\n", prompt("a")).as_bytes());
    let transcript = discover(&*world.disk, ClaudeCode, Path::new(PATH)).unwrap().transcripts;
    let faulty = FaultyDisk::new(Arc::clone(&world.disk));
    faulty.fail(DiskOperation::Read, 1, Fault::Errno(5));
    let disk: Arc<dyn annals::disk::Disk> = Arc::new(faulty);
    let watched = Watched::default();
    let outcome = world.manager.import_transcript(&disk, &transcript[0], &watched).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error, SessionError::Import(ImportError::Disk(_))), "{error}");
    assert_eq!(error.kind(), "storage");
    assert_eq!(watched.0.lock().unwrap().last().unwrap(), "finish");
}
