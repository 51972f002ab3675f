//! Transcripts of any content.

use std::path::Path;
use std::sync::Arc;

use annals::disk::{Access, Disk, MemoryDisk};
use annals::manager::SessionManager;
use annals::manager::import::{ImportReport, Transcript, TranscriptSource, discover};
use annals::repository::{Depth, InMemoryRepository, SessionRepository as _};
use annals::vocabulary::{Author, Clock, Timestamp};
use tokio::runtime::Runtime;

/// The messages, names and files of Claude Code.
pub fn claude_code(bytes: &[u8]) {
    let path = "/p/0f1e2d3c-4b5a-4697-8877-665544332211.jsonl";
    import(TranscriptSource::ClaudeCode, path, bytes);
}

/// The turns of Codex.
pub fn codex(bytes: &[u8]) {
    let name = "rollout-2026-11-01T08-00-00-0f1e2d3c-4b5a-4697-8877-665544332211.jsonl";
    import(TranscriptSource::Codex, &format!("/c/sessions/2026/11/01/{name}"), bytes);
}

/// The metadata of Amazon Q.
pub fn amazon_q(bytes: &[u8]) {
    import(TranscriptSource::AmazonQ, "/q/.amazonq/sessions/fire-log-7/metadata.json", bytes);
}

#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }
}

fn author() -> Author {
    let (user, host, program) = ("ada".to_owned(), "mill".to_owned(), "fuzz".to_owned());
    Author { user, host, pid: 1, program, version: "1".to_owned() }
}

thread_local! {
    static RUNTIME: Runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
}

/// Imports a transcript twice: the second time adds nothing, and the session verifies.
fn import(source: TranscriptSource, path: &str, bytes: &[u8]) {
    let path = Path::new(path);
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new());
    disk.create_dir_all(path.parent().unwrap()).unwrap();
    disk.open(path, Access::CreateNew).unwrap().write_at(0, bytes).unwrap();
    let found = discover(&*disk, source, path).unwrap();
    for transcript in found.transcripts {
        RUNTIME.with(|runtime| runtime.block_on(import_twice(&disk, &transcript)));
    }
}

async fn import_twice(disk: &Arc<dyn Disk>, transcript: &Transcript) {
    let repository = InMemoryRepository::with_clock(Arc::new(Noon));
    let manager = SessionManager::new(repository).with_author(author());
    let Ok(first) = manager.import_transcript(disk, transcript, &()).await else { return };
    let again: ImportReport = manager.import_transcript(disk, transcript, &()).await.unwrap();
    assert_eq!(again.events_added, 0, "{first:?}\n{again:?}");
    assert_eq!(again.tally.lines, first.tally.lines);
    let repository = manager.repository();
    if repository.ids().await.unwrap().is_empty() {
        return;
    }
    let verified = repository.verify(&transcript.session, &Depth::default()).await.unwrap();
    assert_eq!(verified.findings, []);
}
