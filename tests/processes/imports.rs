//! Imports of real transcripts: what they leave behind, and what a second one adds.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::corpus::{LARGEST, corpus, largest};
use crate::scene::{Answer, Scene, json_lines};

const SOURCES: [&str; 2] = ["claude-code", "codex"];

/// Imports a path; the line of each session, and the summary.
fn import(scene: &Scene, source: &str, path: &Path) -> (Vec<Value>, Value) {
    let answer = scene.command().args(["import", "--from", source]).arg(path).output().unwrap();
    let mut lines = json_lines(&Answer::from(answer).expect(0));
    let mut summary = lines.pop().unwrap();
    (lines, summary["summary"].take())
}

fn added(summary: &Value) -> u64 {
    summary["events_added"].as_u64().unwrap()
}

/// How many JSON values jq finds in some bytes, or `None` where there is no jq.
fn counted_by_jq(bytes: &[u8]) -> Option<usize> {
    let jq = Command::new("jq")
        .args(["-e", "-c", "."])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut jq) = jq else {
        println!("skipped: no jq on this machine");
        return None;
    };
    let mut input = jq.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(bytes).unwrap());
        jq.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "jq: {output:?}");
    Some(output.stdout.iter().filter(|&&byte| byte == b'\n').count())
}

#[test]
fn every_line_of_every_imported_journal_is_json_to_jq() {
    let Some(corpus) = corpus() else { return };
    let scene = Scene::new();
    for source in SOURCES {
        let (sessions, _) = import(&scene, source, &corpus.join(source));
        for session in sessions {
            let journal =
                std::fs::read(scene.journal(session["session"].as_str().unwrap())).unwrap();
            let lines = journal.iter().filter(|&&byte| byte == b'\n').count();
            let Some(values) = counted_by_jq(&journal) else { return };
            assert!(lines > 1, "{session}");
            assert_eq!(values, lines, "{session}");
        }
    }
    scene.assert_clean();
}

#[test]
fn a_second_import_adds_nothing() {
    let Some(corpus) = corpus() else { return };
    let scene = Scene::new();
    for source in SOURCES {
        let (_, first) = import(&scene, source, &corpus.join(source));
        let listed = scene.does(["list", "--status", "all"]);

        let (sessions, second) = import(&scene, source, &corpus.join(source));

        assert!(added(&first) > 0);
        assert_eq!(added(&second), 0, "{sessions:?}");
        assert_eq!(second["events_present"], first["events_added"]);
        assert_eq!(scene.does(["list", "--status", "all"]), listed);
    }
    scene.assert_clean();
}

#[test]
fn a_transcript_that_grew_adds_only_its_new_part() {
    let Some(largest) = largest() else { return };
    let transcript = std::fs::read(largest).unwrap();
    let whole = Scene::new();
    let file = |scene: &Scene| scene.home().join(format!("{LARGEST}.jsonl"));
    std::fs::write(file(&whole), &transcript).unwrap();
    let (_, at_once) = import(&whole, "claude-code", &file(&whole));

    // Cut in the middle of lines, as a reader meets a file that is being written.
    let scene = Scene::new();
    let mut grown = 0;
    for share in [3, 2, 1] {
        let part = &transcript[..transcript.len() / share];
        std::fs::write(file(&scene), part).unwrap();
        let (_, summary) = import(&scene, "claude-code", &file(&scene));
        assert!(added(&summary) > 0, "one {share}th: {summary}");
        assert_eq!(summary["events_present"], grown, "one {share}th: {summary}");
        grown += added(&summary);
    }

    assert_eq!(grown, added(&at_once));
    let texts = |scene: &Scene| scene.texts(LARGEST).into_values().collect::<Vec<_>>();
    assert_eq!(texts(&scene), texts(&whole));
    scene.assert_clean();
}
