//! Figures as text for monitoring systems.

use std::io::Write as _;
use std::process::{Command, Stdio};

use annals::manager::{MetricsSnapshot, SessionHealth, open_metrics, prometheus_text};
use annals::repository::CacheStatistics;

use super::support::id;
use super::troubled::{Trouble, troubled};
use super::{create, hello};

/// Figures in which everything has happened.
async fn figures() -> (MetricsSnapshot, SessionHealth) {
    let cache = CacheStatistics { hits: 9, misses: 1, ..CacheStatistics::default() };
    let trouble = Trouble { fails_to_load: true, cache, ..Trouble::default() };
    let (manager, _) = troubled(trouble);
    let session = create(&manager, "orchard").await;
    manager.record_message(&session, hello()).await.unwrap();
    assert!(manager.get_session(&session).await.is_err());
    assert!(manager.archive_session(&id("ghost")).await.is_err());
    let health = manager.health_check().await.unwrap();
    (manager.store_metrics().await.unwrap(), health)
}

/// The value of a sample.
#[track_caller]
fn value(text: &str, sample: &str) -> f64 {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    let value = lines.next().unwrap_or_else(|| panic!("no {sample} in\n{text}"));
    assert_eq!(lines.next(), None, "{sample} is there twice");
    value.parse().unwrap()
}

#[tokio::test]
async fn every_figure_has_its_family() {
    let (figures, health) = figures().await;
    let text = open_metrics(&figures, Some(&health));
    for (sample, expected) in [
        (r#"annals_operations_total{operation="create_session"}"#, 1.0),
        (r#"annals_operation_errors_total{operation="archive_session",kind="not-found"}"#, 1.0),
        (r#"annals_operation_errors_total{operation="get_session",kind="storage"}"#, 1.0),
        ("annals_operation_faults_total", 1.0),
        (r#"annals_operation_duration_seconds_count{operation="record_message"}"#, 1.0),
        (r#"annals_operation_duration_seconds_bucket{le="+Inf",operation="record_message"}"#, 1.0),
        ("annals_appends_total", 0.0),
        ("annals_lock_timeouts_total", 0.0),
        ("annals_cache_hits_total", 9.0),
        ("annals_cache_misses_total", 1.0),
        ("annals_recoveries_total", 0.0),
        (r#"annals_sessions{status="active"}"#, 1.0),
        (r#"annals_sessions{status="archived"}"#, 0.0),
        ("annals_corrupted_sessions", 0.0),
        ("annals_stale_locks", 0.0),
        ("annals_locks_held", 0.0),
        ("annals_health_status", 0.0),
        (r#"annals_health_check_status{check="error_rate"}"#, 0.0),
    ] {
        assert_eq!(value(&text, sample), expected, "{sample} in\n{text}");
    }
    let version = concat!(r#"annals_build_info{version=""#, env!("CARGO_PKG_VERSION"), r#""}"#);
    assert_eq!(value(&text, version), 1.0);
    assert!(value(&text, "annals_store_bytes") >= 0.0);
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn every_family_is_explained_once_and_says_what_it_is() {
    let (figures, health) = figures().await;
    let text = open_metrics(&figures, Some(&health));
    let families: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert_eq!(families.len(), 21, "{families:?}");
    for family in families {
        let help = format!("# HELP {family} ");
        let explained = text.lines().filter(|line| line.starts_with(&help)).count();
        assert_eq!(explained, 1, "{family}");
    }
}

#[tokio::test]
async fn buckets_only_grow_and_end_with_all() {
    let (manager, _) = super::manager();
    let session = create(&manager, "timed").await;
    for _ in 0..50 {
        manager.get_session(&session).await.unwrap();
    }
    let text = open_metrics(&manager.metrics(), None);
    let buckets: Vec<u64> = text
        .lines()
        .filter(|line| line.starts_with("annals_operation_duration_seconds_bucket"))
        .filter(|line| line.contains(r#"operation="get_session""#))
        .map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
        .collect();
    assert!(buckets.is_sorted() && buckets.len() == 19, "{buckets:?}");
    assert_eq!(buckets.last(), Some(&50));
    let sum = value(&text, r#"annals_operation_duration_seconds_sum{operation="get_session"}"#);
    assert!(sum > 0.0);
}

#[tokio::test]
async fn a_name_that_was_read_cannot_break_out_of_its_label() {
    let (mut figures, _) = figures().await;
    let operation = figures.operations["create_session"].clone();
    figures.operations.insert("evil\"} 1\nannals_forged 7\\".into(), operation);
    let text = open_metrics(&figures, None);
    assert!(!text.lines().any(|line| line.starts_with("annals_forged")), "{text}");
    assert!(text.contains(r#"operation="evil\"} 1\nannals_forged 7\\""#), "{text}");
    accepted(&prometheus_text(&text));
}

#[tokio::test]
async fn promtool_finds_nothing_to_object_to() {
    let (figures, health) = figures().await;
    accepted(&prometheus_text(&open_metrics(&figures, Some(&health))));
    accepted(&prometheus_text(&open_metrics(&MetricsSnapshot::default(), None)));
}

/// Asserts that `promtool check metrics` accepts a text.
#[track_caller]
fn accepted(text: &str) {
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped());
    promtool.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = promtool.spawn().expect("promtool is there: tools/setup promtool");
    running.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = running.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&said));
    assert_eq!(String::from_utf8_lossy(&said), "");
}
