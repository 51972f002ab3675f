//! The face that applications use: operations on sessions, observed.
//!
//! A [`SessionManager`] adds to a repository what every application needs in the same way: who
//! makes a change, sessions named by prefix, name or `@last`, states of the past, spans and log
//! events for every operation, figures of all of them, and a verdict about the store's health.

mod answer;
mod auditing;
mod change_line;
mod changing;
mod error;
mod health;
pub mod import;
mod lines;
mod metrics;
mod observe;
mod operation;
mod reading;
mod resolve;
mod state_at;
mod telling;

use std::fmt;
use std::sync::Arc;

pub use crate::repository::author_from_environment;
pub use change_line::{ChangeLine, CreationLine};
pub use changing::{ChangeOptions, Changed};
pub use error::SessionError;
pub use health::{HealthCheck, HealthStatus, HealthThresholds, LatencyMs, SessionHealth};
pub use lines::{ErrorLine, LockLine, RecordLine, Report};
#[cfg(feature = "metrics")]
pub use metrics::{Exposition, encoded, open_metrics, prometheus_text};
pub use metrics::{Latency, MetricsSnapshot, OperationSnapshot, SessionCounts, SessionMetrics};
pub use operation::Operation;
pub use state_at::Moment;

use self::telling::Told;
pub use crate::format::anchor::Head;
use crate::repository::{Effort, SessionRepository};
use crate::vocabulary::{Author, Clock, Figures, SystemClock};

/// Sessions of one repository, as an application works with them.
///
/// Every operation runs in a span of its name, says at its end what came of it, and is counted and
/// timed: see [`metrics`](Self::metrics). A manager is shared by reference, or in an [`Arc`]. Each
/// operation that changes something keeps going, or not, when its future is dropped, as
/// [`SessionRepository`] says.
///
/// What a manager has measured is told to the other processes that use the store: every few seconds
/// by an operation that ends, and when the manager is dropped, which takes a short write.
pub struct SessionManager<R: SessionRepository> {
    repository: Arc<R>,
    author: Author,
    clock: Arc<dyn Clock>,
    metrics: SessionMetrics,
    told: Told,
    thresholds: HealthThresholds,
    effort: Effort,
    /// Whether what was measured is told to the store.
    tells: bool,
}

impl<R: SessionRepository> SessionManager<R> {
    /// A manager of a repository, whose changes are made by whoever runs this process.
    #[must_use]
    pub fn new(repository: R) -> Self {
        Self {
            repository: Arc::new(repository),
            author: author_from_environment(),
            clock: Arc::new(SystemClock),
            metrics: SessionMetrics::default(),
            told: Told::default(),
            thresholds: HealthThresholds::default(),
            effort: Effort::default(),
            tells: true,
        }
    }

    /// The same manager with changes made by somebody else: the program that embeds this crate
    /// knows its own name and version best.
    #[must_use]
    pub fn with_author(mut self, by: Author) -> Self {
        self.author = by.bounded();
        self
    }

    /// The same manager with another clock. It tells how long locks have been held; the
    /// repository stamps records with its own.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The same manager with other limits for [`health_check`](Self::health_check).
    #[must_use]
    pub fn with_thresholds(mut self, thresholds: HealthThresholds) -> Self {
        self.thresholds = thresholds;
        self
    }

    /// The same manager with another bound on what one [`health_check`](Self::health_check)
    /// verifies.
    #[must_use]
    pub fn with_effort(mut self, effort: Effort) -> Self {
        self.effort = effort;
        self
    }

    /// The same manager, which tells the store what it has measured, or does not. Only what is told
    /// is part of [`store_metrics`](Self::store_metrics) of other processes; by default all is.
    #[must_use]
    pub fn with_telling(mut self, tells: bool) -> Self {
        self.tells = tells;
        self
    }

    /// What one [`health_check`](Self::health_check) verifies at most.
    #[must_use]
    pub fn effort(&self) -> Effort {
        self.effort
    }

    /// The repository.
    #[must_use]
    pub fn repository(&self) -> &R {
        &self.repository
    }

    /// Who makes the changes.
    #[must_use]
    pub fn author(&self) -> &Author {
        &self.author
    }

    /// The figures of every operation of this manager so far. Those of all processes that use the
    /// store are [`store_metrics`](Self::store_metrics).
    #[must_use]
    pub fn metrics(&self) -> MetricsSnapshot {
        let figures = Figures { writes: self.repository.write_figures(), ..self.own_figures() };
        MetricsSnapshot::of(figures, self.metrics.sessions())
    }
}

impl<R: SessionRepository> fmt::Debug for SessionManager<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SessionManager")
            .field("author", &self.author)
            .finish_non_exhaustive()
    }
}
