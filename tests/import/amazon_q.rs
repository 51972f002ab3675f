use std::path::Path;

use annals::manager::import::TranscriptSource::AmazonQ;
use annals::vocabulary::SessionStatus;

use crate::world::{World, assert_snapshot, logged};

const FOLDER: &str = "/home/ann/kiln/.amazonq/sessions/fire-log-7";

#[tokio::test]
async fn a_session_with_leftovers_is_imported_and_its_lock_cleared() {
    let world = World::new();
    world.write(&format!("{FOLDER}/metadata.json"), include_bytes!("fixtures/amazon-q.json"));
    world.write(&format!("{FOLDER}/.lock"), b"");
    world.write(&format!("{FOLDER}/.metadata.json.tmp"), b"{\"id\":");
    let report = world.import(AmazonQ, "/home/ann/kiln").await;
    assert_eq!(report.cleared, [Path::new(FOLDER).join(".lock")]);
    let left: Vec<_> = world.memory.image().into_keys().collect();
    assert_eq!(
        left,
        [Path::new(FOLDER).join(".metadata.json.tmp"), Path::new(FOLDER).join("metadata.json"),]
    );
    assert_snapshot("amazon_q_session", &world.story(&report).await);

    let again = world.import(AmazonQ, "/home/ann/kiln").await;
    assert_eq!((again.events_added, again.cleared.len()), (0, 0));
}

#[tokio::test]
async fn statuses_are_taken_over() {
    for (status, expected) in [
        ("active", SessionStatus::Active),
        ("background", SessionStatus::Background),
        ("archived", SessionStatus::Archived),
    ] {
        let world = World::new();
        let metadata = format!(
            "{{\"version\":1,\"id\":\"s-1\",\"status\":\"{status}\",\"created\":\"2026-10-01T07:00:00Z\"}}"
        );
        world.write("/p/.amazonq/sessions/s-1/metadata.json", metadata.as_bytes());
        assert!(world.import(AmazonQ, "/p").await.is_clean());
        let state = world.manager.get_session(&"s-1".parse().unwrap()).await.unwrap();
        assert_eq!(state.status, expected);
        assert_eq!(state.cwd.as_deref(), Some("/p"));
        assert_eq!(state.created.to_string(), "2026-10-01T07:00:00.000000Z");
    }
}

#[tokio::test]
async fn a_file_that_changed_adds_its_new_name_and_leaves_a_name_given_in_annals_alone() {
    let world = World::new();
    let path = "/p/.amazonq/sessions/s-1/metadata.json";
    world.write(path, br#"{"id":"s-1","name":"one","message_count":3}"#);
    world.import(AmazonQ, "/p").await;
    let id = "s-1".parse().unwrap();
    world.manager.name_session(&id, "mine").await.unwrap();
    assert_eq!(world.import(AmazonQ, "/p").await.events_added, 0);
    assert_eq!(world.manager.get_session(&id).await.unwrap().name.unwrap().as_str(), "mine");
    world.write(path, br#"{"id":"s-1","name":"two","message_count":4}"#);
    assert_eq!(world.import(AmazonQ, "/p").await.events_added, 2);
    assert_eq!(world.manager.get_session(&id).await.unwrap().name.unwrap().as_str(), "two");
}

#[tokio::test]
async fn a_file_that_is_no_metadata_makes_no_session_and_keeps_its_lock() {
    for damage in [&b"{\"id\":"[..], b"[1]", b"\xff", b""] {
        let world = World::new();
        world.write("/p/.amazonq/sessions/s-1/metadata.json", damage);
        world.write("/p/.amazonq/sessions/s-1/.lock", b"");
        let report = world.import(AmazonQ, "/p").await;
        assert_eq!(report.tally.unreadable_count, 1, "{report:?}");
        assert!(report.cleared.is_empty());
        assert!(!world.manager.exists(&"s-1".parse().unwrap()).await.unwrap());
    }
}

#[tokio::test]
async fn the_log_warns_of_a_lock_that_was_cleared_and_of_what_was_not_read() {
    let world = World::new();
    world.write(&format!("{FOLDER}/metadata.json"), include_bytes!("fixtures/amazon-q.json"));
    world.write(&format!("{FOLDER}/.lock"), b"");
    let log = logged(async {
        world.import(AmazonQ, FOLDER.trim_end_matches("/fire-log-7")).await;
    })
    .await;
    let has = |parts: &[&str]| log.lines().any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(has(&[
        "WARN",
        "import_transcript",
        "session_id=fire-log-7",
        "removed a leftover lock"
    ]));
    assert!(has(&["WARN", "line=0", "not read"]), "{log}");
    assert!(has(&["INFO", "operation=\"import_transcript\"", "count=9", "done"]), "{log}");
}
