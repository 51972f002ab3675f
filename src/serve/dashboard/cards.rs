//! The charts of the overview: which figures there are, and how each is drawn.

use super::alerts::limit_of;
use super::chart::{Chart, Line, Span};
use super::overview::Figures;
use super::units::{Unit, counted};
use crate::serve::history::Sample;
use crate::vocabulary::Timestamp;

/// An axis of durations reaches at least one millisecond, one of rates one a second.
const DURATION_REACH_US: f64 = 1_000.0;
const RATE_REACH: f64 = 1.0;
/// An axis of errors reaches twice the limit.
const ERROR_REACH: f64 = 0.02;

/// Every chart, in the order of the page.
pub(super) fn charts(figures: &Figures<'_>) -> [Chart; 5] {
    [events(figures), latency(figures), waits(figures), errors(figures), hits(figures)]
}

/// A chart without lines.
fn blank(figures: &Figures<'_>, id: &'static str, title: &'static str, unit: Unit) -> Chart {
    let to = figures.samples.last().map_or(figures.now, |sample| sample.at);
    Chart {
        id,
        title,
        unit,
        span: Span { to, length: figures.window.length() },
        moments: figures.samples.iter().map(|sample| sample.at).collect::<Vec<Timestamp>>(),
        lines: Vec::new(),
        limit: None,
        reach: 0.0,
        note: None,
        nothing: "nothing measured yet",
    }
}

fn line(
    figures: &Figures<'_>,
    name: &'static str,
    class: &'static str,
    value: impl Fn(&Sample) -> Option<f64>,
) -> Line {
    Line { name, class, values: figures.samples.iter().map(value).collect() }
}

/// Durations have less than 2^52 microseconds.
#[allow(clippy::cast_precision_loss, reason = "figures for people")]
fn micros(value: Option<u64>) -> Option<f64> {
    value.map(|micros| micros as f64)
}

fn events(figures: &Figures<'_>) -> Chart {
    let lines = vec![line(figures, "", "main", |sample| Some(sample.events_per_s))];
    let blank = blank(figures, "events", "Events a second", Unit::Rate);
    Chart { lines, reach: RATE_REACH, ..blank }
}

fn latency(figures: &Figures<'_>) -> Chart {
    let lines = vec![
        line(figures, "p50", "p50", |sample| micros(sample.append_p50_us)),
        line(figures, "p95", "p95", |sample| micros(sample.append_p95_us)),
        line(figures, "p99", "p99", |sample| micros(sample.append_p99_us)),
    ];
    let limit = limit_of(figures.health, "latency_p95_ms").map(|millis| millis * 1e3);
    let blank = blank(figures, "latency", "Append latency", Unit::Duration);
    Chart { lines, limit, reach: DURATION_REACH_US, nothing: "no appends", ..blank }
}

fn waits(figures: &Figures<'_>) -> Chart {
    let lines = vec![line(figures, "", "main", |sample| micros(sample.lock_wait_p95_us))];
    let timeouts = figures.samples.iter().map(|sample| sample.lock_timeouts).sum();
    let note = Some(counted(timeouts, "time-out"));
    let blank = blank(figures, "waits", "Lock wait p95", Unit::Duration);
    Chart { lines, note, reach: DURATION_REACH_US, nothing: "no appends", ..blank }
}

fn errors(figures: &Figures<'_>) -> Chart {
    let lines = vec![line(figures, "", "main", |sample| sample.error_rate)];
    let limit = limit_of(figures.health, "error_rate");
    let blank = blank(figures, "errors", "Error rate", Unit::Share);
    Chart { lines, limit, reach: ERROR_REACH, nothing: "no calls", ..blank }
}

fn hits(figures: &Figures<'_>) -> Chart {
    let lines = vec![line(figures, "", "main", |sample| sample.cache_hit_rate)];
    let limit = limit_of(figures.health, "cache_hit_rate");
    let blank = blank(figures, "hits", "Cache hit rate", Unit::Share);
    Chart { lines, limit, reach: 1.0, nothing: "no look-ups in the cache", ..blank }
}
