//! `annals recover`.

use clap::Args;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::cli::escape::one_line;
use crate::cli::phrase;
use crate::repository::{Recovery, Repair};
use crate::vocabulary::{Finding, LostRange, SessionId};

/// Repair sessions, keeping all that proves itself; exit code 1 if something was lost
#[derive(Debug, Args)]
pub(in crate::cli) struct RecoverArgs {
    /// The sessions
    #[arg(value_name = "SESSION", required_unless_present = "all", conflicts_with = "all")]
    sessions: Vec<String>,
    /// Every session of the store
    #[arg(long)]
    all: bool,
    /// Say what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct RecoveryLine<'a> {
    session: &'a SessionId,
    records_kept: u64,
    lost: &'a [LostRange],
    /// The first of the files set aside.
    quarantined: Option<&'a String>,
    /// All of them.
    quarantined_files: &'a [String],
    findings: &'a [Finding],
    changed: bool,
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: RecoverArgs,
) -> Result<Status, CliError> {
    let repair = if args.dry_run { Repair::Plan } else { Repair::Apply };
    let sessions = context.named_or_all(&args.sessions).await?;
    let mut status = Status::Done;
    let mut something_lost = false;
    for session in &sessions {
        match context.manager.recover_session(session, repair).await {
            Ok(recovery) => {
                something_lost |= !recovery.lost.is_empty();
                tell(context, session, repair, &recovery)?;
            }
            Err(error) => status = status.or_failed(context, &error.into()),
        }
    }
    Ok(match status {
        Status::Failed(_) => status,
        _ => Status::found(something_lost),
    })
}

fn tell(
    context: &mut Context,
    session: &SessionId,
    repair: Repair,
    recovery: &Recovery,
) -> Result<(), CliError> {
    let Recovery { records_kept, lost, quarantined, findings, changed } = recovery;
    let output = &mut context.output;
    if output.json {
        return output.json_line(&RecoveryLine {
            session,
            records_kept: *records_kept,
            lost,
            quarantined: quarantined.first(),
            quarantined_files: quarantined,
            findings,
            changed: *changed,
        });
    }
    if !changed {
        return output.line(&format!("{session}: nothing to recover, {records_kept} records"));
    }
    let done = match repair {
        Repair::Plan => "would keep",
        Repair::Apply => "kept",
    };
    output.line(&format!("{session}: {done} {records_kept} records"))?;
    for finding in findings {
        output.line(&format!("  {}: {}", finding.class, one_line(&finding.message)))?;
    }
    for range in lost {
        output.line(&format!("  lost {} ({} bytes)", phrase::of_range(range), range.bytes))?;
    }
    for file in quarantined {
        output.line(&format!("  set aside in {}", one_line(file)))?;
    }
    Ok(())
}
