//! `annals health`.

use clap::{Args, ValueEnum};

use crate::cli::commands::verify::write_finding;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::cli::output::Output;
use crate::cli::{style, table};
use crate::manager::{HealthCheck, HealthStatus, SessionHealth};
use crate::repository::{Effort, VerifiedSessions};
use crate::vocabulary::ByteCount;

/// Show how the store is; exit code 1 for a warning or worse
#[derive(Debug, Args)]
pub(in crate::cli) struct HealthArgs {
    /// Verify every session, not only what has changed and a share of the rest
    #[arg(long)]
    full: bool,
    /// What the exit code tells
    #[arg(long, value_enum, default_value_t, value_name = "STYLE")]
    pub(in crate::cli) exit_code: ExitCodes,
}

/// What the exit code of a check tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(in crate::cli) enum ExitCodes {
    /// 0 ok, 1 a warning or worse, and those of every command
    #[default]
    Annals,
    /// 0 ok, 1 warning, 2 critical, 3 the store could not be checked
    Nagios,
}

impl ExitCodes {
    /// The code of a store that could not be checked, where it is not that of the error.
    pub(in crate::cli) fn unknown(self) -> Option<u8> {
        match self {
            Self::Annals => None,
            Self::Nagios => Some(3),
        }
    }

    fn of(self, health: HealthStatus) -> Status {
        match (self, health) {
            (_, HealthStatus::Ok) => Status::Done,
            (Self::Nagios, HealthStatus::Critical) => Status::Failed(2),
            (_, HealthStatus::Warn | HealthStatus::Critical) => Status::Found,
        }
    }
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    HealthArgs { full, exit_code }: HealthArgs,
) -> Result<Status, CliError> {
    let manager = &context.manager;
    let effort = Effort { full, ..manager.effort() };
    let health = manager.health_check_with(&effort).await?;
    let output = &mut context.output;
    if output.json {
        output.json_line(&health)?;
    } else {
        write_summary(output, &health)?;
        write_checks(output, &health.checks)?;
        for finding in &health.findings {
            write_finding(output, finding)?;
        }
    }
    Ok(exit_code.of(health.status))
}

fn write_summary(output: &mut Output, health: &SessionHealth) -> Result<(), CliError> {
    let SessionHealth { total_sessions, active_sessions, background_sessions, .. } = health;
    let SessionHealth { archived_sessions, corrupted_sessions, .. } = health;
    output.line(&format!(
        "{}: {total_sessions} sessions, {active_sessions} active, {background_sessions} in the \
         background, {archived_sessions} archived, {corrupted_sessions} corrupted",
        name(health.status)
    ))?;
    let VerifiedSessions { now, earlier, never } = health.verified;
    let bytes = ByteCount(health.store_bytes);
    output.line(&format!(
        "{bytes} of history; verified: {now} now, {earlier} earlier and unchanged since, {never} \
         not yet; {} locks held",
        health.locks_held
    ))
}

fn write_checks(output: &mut Output, checks: &[HealthCheck]) -> Result<(), CliError> {
    let columns = [
        table::text("CHECK"),
        table::text("STATUS"),
        table::number("VALUE"),
        table::number("THRESHOLD"),
    ];
    let rows = checks.iter().map(|HealthCheck { name: check, status, value, threshold }| {
        let row_style = match status {
            HealthStatus::Ok => style::PLAIN,
            HealthStatus::Warn => style::WARNING,
            HealthStatus::Critical => style::ERROR,
        };
        let value = value.map_or("-".to_owned(), |value| value.to_string());
        let cells = [(*check).to_owned(), name(*status).to_owned(), value, threshold.to_string()];
        (row_style, cells.to_vec())
    });
    table::write(output, &columns, rows.collect())
}

fn name(status: HealthStatus) -> &'static str {
    match status {
        HealthStatus::Ok => "ok",
        HealthStatus::Warn => "warn",
        HealthStatus::Critical => "critical",
    }
}
