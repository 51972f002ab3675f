//! `annals health`.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::cli::{style, table};
use crate::manager::{HealthCheck, HealthStatus, SessionHealth};

/// Show how the store is; exit code 1 for a warning or worse
#[derive(Debug, Args)]
pub(in crate::cli) struct HealthArgs {}

pub(in crate::cli) async fn run(
    context: &mut Context,
    HealthArgs {}: HealthArgs,
) -> Result<Status, CliError> {
    let health = context.manager.health_check().await?;
    let status = Status::found(health.status > HealthStatus::Ok);
    let output = &mut context.output;
    if output.json {
        output.json_line(&health)?;
        return Ok(status);
    }
    let SessionHealth { total_sessions, active_sessions, background_sessions, .. } = health;
    let SessionHealth { archived_sessions, corrupted_sessions, .. } = health;
    output.line(&format!(
        "{}: {total_sessions} sessions, {active_sessions} active, {background_sessions} in the \
         background, {archived_sessions} archived, {corrupted_sessions} corrupted",
        name(health.status)
    ))?;
    let columns = [
        table::text("CHECK"),
        table::text("STATUS"),
        table::number("VALUE"),
        table::number("THRESHOLD"),
    ];
    let rows = health
        .checks
        .iter()
        .map(|HealthCheck { name: check, status, value, threshold }| {
            let row_style = match status {
                HealthStatus::Ok => style::PLAIN,
                HealthStatus::Warn => style::WARNING,
                HealthStatus::Critical => style::ERROR,
            };
            let value = value.map_or("-".to_owned(), |value| value.to_string());
            (
                row_style,
                vec![(*check).to_owned(), name(*status).to_owned(), value, threshold.to_string()],
            )
        })
        .collect();
    table::write(output, &columns, rows)?;
    Ok(status)
}

fn name(status: HealthStatus) -> &'static str {
    match status {
        HealthStatus::Ok => "ok",
        HealthStatus::Warn => "warn",
        HealthStatus::Critical => "critical",
    }
}
