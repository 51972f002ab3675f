//! Figures held against their limits.

use super::{Census, HealthCheck, HealthStatus, HealthThresholds, LatencyMs, SessionHealth};
use crate::manager::{Latency, MetricsSnapshot};
use crate::vocabulary::SessionStatus;

/// The report on what was counted.
pub(super) fn report(
    census: Census,
    figures: &MetricsSnapshot,
    thresholds: &HealthThresholds,
) -> SessionHealth {
    let count = |status| census.sessions.of(status).unwrap_or(0);
    let checks = checks(&census, figures, thresholds);
    SessionHealth {
        status: checks.iter().map(|check| check.status).max().unwrap_or(HealthStatus::Ok),
        total_sessions: census.scrub.sessions,
        active_sessions: count(SessionStatus::Active),
        background_sessions: count(SessionStatus::Background),
        archived_sessions: count(SessionStatus::Archived),
        deleted_sessions: count(SessionStatus::Deleted),
        corrupted_sessions: census.scrub.corrupted,
        verified: census.scrub.verified,
        store_bytes: census.scrub.bytes,
        locks_held: census.locks_held,
        stale_locks: census.stale_locks,
        cache_hit_rate: figures.cache.hit_rate(),
        error_rate: figures.error_rate(),
        latency_ms: figures.latency.as_ref().map(in_ms),
        checks,
        finding_counts: census.scrub.classes,
        findings: census.scrub.findings,
    }
}

#[allow(clippy::cast_precision_loss, reason = "figures for people")]
fn checks(
    census: &Census,
    figures: &MetricsSnapshot,
    thresholds: &HealthThresholds,
) -> Vec<HealthCheck> {
    use HealthStatus::{Critical, Ok, Warn};

    let enough = |samples: u64| samples >= thresholds.samples_min;
    let judged = |is_beyond: bool, verdict| if is_beyond { verdict } else { Ok };
    let check = |name, status, value, threshold| HealthCheck { name, status, value, threshold };

    let errors = figures.error_rate();
    let errors_beyond = enough(figures.calls) && errors > thresholds.error_rate_max;
    let p95 = figures.latency.map(|latency| in_ms(&latency).p95);
    let p95_beyond = figures.latency.is_some_and(|latency| enough(latency.samples))
        && p95.is_some_and(|p95| p95 > thresholds.latency_p95_ms_max);
    let hits = figures.cache.hit_rate();
    let hits_beyond = enough(figures.cache.hits + figures.cache.misses)
        && hits.is_some_and(|hits| hits < thresholds.cache_hit_rate_min);
    let locks_beyond = census.stale_locks > thresholds.stale_locks_max;
    let damaged = census.scrub.corrupted;
    let corrupted = Some(damaged as f64);
    let locks = Some(census.stale_locks as f64);
    vec![
        check("corrupted_sessions", judged(damaged > 0, Critical), corrupted, 0.0),
        check("stale_locks", judged(locks_beyond, Warn), locks, thresholds.stale_locks_max as f64),
        check("error_rate", judged(errors_beyond, Warn), Some(errors), thresholds.error_rate_max),
        check("latency_p95_ms", judged(p95_beyond, Warn), p95, thresholds.latency_p95_ms_max),
        check("cache_hit_rate", judged(hits_beyond, Warn), hits, thresholds.cache_hit_rate_min),
    ]
}

#[allow(clippy::cast_precision_loss, reason = "figures for people")]
fn in_ms(latency: &Latency) -> LatencyMs {
    let ms = |micros: u64| micros as f64 / 1e3;
    LatencyMs { p50: ms(latency.p50_us), p95: ms(latency.p95_us), p99: ms(latency.p99_us) }
}
