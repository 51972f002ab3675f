//! How the store is: every figure measured, and each held against a limit.

mod judging;

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use tracing::{debug, instrument, warn};

use super::{Operation, SessionError, SessionManager};
use crate::repository::{Effort, HeldLock, Met, Scrub, SessionRepository, VerifiedSessions};
use crate::vocabulary::{Finding, FindingClass, SessionFilter, SessionStatus};

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
    /// Failures of the store as a share of all calls of this manager.
    pub error_rate: f64,
    /// Durations of this manager's operations; `None` before the first.
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
    having: HashMap<SessionStatus, usize>,
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
    /// [`SessionRepository::scrub`].
    ///
    /// # Errors
    ///
    /// Those of the store as a whole; what is wrong with single sessions is part of the answer.
    #[instrument(name = "health_check", skip_all, fields(full = effort.full))]
    pub async fn health_check_with(&self, effort: &Effort) -> Result<SessionHealth, SessionError> {
        // Before the check itself is one of the calls.
        let figures = self.metrics();
        let work = async {
            let census = self.census(effort).await?;
            let health = judging::report(census, &figures, &self.thresholds);
            for check in health.checks.iter().filter(|check| check.status > HealthStatus::Ok) {
                let HealthCheck { name, value, threshold, .. } = *check;
                warn!(check = name, value, threshold, "beyond its limit");
            }
            Ok(health)
        };
        self.observe(Operation::HealthCheck, None, work).await
    }

    async fn census(&self, effort: &Effort) -> Result<Census, SessionError> {
        debug!("counting");
        let having = self.count_by_status().await?;
        for status in SessionStatus::ALL {
            let count = having.get(&status).copied().unwrap_or_default();
            self.metrics.saw_status(status, count);
        }
        let locks = self.repository.locks().await?;
        let (locks_held, stale_locks) = (locks.len() as u64, self.stale(&locks));
        debug!("verifying sessions");
        let scrub = self.repository.scrub(effort).await?;
        self.met(&scrub.findings);
        Ok(Census { having, scrub, locks_held, stale_locks })
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

    /// How many of the locks are held for longer than an append waits for one.
    fn stale(&self, locks: &[HeldLock]) -> u64 {
        let timeout_us = i64::try_from(self.repository.lock_timeout().as_micros());
        let oldest = self.clock.now().saturating_add_micros(-timeout_us.unwrap_or(i64::MAX));
        let holders = locks.iter().filter_map(|lock| lock.holder.as_ref());
        holders.filter(|holder| holder.since < oldest).count() as u64
    }
}
