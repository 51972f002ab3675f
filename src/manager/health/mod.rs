//! How the store is: every figure measured, and each held against a limit.

mod judging;

use std::collections::BTreeMap;

use serde::Serialize;
use tracing::{debug, instrument, warn};

use super::{MetricsSnapshot, Operation, SessionCounts, SessionError, SessionManager};
use crate::repository::{Effort, HeldLock, Scrub, SessionRepository, VerifiedSessions};
use crate::vocabulary::{Finding, FindingClass};

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
    /// When sessions were verified: those that have not changed are verified in rotation.
    pub verified: VerifiedSessions,
    /// Bytes of all histories: journals with their padding, and sealed segments.
    pub store_bytes: u64,
    /// Locks that are held at this moment.
    pub locks_held: u64,
    /// Locks held for longer than an append waits for one.
    pub stale_locks: u64,
    /// Share of look-ups that the cache answered; `None` where there was none.
    pub cache_hit_rate: Option<f64>,
    /// Failures of the store as a share of all calls.
    pub error_rate: f64,
    /// Durations of the operations that somebody waits for; `None` before the first.
    pub latency_ms: Option<LatencyMs>,
    /// Each figure with its limit.
    pub checks: Vec<HealthCheck>,
    /// How often each class of finding was found by this check.
    pub finding_counts: BTreeMap<FindingClass, u64>,
    /// What was found by this check, at most [`FINDINGS_MAX`](crate::repository::FINDINGS_MAX) of
    /// it.
    pub findings: Vec<Finding>,
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
struct Census {
    sessions: SessionCounts,
    scrub: Scrub,
    locks_held: u64,
    stale_locks: u64,
}

impl<R: SessionRepository> SessionManager<R> {
    /// How the store is, with the effort that the manager was made with.
    ///
    /// # Errors
    ///
    /// As of [`health_check_with`](Self::health_check_with).
    pub async fn health_check(&self) -> Result<SessionHealth, SessionError> {
        self.health_check_with(&self.effort).await
    }

    /// How the store is. Sessions are verified in a quick way, as many as the effort allows: see
    /// [`SessionRepository::scrub`]. Rates and percentiles are those of
    /// [`store_metrics`](Self::store_metrics): of every process, since the catalog was made.
    ///
    /// # Errors
    ///
    /// Those of the store as a whole; what is wrong with single sessions is part of the answer.
    #[instrument(name = "health_check", skip_all, fields(full = effort.full))]
    pub async fn health_check_with(&self, effort: &Effort) -> Result<SessionHealth, SessionError> {
        let work = async {
            let figures = self.store_metrics().await?;
            self.check(effort, &figures, figures.sessions).await
        };
        self.observe(Operation::HealthCheck, None, work).await
    }

    /// The same with figures of one's own, such as those of the last five minutes: what has gone
    /// well for a year hides what goes wrong today.
    ///
    /// # Errors
    ///
    /// As of [`health_check_with`](Self::health_check_with).
    #[instrument(name = "health_check", skip_all, fields(full = effort.full))]
    pub async fn health_check_over(
        &self,
        effort: &Effort,
        figures: &MetricsSnapshot,
    ) -> Result<SessionHealth, SessionError> {
        let work = async {
            let sessions = self.count_sessions().await?;
            self.check(effort, figures, sessions).await
        };
        self.observe(Operation::HealthCheck, None, work).await
    }

    async fn check(
        &self,
        effort: &Effort,
        figures: &MetricsSnapshot,
        sessions: SessionCounts,
    ) -> Result<SessionHealth, SessionError> {
        self.metrics.saw(sessions);
        let census = self.census(effort, sessions).await?;
        let health = judging::report(census, figures, &self.thresholds);
        for check in health.checks.iter().filter(|check| check.status > HealthStatus::Ok) {
            let HealthCheck { name, value, threshold, .. } = *check;
            warn!(check = name, value, threshold, "beyond its limit");
        }
        Ok(health)
    }

    async fn census(
        &self,
        effort: &Effort,
        sessions: SessionCounts,
    ) -> Result<Census, SessionError> {
        debug!("asking for locks");
        let locks = self.repository.locks().await?;
        let (locks_held, stale_locks) = (locks.len() as u64, self.stale(&locks));
        debug!("verifying sessions");
        let scrub = self.repository.scrub(effort).await?;
        self.met(&scrub.findings);
        Ok(Census { sessions, scrub, locks_held, stale_locks })
    }

    /// How many of the locks are held for longer than an append waits for one.
    fn stale(&self, locks: &[HeldLock]) -> u64 {
        let timeout_us = i64::try_from(self.repository.lock_timeout().as_micros());
        let oldest = self.clock.now().saturating_add_micros(-timeout_us.unwrap_or(i64::MAX));
        let holders = locks.iter().filter_map(|lock| lock.holder.as_ref());
        holders.filter(|holder| holder.since < oldest).count() as u64
    }
}
