//! Figures as text for monitoring systems: OpenMetrics, and the older format of Prometheus.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

use super::MetricsSnapshot;
use crate::manager::{HealthStatus, SessionHealth};
use crate::vocabulary::{Durations, SessionStatus};

/// Upper bounds of the buckets that monitoring systems are shown, in microseconds: from what a
/// cache answers in to the time that a lock is waited for. What a limit is likely to be is among
/// them, so that whether it was kept can be told.
const BOUNDS_US: [u64; 18] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000,
];

/// Figures of a store, with its health where that is known, as families of metrics. A program with
/// metrics of its own registers this with them, and encodes all at once.
#[derive(Debug)]
pub struct Exposition {
    /// The figures.
    pub figures: MetricsSnapshot,
    /// The last health check, if there was one.
    pub health: Option<SessionHealth>,
}

/// Figures of a store, and its health where that is known, as OpenMetrics 1.0 text.
#[must_use]
pub fn open_metrics(figures: &MetricsSnapshot, health: Option<&SessionHealth>) -> String {
    let exposition = Exposition { figures: figures.clone(), health: health.cloned() };
    let mut registry = Registry::default();
    registry.register_collector(Box::new(exposition));
    encoded(&registry)
}

/// Everything that is registered, as OpenMetrics 1.0 text.
#[must_use]
pub fn encoded(registry: &Registry) -> String {
    let mut encoded = String::new();
    // Writing to a string cannot fail.
    let _ = text::encode(&mut encoded, registry);
    encoded
}

/// OpenMetrics text in the older format of Prometheus (`text/plain; version=0.0.4`), which
/// `promtool check metrics` and older collectors read: a counter is called what its values are, and
/// neither units nor the end of the text are said.
#[must_use]
pub fn prometheus_text(open_metrics: &str) -> String {
    let counters: Vec<&str> = open_metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let mut older = String::with_capacity(open_metrics.len());
    for line in open_metrics.lines() {
        let mut words = line.splitn(4, ' ');
        let name = match (words.next(), words.next(), words.next()) {
            (Some("#"), Some("UNIT" | "EOF"), _) => continue,
            (Some("#"), Some("HELP" | "TYPE"), Some(name)) => Some(name),
            _ => None,
        };
        match name.filter(|name| counters.contains(name)) {
            Some(name) => older.push_str(&line.replacen(name, &format!("{name}_total"), 1)),
            None => older.push_str(line),
        }
        older.push('\n');
    }
    older
}

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let out = &mut encoder;
        gauge(out, "annals_build_info", "The version of annals.", |mut family| {
            labelled(&mut family, &[("version", env!("CARGO_PKG_VERSION"))], &ConstGauge::new(1))
        })?;
        operations(out, &self.figures)?;
        contention(out, &self.figures)?;
        sessions(out, &self.figures)?;
        self.health.as_ref().map_or(Ok(()), |health| state(out, health))
    }
}

fn operations(out: &mut DescriptorEncoder, figures: &MetricsSnapshot) -> fmt::Result {
    let operations = &figures.operations;
    counter(out, "annals_operations", "Calls of operations.", |mut family| {
        operations.iter().try_for_each(|(name, operation)| {
            labelled(&mut family, &[("operation", name)], &ConstCounter::new(operation.calls))
        })
    })?;
    let help = "Calls of operations that failed, by the kind of error.";
    counter(out, "annals_operation_errors", help, |mut family| {
        operations.iter().try_for_each(|(name, operation)| {
            operation.errors.iter().try_for_each(|(kind, count)| {
                let labels = [("operation", &**name), ("kind", &**kind)];
                labelled(&mut family, &labels, &ConstCounter::new(*count))
            })
        })
    })?;
    let help = "Calls that failed because of the store, not because of what was asked of it.";
    total(out, "annals_operation_faults", help, figures.faults)?;
    let help = "How long operations took.";
    histogram(out, "annals_operation_duration", help, |mut family| {
        operations.iter().try_for_each(|(name, operation)| {
            let labels = [("operation", &**name)];
            labelled(&mut family, &labels, &Timed(&operation.durations))
        })
    })
}

fn contention(out: &mut DescriptorEncoder, figures: &MetricsSnapshot) -> fmt::Result {
    let writes = &figures.writes;
    total(out, "annals_appends", "Records appended to journals.", writes.changes)?;
    for (name, help, durations) in [
        ("annals_append_duration", "How long appends took under their lock.", &writes.took),
        ("annals_lock_wait", "How long appends waited for their lock.", &writes.waited),
        ("annals_sync_duration", "How long syncs of journals took.", &writes.synced),
    ] {
        histogram(out, name, help, |family| Timed(durations).encode(family))?;
    }
    let help = "Operations that gave up waiting for a lock.";
    total(out, "annals_lock_timeouts", help, figures.lock_timeouts)?;
    total(out, "annals_cache_hits", "Look-ups answered from memory.", figures.cache.hits)?;
    let help = "Look-ups that had to be read.";
    total(out, "annals_cache_misses", help, figures.cache.misses)?;
    let help = "Recoveries that changed a session.";
    total(out, "annals_recoveries", help, figures.recoveries)
}

fn sessions(out: &mut DescriptorEncoder, figures: &MetricsSnapshot) -> fmt::Result {
    gauge(out, "annals_sessions", "Sessions in the store.", |mut family| {
        SessionStatus::ALL.into_iter().try_for_each(|status| {
            let Some(count) = figures.sessions.of(status) else { return Ok(()) };
            labelled(&mut family, &[("status", status.as_str())], &ConstGauge::new(count))
        })
    })
}

/// What a health check has found.
fn state(out: &mut DescriptorEncoder, health: &SessionHealth) -> fmt::Result {
    for (name, help, value) in [
        ("annals_store_bytes", "Bytes of all histories.", health.store_bytes),
        ("annals_corrupted_sessions", "Sessions found damaged.", health.corrupted_sessions),
        ("annals_locks_held", "Locks held at the last health check.", health.locks_held),
        ("annals_stale_locks", "Locks held for too long.", health.stale_locks),
    ] {
        gauge(out, name, help, |family| ConstGauge::new(value).encode(family))?;
    }
    gauge(out, "annals_findings", "Findings of the last health check.", |mut family| {
        health.finding_counts.iter().try_for_each(|(class, count)| {
            labelled(&mut family, &[("class", class.as_str())], &ConstGauge::new(*count))
        })
    })?;
    let help = "How the store is: 0 ok, 1 warn, 2 critical.";
    gauge(out, "annals_health_status", help, |family| {
        ConstGauge::new(level(health.status)).encode(family)
    })?;
    let help = "How each check of the store's health is: 0 ok, 1 warn, 2 critical.";
    gauge(out, "annals_health_check_status", help, |mut family| {
        health.checks.iter().try_for_each(|check| {
            labelled(&mut family, &[("check", check.name)], &ConstGauge::new(level(check.status)))
        })
    })
}

fn level(status: HealthStatus) -> u64 {
    match status {
        HealthStatus::Ok => 0,
        HealthStatus::Warn => 1,
        HealthStatus::Critical => 2,
    }
}

fn counter(
    out: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    values: impl FnOnce(MetricEncoder) -> fmt::Result,
) -> fmt::Result {
    values(out.encode_descriptor(name, help, None, MetricType::Counter)?)
}

fn gauge(
    out: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    values: impl FnOnce(MetricEncoder) -> fmt::Result,
) -> fmt::Result {
    values(out.encode_descriptor(name, help, None, MetricType::Gauge)?)
}

fn histogram(
    out: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    values: impl FnOnce(MetricEncoder) -> fmt::Result,
) -> fmt::Result {
    values(out.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?)
}

/// A counter without labels.
fn total(out: &mut DescriptorEncoder, name: &str, help: &str, count: u64) -> fmt::Result {
    counter(out, name, help, |family| ConstCounter::new(count).encode(family))
}

/// One value of a family that has several.
fn labelled(
    family: &mut MetricEncoder,
    labels: &[(&str, &str)],
    value: &impl EncodeMetric,
) -> fmt::Result {
    value.encode(family.encode_family(&labels)?)
}

/// Durations as a histogram in seconds.
#[derive(Debug)]
struct Timed<'d>(&'d Durations);

impl EncodeMetric for Timed<'_> {
    #[allow(clippy::cast_precision_loss, reason = "seconds for a monitoring system")]
    fn encode(&self, mut encoder: MetricEncoder) -> fmt::Result {
        let seconds = |micros: u64| micros as f64 / 1e6;
        let mut before = 0;
        let mut buckets: Vec<(f64, u64)> = Vec::with_capacity(BOUNDS_US.len() + 1);
        for bound_us in BOUNDS_US {
            let within = self.0.cumulative(bound_us);
            buckets.push((seconds(bound_us), within - before));
            before = within;
        }
        let count = self.0.count();
        buckets.push((f64::INFINITY, count - before));
        encoder.encode_histogram::<NoLabelSet>(seconds(self.0.sum_us()), count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}
