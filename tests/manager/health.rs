//! The health of a store.

use annals::manager::{HealthStatus, HealthThresholds, SessionHealth};
use annals::repository::CacheStatistics;
use annals::vocabulary::Timestamp;

use super::support::{START, id};
use super::troubled::{Trouble, troubled};
use super::{create, manager};

fn status_of(health: &SessionHealth, name: &str) -> HealthStatus {
    health.checks.iter().find(|check| check.name == name).unwrap().status
}

/// Locks held since some seconds before the present.
fn held_for(seconds: &[i64]) -> Trouble {
    let now: Timestamp = START.parse().unwrap();
    let locks_since =
        seconds.iter().map(|held| now.saturating_add_micros(-held * 1_000_000)).collect();
    Trouble { locks_since, ..Trouble::default() }
}

#[tokio::test]
async fn a_sound_store_is_well_and_its_sessions_are_counted_by_status() {
    let (manager, _) = manager();
    for name in ["a", "b", "c", "d", "e"] {
        create(&manager, name).await;
    }
    manager.background_session(&id("c")).await.unwrap();
    manager.archive_session(&id("d")).await.unwrap();
    manager.delete_session(&id("e")).await.unwrap();

    let health = manager.health_check().await.unwrap();
    assert_eq!(health.status, HealthStatus::Ok);
    assert_eq!((health.total_sessions, health.active_sessions), (5, 2));
    assert_eq!((health.background_sessions, health.archived_sessions), (1, 1));
    assert_eq!((health.deleted_sessions, health.corrupted_sessions), (1, 0));
    assert_eq!((health.stale_locks, health.error_rate), (0, 0.0));
    assert_eq!(health.cache_hit_rate, None);
    assert!(health.latency_ms.unwrap().p50 > 0.0);
    assert_eq!(manager.metrics().sessions.deleted, Some(1));
}

#[tokio::test]
async fn an_empty_store_that_nobody_used_is_well() {
    let health = manager().0.health_check().await.unwrap();
    assert_eq!((health.status, health.total_sessions), (HealthStatus::Ok, 0));
    assert_eq!(health.latency_ms, None);
}

#[tokio::test]
async fn one_corrupted_session_is_critical() {
    let (manager, _) = troubled(Trouble { damaged: Some(id("stained")), ..Trouble::default() });
    create(&manager, "stained").await;
    create(&manager, "clean").await;
    let health = manager.health_check().await.unwrap();
    assert_eq!((health.status, health.corrupted_sessions), (HealthStatus::Critical, 1));
    assert_eq!(status_of(&health, "corrupted_sessions"), HealthStatus::Critical);
}

#[tokio::test]
async fn a_finding_that_heals_itself_is_no_corruption() {
    let (manager, _) = troubled(Trouble { untidy: Some(id("dusty")), ..Trouble::default() });
    create(&manager, "dusty").await;
    let health = manager.health_check().await.unwrap();
    assert_eq!((health.status, health.corrupted_sessions), (HealthStatus::Ok, 0));
}

#[tokio::test]
async fn a_lock_is_stale_when_it_is_held_for_longer_than_an_append_waits() {
    let (manager, clock) = troubled(held_for(&[0, 30, 31, 3600]));
    assert_eq!(manager.health_check().await.unwrap().stale_locks, 2);
    clock.advance_ms(1);
    assert_eq!(manager.health_check().await.unwrap().stale_locks, 3);
}

#[tokio::test]
async fn more_than_five_stale_locks_are_a_warning() {
    let (manager, _) = troubled(held_for(&[60; 5]));
    let health = manager.health_check().await.unwrap();
    assert_eq!((health.status, health.stale_locks), (HealthStatus::Ok, 5));
    let (manager, _) = troubled(held_for(&[60; 6]));
    let health = manager.health_check().await.unwrap();
    assert_eq!(status_of(&health, "stale_locks"), HealthStatus::Warn);
    assert_eq!(health.status, HealthStatus::Warn);
}

#[tokio::test]
async fn a_cache_that_misses_too_often_is_a_warning_once_enough_was_asked_of_it() {
    for (hits, misses, expected) in
        [(69, 31, HealthStatus::Warn), (70, 30, HealthStatus::Ok), (0, 99, HealthStatus::Ok)]
    {
        let cache = CacheStatistics { hits, misses, ..CacheStatistics::default() };
        let (manager, _) = troubled(Trouble { cache, ..Trouble::default() });
        let health = manager.health_check().await.unwrap();
        assert_eq!(status_of(&health, "cache_hit_rate"), expected, "{hits} of {}", hits + misses);
        #[allow(clippy::cast_precision_loss, reason = "small counts")]
        let rate = hits as f64 / (hits + misses) as f64;
        assert_eq!(health.cache_hit_rate, Some(rate));
    }
}

#[tokio::test]
async fn failures_of_the_store_are_a_warning_and_those_of_callers_are_not() {
    let (manager, _) = troubled(Trouble { fails_to_load: true, ..Trouble::default() });
    let session = create(&manager, "burning").await;
    for _ in 0..2 {
        assert!(manager.get_session(&session).await.is_err());
    }
    // The check itself is a call as well.
    for _ in 0..96 {
        assert!(manager.undo(&session).await.is_err());
    }
    let health = manager.health_check().await.unwrap();
    assert_eq!(health.error_rate, 0.02);
    assert_eq!(status_of(&health, "error_rate"), HealthStatus::Warn);
}

#[tokio::test]
async fn what_was_wrong_a_while_ago_is_not_held_against_the_last_minutes() {
    let (manager, _) = troubled(Trouble { fails_to_load: true, ..Trouble::default() });
    let session = create(&manager, "burning").await;
    for _ in 0..100 {
        assert!(manager.get_session(&session).await.is_err());
    }
    let earlier = manager.store_metrics().await.unwrap();
    for _ in 0..100 {
        manager.exists(&session).await.unwrap();
    }
    let recent = manager.store_metrics().await.unwrap().since(&earlier);
    assert_eq!((recent.calls, recent.faults), (100, 0));
    let health = manager.health_check_over(&manager.effort(), &recent).await.unwrap();
    assert_eq!((health.error_rate, status_of(&health, "error_rate")), (0.0, HealthStatus::Ok));
    assert_eq!((health.total_sessions, health.active_sessions), (1, 1));
    let health = manager.health_check().await.unwrap();
    assert_eq!(status_of(&health, "error_rate"), HealthStatus::Warn);
}

#[tokio::test]
async fn slow_operations_are_a_warning() {
    let (manager, _) = manager();
    let strict =
        HealthThresholds { latency_p95_ms_max: 0.0, samples_min: 2, ..HealthThresholds::default() };
    let manager = manager.with_thresholds(strict);
    create(&manager, "a").await;
    let health = manager.health_check().await.unwrap();
    assert_eq!(status_of(&health, "latency_p95_ms"), HealthStatus::Ok, "one is not enough");
    create(&manager, "b").await;
    let health = manager.health_check().await.unwrap();
    assert_eq!(status_of(&health, "latency_p95_ms"), HealthStatus::Warn);
}

#[test]
fn the_thresholds_are_those_of_the_runbook() {
    let expected = HealthThresholds {
        error_rate_max: 0.01,
        latency_p95_ms_max: 100.0,
        cache_hit_rate_min: 0.7,
        stale_locks_max: 5,
        samples_min: 100,
    };
    assert_eq!(HealthThresholds::default(), expected);
}

#[tokio::test]
async fn its_json_has_the_names_that_scripts_rely_on() {
    let (manager, _) = manager();
    create(&manager, "a").await;
    let json = serde_json::to_value(manager.health_check().await.unwrap()).unwrap();
    let names: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
    for name in [
        "status",
        "total_sessions",
        "active_sessions",
        "background_sessions",
        "archived_sessions",
        "corrupted_sessions",
        "stale_locks",
        "cache_hit_rate",
        "error_rate",
        "latency_ms",
        "checks",
    ] {
        assert!(names.contains(&name), "{name}");
    }
    assert_eq!(json["status"], "ok");
    assert!(json["latency_ms"]["p50"].is_f64());
    assert!(json["latency_ms"]["p95"].is_f64() && json["latency_ms"]["p99"].is_f64());
    let check = json["checks"][0].as_object().unwrap();
    assert_eq!(check.keys().collect::<Vec<_>>(), ["name", "status", "threshold", "value"]);
}
