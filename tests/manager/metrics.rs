//! The figures of the operations.

use annals::manager::Operation;
use annals::repository::CacheStatistics;
use annals::vocabulary::SessionStatus;

use super::support::id;
use super::troubled::{Trouble, troubled};
use super::{create, hello, manager};

#[tokio::test]
async fn every_call_is_counted_under_its_operation() {
    let (manager, _) = manager();
    let session = create(&manager, "counted").await;
    for _ in 0..3 {
        manager.record_message(&session, hello()).await.unwrap();
    }
    manager.archive_session(&session).await.unwrap();
    let metrics = manager.metrics();
    let calls: Vec<_> =
        metrics.operations.iter().map(|(name, figures)| (&**name, figures.calls)).collect();
    assert_eq!(calls, [("archive_session", 1), ("create_session", 1), ("record_message", 3)]);
    assert_eq!((metrics.calls, metrics.errors, metrics.archive_calls), (5, 0, 1));
}

#[tokio::test]
async fn an_operation_that_uses_another_is_counted_as_itself() {
    let (manager, _) = manager();
    let session = create(&manager, "parent").await;
    manager.fork_session(&session, None, None).await.unwrap();
    manager.resolve("parent").await.unwrap();
    let metrics = manager.metrics();
    let called: Vec<_> = metrics.operations.keys().map(|name| &**name).collect();
    assert_eq!(called, ["create_session", "fork_session", "resolve"]);
}

#[tokio::test]
async fn errors_are_counted_by_kind_and_those_of_the_caller_are_no_faults() {
    let (manager, _) = manager();
    let session = create(&manager, "counted").await;
    manager.archive_session(&session).await.unwrap();
    assert!(manager.record_message(&session, hello()).await.is_err());
    assert!(manager.record_message(&id("ghost"), hello()).await.is_err());
    assert!(manager.record_message(&id("ghost"), hello()).await.is_err());
    let metrics = manager.metrics();
    let errors = &metrics.operations["record_message"].errors;
    let errors: Vec<_> = errors.iter().map(|(kind, count)| (&**kind, *count)).collect();
    assert_eq!(errors, [("not-found", 2), ("refused", 1)]);
    assert_eq!((metrics.errors, metrics.faults, metrics.error_rate()), (3, 0, 0.0));
}

#[tokio::test]
async fn a_failure_of_the_store_is_a_fault() {
    let (manager, _) = troubled(Trouble { fails_to_load: true, ..Trouble::default() });
    let session = create(&manager, "burning").await;
    assert!(manager.get_session(&session).await.is_err());
    let metrics = manager.metrics();
    assert_eq!(metrics.operations["get_session"].errors["storage"], 1);
    assert_eq!((metrics.errors, metrics.faults, metrics.error_rate()), (1, 1, 0.5));
}

#[tokio::test]
async fn durations_are_measured_for_every_call_that_ends() {
    let (manager, _) = manager();
    let session = create(&manager, "timed").await;
    for _ in 0..200 {
        manager.get_session(&session).await.unwrap();
    }
    let metrics = manager.metrics();
    let latency = metrics.operations["get_session"].latency.unwrap();
    assert_eq!(latency.samples, 200);
    assert!(latency.p50_us >= 1);
    assert!(latency.p50_us <= latency.p95_us && latency.p95_us <= latency.p99_us);
    assert!(latency.p99_us <= latency.max_us);
    assert_eq!(metrics.latency.unwrap().samples, 201);
}

#[tokio::test]
async fn waiting_for_a_change_does_not_make_the_store_look_slow() {
    let (manager, _) = manager();
    let session = create(&manager, "awaited").await;
    manager.changed(&session, 0).await.unwrap();
    let metrics = manager.metrics();
    assert_eq!(metrics.operations["changed"].latency.unwrap().samples, 1);
    assert_eq!(metrics.latency.unwrap().samples, 1);
}

#[tokio::test]
async fn a_call_that_was_dropped_has_neither_failed_nor_ended() {
    let (manager, _) = manager();
    let session = create(&manager, "awaited").await;
    let mut waiting = Box::pin(manager.changed(&session, 1));
    let polled = std::future::poll_fn(|context| {
        std::task::Poll::Ready(waiting.as_mut().poll(context).is_ready())
    });
    assert!(!polled.await, "nothing has changed yet");
    drop(waiting);
    let changed = &manager.metrics().operations["changed"];
    assert_eq!((changed.calls, changed.errors.len(), changed.latency), (1, 0, None));
}

#[tokio::test]
async fn listings_are_counted_timed_and_tell_how_many_sessions_there_are() {
    let (manager, _) = manager();
    for name in ["a", "b", "c"] {
        create(&manager, name).await;
    }
    manager.archive_session(&id("c")).await.unwrap();
    assert_eq!(manager.metrics().active_sessions, 0);
    assert_eq!(manager.metrics().sessions.active, None);

    manager.list_sessions().await.unwrap();
    manager.list_by_status(SessionStatus::Deleted).await.unwrap();
    let metrics = manager.metrics();
    assert_eq!((metrics.list_calls, metrics.active_sessions), (2, 2));
    assert!(metrics.avg_list_duration_ms > 0.0);
    assert_eq!(metrics.sessions.archived, Some(1));
    assert_eq!(metrics.sessions.background, Some(0));
    assert_eq!(metrics.sessions.deleted, Some(0));
}

#[tokio::test]
async fn the_cache_is_part_of_the_figures() {
    let cache = CacheStatistics { hits: 9, misses: 1, stale: 0, evicted: 4 };
    let (manager, _) = troubled(Trouble { cache, ..Trouble::default() });
    assert_eq!(manager.metrics().cache, cache);
}

#[tokio::test]
async fn figures_of_many_tasks_add_up() {
    let (manager, _) = manager();
    let session = create(&manager, "shared").await;
    let (manager, session) = (std::sync::Arc::new(manager), std::sync::Arc::new(session));
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let (manager, session) = (manager.clone(), session.clone());
            tokio::spawn(async move {
                for _ in 0..50 {
                    manager.get_session(&session).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(manager.metrics().operations["get_session"].calls, 500);
}

#[tokio::test]
async fn figures_are_plain_data() {
    let (manager, _) = manager();
    create(&manager, "plain").await;
    let json = serde_json::to_value(manager.metrics()).unwrap();
    assert_eq!(json["operations"]["create_session"]["calls"], 1);
    assert_eq!(json["operations"]["create_session"]["latency"]["samples"], 1);
    assert_eq!(json["list_calls"], 0);
    assert_eq!(json["cache"]["hits"], 0);
}

#[test]
fn an_operation_has_one_name_of_its_own() {
    let names: std::collections::BTreeSet<_> =
        Operation::ALL.into_iter().map(|(operation, _)| operation.name()).collect();
    assert_eq!(names.len(), Operation::ALL.len());
    assert!(!names.contains(""));
}
