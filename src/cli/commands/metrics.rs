//! `annals metrics`.

use anstyle::Style;
use clap::{Args, ValueEnum};

use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::cli::output::Output;
use crate::cli::{style, table};
use crate::manager::{Latency, MetricsSnapshot, open_metrics, prometheus_text};
use crate::vocabulary::{Durations, SessionStatus, one_line};

/// Show how often operations were called, how long they took, and what went wrong, by all processes
/// that have used the store
#[derive(Debug, Args)]
pub(in crate::cli) struct MetricsArgs {
    /// Write text for a monitoring system, instead of JSON or what people read
    #[arg(long, value_enum)]
    format: Option<Format>,
}

/// A format that monitoring systems read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// OpenMetrics 1.0
    Openmetrics,
    /// The older text format of Prometheus, which promtool reads
    Prometheus,
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    MetricsArgs { format }: MetricsArgs,
) -> Result<Status, CliError> {
    let figures = context.manager.store_metrics().await?;
    let output = &mut context.output;
    match format {
        Some(format) => write_text(output, &figures, format)?,
        None if output.json => output.json_line(&figures)?,
        None => write_for_people(output, &figures)?,
    }
    Ok(Status::Done)
}

fn write_text(
    output: &mut Output,
    figures: &MetricsSnapshot,
    format: Format,
) -> Result<(), CliError> {
    let text = open_metrics(figures, None);
    let text = if format == Format::Prometheus { prometheus_text(&text) } else { text };
    Ok(output.raw().write_all(text.as_bytes())?)
}

fn write_for_people(output: &mut Output, figures: &MetricsSnapshot) -> Result<(), CliError> {
    let columns = [
        table::text("OPERATION"),
        table::number("CALLS"),
        table::number("ERRORS"),
        table::number("P50"),
        table::number("P95"),
        table::number("P99"),
        table::number("MAX"),
    ];
    let rows: Vec<(Style, Vec<String>)> = figures
        .operations
        .iter()
        .map(|(name, operation)| {
            let errors: u64 = operation.errors.values().sum();
            let row_style = if operation.faults > 0 { style::WARNING } else { style::PLAIN };
            let counts = [one_line(name).into_owned(), operation.calls.to_string()];
            let times = percentiles(operation.latency);
            let cells = counts.into_iter().chain([errors.to_string()]).chain(times);
            (row_style, cells.collect())
        })
        .collect();
    if !rows.is_empty() {
        table::write(output, &columns, rows)?;
    }
    for line in summary(figures) {
        output.line(&line)?;
    }
    Ok(())
}

/// How long calls took, in the order of the columns.
fn percentiles(latency: Option<Latency>) -> [String; 4] {
    let Some(Latency { p50_us, p95_us, p99_us, max_us, .. }) = latency else {
        return ["-"; 4].map(ToOwned::to_owned);
    };
    [p50_us, p95_us, p99_us, max_us].map(span)
}

fn summary(figures: &MetricsSnapshot) -> Vec<String> {
    let MetricsSnapshot { writes, cache, lock_timeouts, recoveries, findings, .. } = figures;
    let sessions = SessionStatus::ALL
        .map(|status| format!("{} {status}", figures.sessions.of(status).unwrap_or(0)));
    let hit_rate = cache.hit_rate().map_or(String::new(), |rate| format!(" ({:.0} %)", rate * 1e2));
    vec![
        format!("errors: {} of {} calls, {} faults", figures.errors, figures.calls, figures.faults),
        format!("appends: {} records{}", writes.changes, most(&writes.took)),
        format!("syncs: {}{}", writes.synced.count(), most(&writes.synced)),
        format!(
            "locks: {} taken{}; {lock_timeouts} time-outs",
            writes.waited.count(),
            most(&writes.waited)
        ),
        format!("cache: {} hits, {} misses{hit_rate}", cache.hits, cache.misses),
        format!("damage: {recoveries} recoveries, {findings} findings met"),
        format!("sessions: {}", sessions.join(", ")),
    ]
}

/// How long most of them took.
fn most(durations: &Durations) -> String {
    match durations.quantile(0.95) {
        Some(p95) => format!(", 95 % within {}, longest {}", span(p95), span(durations.max_us())),
        None => String::new(),
    }
}

/// A duration with three digits or a little more.
#[allow(clippy::cast_precision_loss, reason = "a figure for people")]
fn span(micros: u64) -> String {
    let (value, unit) = match micros {
        0..1_000 => return format!("{micros} µs"),
        1_000..1_000_000 => (micros as f64 / 1e3, "ms"),
        _ => (micros as f64 / 1e6, "s"),
    };
    if value < 10.0 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn durations_are_shown_with_the_digits_that_matter() {
        let spans = [0, 999, 1_000, 9_949, 12_345, 999_499, 1_000_000, 61_000_000].map(span);
        assert_eq!(
            spans,
            ["0 µs", "999 µs", "1.0 ms", "9.9 ms", "12 ms", "999 ms", "1.0 s", "61 s"]
        );
    }
}
