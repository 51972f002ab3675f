//! Looking at sessions.

use annals::repository::Depth;
use annals::vocabulary::{SessionFilter, SessionStatus};

use super::support::id;
use super::{create, hello, manager};

#[tokio::test]
async fn sessions_are_listed_by_newest_activity_without_deleted_ones() {
    let (manager, clock) = manager();
    for name in ["a", "b", "c"] {
        create(&manager, name).await;
        clock.advance_ms(1000);
    }
    manager.record_message(&id("a"), hello()).await.unwrap();
    manager.delete_session(&id("b")).await.unwrap();
    let ids = |sessions: Vec<annals::vocabulary::SessionMetadata>| {
        sessions.into_iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(manager.list_sessions().await.unwrap()), [id("a"), id("c")]);
    let deleted = manager.list_by_status(SessionStatus::Deleted).await.unwrap();
    assert_eq!(ids(deleted), [id("b")]);
    let one = SessionFilter { limit: Some(1), ..SessionFilter::everything() };
    assert_eq!(ids(manager.list(&one).await.unwrap().sessions), [id("a")]);
    assert_eq!(manager.session_ids().await.unwrap(), [id("a"), id("b"), id("c")]);
}

#[tokio::test]
async fn a_head_is_an_anchor_that_a_later_verification_agrees_with() {
    let (manager, _) = manager();
    let session = create(&manager, "anchored").await;
    manager.record_message(&session, hello()).await.unwrap();
    let head = manager.head(&session).await.unwrap();
    assert_eq!((&head.session, head.seq), (&session, 2));
    manager.archive_session(&session).await.unwrap();
    let depth = Depth { anchors: vec![(head.seq, head.head)], ..Depth::default() };
    let verification = manager.verify_session(&session, &depth).await.unwrap();
    assert_eq!((verification.findings, verification.anchored), (vec![], 2));
    assert_eq!(manager.load(&session).await.unwrap().state.seq, 3);
}

#[tokio::test]
async fn a_deleted_session_still_exists() {
    let (manager, _) = manager();
    let session = create(&manager, "hidden").await;
    manager.delete_session(&session).await.unwrap();
    assert!(manager.exists(&session).await.unwrap());
    assert!(!manager.exists(&id("ghost")).await.unwrap());
}
