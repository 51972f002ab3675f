//! How the store is: every figure measured, and each held against a limit.

use std::collections::HashMap;

use serde::Serialize;
use tracing::{debug, instrument, warn};

use super::{Latency, MetricsSnapshot, Operation, SessionError, SessionManager};
use crate::repository::{Depth, Met, RepositoryError, SessionRepository};
use crate::vocabulary::{SessionFilter, SessionStatus};

/// Limits beyond which a store's health is worth a warning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HealthThresholds {
    /// Most failures of the store as a share of all calls; 0.01 by default.
    pub error_rate_max: f64,
    /// Longest 95th percentile of durations in milliseconds; 100 by default.
    pub latency_p95_ms_max: f64,
    /// Least share of look-ups that the cache answers; 0.70 by default.
    pub cache_hit_rate_min: f64,
    /// Most locks held for longer than an append waits for one; 5 by default.
    pub stale_locks_max: u64,
    /// Rates and percentiles over fewer measurements are reported but not judged: a process that
    /// lives for one command has no hit rate to speak of. 100 by default.
    pub samples_min: u64,
}

impl Default for HealthThresholds {
    fn default() -> Self {
        Self {
            error_rate_max: 0.01,
            latency_p95_ms_max: 100.0,
            cache_hit_rate_min: 0.70,
            stale_locks_max: 5,
            samples_min: 100,
        }
    }
}

/// How a store, or one figure of it, is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// As it should be.
    Ok,
    /// Beyond a limit: look at it within the day.
    Warn,
    /// History is damaged: look at it now.
    Critical,
}

/// The health of a store. Its JSON form is the one that `annals health --json` prints; its names
/// are stable.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SessionHealth {
    /// The worst of the checks.
    pub status: HealthStatus,
    /// Sessions in the store, whatever state they are in.
    pub total_sessions: u64,
    /// Sessions in use.
    pub active_sessions: u64,
    /// Sessions running unattended.
    pub background_sessions: u64,
    /// Sessions put away.
    pub archived_sessions: u64,
    /// Sessions marked as deleted, whose history is still there.
    pub deleted_sessions: u64,
    /// Sessions that a quick verification found damaged.
    pub corrupted_sessions: u64,
    /// Locks held for longer than an append waits for one.
    pub stale_locks: u64,
    /// Share of look-ups that the cache answered; `None` where there was none.
    pub cache_hit_rate: Option<f64>,
    /// Failures of the store as a share of all calls of this manager.
    pub error_rate: f64,
    /// Durations of this manager's operations; `None` before the first.
    pub latency_ms: Option<LatencyMs>,
    /// Each figure with its limit.
    pub checks: Vec<HealthCheck>,
}

/// Percentiles of durations in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[allow(missing_docs, reason = "each is the percentile of its name")]
pub struct LatencyMs {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
}

/// One figure held against its limit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HealthCheck {
    /// What is checked.
    pub name: &'static str,
    /// How it is.
    pub status: HealthStatus,
    /// The figure; `None` where there was nothing to measure.
    pub value: Option<f64>,
    /// The limit.
    pub threshold: f64,
}

/// What is counted for a report.
#[derive(Default)]
struct Census {
    total: u64,
    corrupted: u64,
    stale_locks: u64,
}

impl<R: SessionRepository> SessionManager<R> {
    /// How the store is. Every session is verified in a quick way, so it takes as long as reading
    /// every journal once.
    ///
    /// # Errors
    ///
    /// Those of the store as a whole; what is wrong with single sessions is part of the answer.
    #[instrument(skip_all)]
    pub async fn health_check(&self) -> Result<SessionHealth, SessionError> {
        // Before the check itself is one of the calls.
        let figures = self.metrics();
        let work = async {
            debug!("counting");
            let having = self.count_by_status().await?;
            for status in SessionStatus::ALL {
                let count = having.get(&status).copied().unwrap_or_default();
                self.metrics.saw_status(status, count);
            }
            let census = self.census().await?;
            let health = report(&census, &having, &figures, &self.thresholds);
            for check in health.checks.iter().filter(|check| check.status > HealthStatus::Ok) {
                let HealthCheck { name, value, threshold, .. } = *check;
                warn!(check = name, value, threshold, "beyond its limit");
            }
            Ok(health)
        };
        self.observe(Operation::HealthCheck, None, work).await
    }

    async fn count_by_status(&self) -> Result<HashMap<SessionStatus, usize>, SessionError> {
        let mut having = HashMap::new();
        let mut sessions = self.repository.sessions(&SessionFilter::everything()).await?;
        while let Some(met) = sessions.next().await {
            if let Met::Session(listed) = met? {
                *having.entry(listed.status()).or_default() += 1;
            }
        }
        Ok(having)
    }

    async fn census(&self) -> Result<Census, SessionError> {
        let mut census = Census { stale_locks: self.stale_locks().await?, ..Census::default() };
        let depth = Depth { quick: true, ..Depth::default() };
        debug!("verifying every session");
        for session in self.repository.ids().await? {
            match self.repository.verify(&session, &depth).await {
                Ok(verification) => {
                    self.met(&verification.findings);
                    census.total += 1;
                    census.corrupted += u64::from(verification.is_corrupted());
                }
                // Deleted since the ids were read.
                Err(RepositoryError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(census)
    }

    async fn stale_locks(&self) -> Result<u64, SessionError> {
        let timeout_us = i64::try_from(self.repository.lock_timeout().as_micros());
        let oldest = self.clock.now().saturating_add_micros(-timeout_us.unwrap_or(i64::MAX));
        let locks = self.repository.locks().await?;
        let holders = locks.iter().filter_map(|lock| lock.holder.as_ref());
        Ok(holders.filter(|holder| holder.since < oldest).count() as u64)
    }
}

fn report(
    census: &Census,
    having: &HashMap<SessionStatus, usize>,
    figures: &MetricsSnapshot,
    thresholds: &HealthThresholds,
) -> SessionHealth {
    let count = |status| having.get(&status).map_or(0, |count| *count as u64);
    let checks = checks(census, figures, thresholds);
    SessionHealth {
        status: checks.iter().map(|check| check.status).max().unwrap_or(HealthStatus::Ok),
        total_sessions: census.total,
        active_sessions: count(SessionStatus::Active),
        background_sessions: count(SessionStatus::Background),
        archived_sessions: count(SessionStatus::Archived),
        deleted_sessions: count(SessionStatus::Deleted),
        corrupted_sessions: census.corrupted,
        stale_locks: census.stale_locks,
        cache_hit_rate: figures.cache.hit_rate(),
        error_rate: figures.error_rate(),
        latency_ms: figures.latency.as_ref().map(in_ms),
        checks,
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
    let corrupted = Some(census.corrupted as f64);
    let locks = Some(census.stale_locks as f64);
    vec![
        check("corrupted_sessions", judged(census.corrupted > 0, Critical), corrupted, 0.0),
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
