//! Waiting for a session to change.

use std::sync::Arc;

use annals::repository::{RepositoryError, SessionRepository};
use tokio::time::timeout;

use super::{PATIENCE, Place};

pub async fn a_change_that_has_been_is_told_at_once<R: SessionRepository>(place: Place<R>) {
    let session = place.create("past").await;
    place.say(&session, "two").await;
    assert_eq!(place.repository.changed(&session, 0).await.unwrap(), 2);
    assert_eq!(place.repository.changed(&session, 1).await.unwrap(), 2);
}

pub async fn whoever_waits_is_woken_by_an_append<R: SessionRepository>(place: Place<R>) {
    let session = place.create("awaited").await;
    let (repository, awaited) = (Arc::clone(&place.repository), session.clone());
    let waiting = tokio::spawn(async move { repository.changed(&awaited, 1).await });
    place.say(&session, "two").await;
    let woken = timeout(PATIENCE, waiting).await.expect("an append wakes whoever waits");
    assert_eq!(woken.unwrap().unwrap(), 2);
}

pub async fn a_change_is_told_with_where_the_session_stands<R: SessionRepository>(place: Place<R>) {
    let session = place.create("followed").await;
    let (repository, followed) = (Arc::clone(&place.repository), session.clone());
    let following = tokio::spawn(async move {
        let mut seen = 1;
        while seen < 20 {
            let seq = repository.changed(&followed, seen).await.unwrap();
            assert!(seq > seen, "a change goes forward");
            assert!(repository.load(&followed).await.unwrap().state.seq >= seq);
            seen = seq;
        }
        seen
    });
    for n in 2..=20 {
        assert_eq!(place.say(&session, "on").await, n);
    }
    let seen = timeout(PATIENCE, following).await.expect("every append wakes whoever waits");
    assert_eq!(seen.unwrap(), 20);
}

pub async fn whoever_waits_for_a_deleted_session_is_told<R: SessionRepository>(place: Place<R>) {
    let session = place.create("doomed").await;
    let (repository, doomed) = (Arc::clone(&place.repository), session.clone());
    let waiting = tokio::spawn(async move { repository.changed(&doomed, 1).await });
    place.repository.delete(&session).await.unwrap();
    let told = timeout(PATIENCE, waiting).await.expect("a deletion wakes whoever waits").unwrap();
    assert!(matches!(told, Err(RepositoryError::NotFound { .. })), "{told:?}");
}
