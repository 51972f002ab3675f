use annals::manager::import::TranscriptSource::Codex;
use annals::vocabulary::SessionStatus;

use crate::world::{World, assert_snapshot};

const SESSION: &str = "019e3b60-1c77-7a30-9a7e-5b2f8d0c4411";
const FILE: &str = "rollout-2026-11-12T09-30-00-019e3b60-1c77-7a30-9a7e-5b2f8d0c4411.jsonl";
const FIXTURE: &[u8] = include_bytes!("fixtures/codex.jsonl");

#[tokio::test]
async fn every_kind_of_line_becomes_what_the_table_says() {
    let world = World::new();
    world.write(&format!("/home/ann/.codex/sessions/2026/11/12/{FILE}"), FIXTURE);
    let report = world.import(Codex, "/home/ann/.codex/sessions").await;
    assert!(report.is_clean());
    assert_snapshot("codex_session", &world.story(&report).await);
}

#[tokio::test]
async fn a_compressed_transcript_is_the_same_as_a_plain_one() {
    let (plain, packed) = (World::new(), World::new());
    plain.write(&format!("/{FILE}"), FIXTURE);
    packed.write(&format!("/{FILE}.zst"), &zstd::encode_all(FIXTURE, 3).unwrap());
    plain.import(Codex, "/").await;
    packed.import(Codex, "/").await;
    // Only the closing record, which names the file, may differ.
    let without_path = |log: String| log.replace(".jsonl.zst", ".jsonl");
    assert_eq!(plain.log(SESSION).await, without_path(packed.log(SESSION).await));
}

#[tokio::test]
async fn a_compressed_transcript_that_breaks_off_is_read_as_far_as_it_goes() {
    let world = World::new();
    let packed = zstd::encode_all(FIXTURE, 3).unwrap();
    world.write(&format!("/{FILE}.zst"), &packed[..packed.len() - 5]);
    let report = world.import(Codex, "/").await;
    let last = report.tally.unreadable.last().unwrap();
    assert!(last.why.starts_with("the compressed text is damaged"), "{last:?}");
}

#[tokio::test]
async fn an_archived_transcript_becomes_an_archived_session() {
    let world = World::new();
    world.write(&format!("/c/archived_sessions/{FILE}"), FIXTURE);
    world.import(Codex, "/c/archived_sessions").await;
    let state = world.manager.get_session(&SESSION.parse().unwrap()).await.unwrap();
    assert_eq!(state.status, SessionStatus::Archived);
    let again = world.import(Codex, "/c").await;
    assert_eq!((again.events_added, again.refused), (0, None));
}

#[tokio::test]
async fn the_last_name_of_the_index_is_the_sessions_name() {
    let world = World::new();
    world.write(&format!("/c/sessions/2026/11/12/{FILE}"), FIXTURE);
    let index = format!(
        "{{\"id\":\"{SESSION}\",\"thread_name\":\"First\",\"updated_at\":\"2026-11-12T10:00:00Z\"}}\n\
         not json\n\
         {{\"id\":\"{SESSION}\",\"thread_name\":\"Second\",\"updated_at\":\"2026-11-12T11:00:00Z\"}}\n"
    );
    world.write("/c/session_index.jsonl", index.as_bytes());
    let found = annals::manager::import::discover(&*world.disk, Codex, "/c/sessions".as_ref());
    assert_eq!(found.unwrap().skipped.len(), 1, "the line that is no JSON");
    world.import(Codex, "/c/sessions").await;
    let id = SESSION.parse().unwrap();
    assert_eq!(world.manager.get_session(&id).await.unwrap().name.unwrap().as_str(), "Second");

    world.manager.name_session(&id, "Mine").await.unwrap();
    assert_eq!(world.import(Codex, "/c/sessions").await.events_added, 0);
    assert_eq!(world.manager.get_session(&id).await.unwrap().name.unwrap().as_str(), "Mine");
}
