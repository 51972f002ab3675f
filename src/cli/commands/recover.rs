//! `annals recover`.

use clap::Args;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::manager::SessionError;
use crate::repository::{Recovery, Repair, Salvage, Unattributed};
use crate::vocabulary::{Finding, LostRange, SessionId, one_line};

/// Repair sessions, keeping all that proves itself; exit code 1 if something was lost
#[derive(Debug, Args)]
pub(in crate::cli) struct RecoverArgs {
    /// The sessions
    #[arg(value_name = "SESSION", required_unless_present = "all", conflicts_with = "all")]
    sessions: Vec<String>,
    /// Every session of the store, and what lies about in it under wrong names
    #[arg(long)]
    pub(in crate::cli) all: bool,
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
    /// Files and folders that were brought back to it, by where they were in the store.
    adopted: &'a [String],
    findings: &'a [Finding],
    changed: bool,
}

/// What `--json` prints of something that is no session's.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum StoreLine<'a> {
    Unrecoverable { path: &'a str, why: &'a str },
    Restored { path: &'a str },
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: RecoverArgs,
) -> Result<Status, CliError> {
    let repair = if args.dry_run { Repair::Plan } else { Repair::Apply };
    let mut salvage = Salvage::default();
    if args.all {
        salvage = context.manager.salvage_store(repair).await?;
        tell_of_store(context, repair, &salvage)?;
    }
    let mut sessions = match args.dry_run && salvage.store_restored {
        // Nobody can list them before it is done: all of them are in the plan.
        true => Vec::new(),
        false => context.named_or_all(&args.sessions).await?,
    };
    sessions.retain(|session| !salvage.has_left(session));
    sessions.retain(|session| !(args.dry_run && salvage.has_planned(session)));
    let mut tally = Tally { repair, status: Status::Done, lost: !salvage.left.is_empty() };
    for (session, planned) in std::mem::take(&mut salvage.planned) {
        tally.add(context, &session, planned.map_err(SessionError::from), &salvage)?;
    }
    for session in &sessions {
        let recovery = context.manager.recover_session(session, repair).await;
        tally.add(context, session, recovery, &salvage)?;
    }
    Ok(match tally.status {
        Status::Failed(_) => tally.status,
        _ => Status::found(tally.lost),
    })
}

/// What all recoveries come to.
struct Tally {
    repair: Repair,
    status: Status,
    lost: bool,
}

impl Tally {
    fn add(
        &mut self,
        context: &mut Context,
        session: &SessionId,
        recovery: Result<Recovery, SessionError>,
        salvage: &Salvage,
    ) -> Result<(), CliError> {
        match recovery {
            Ok(mut recovery) => {
                self.lost |= !recovery.lost.is_empty();
                let brought = salvage.adopted_by(session).map(str::to_owned);
                recovery.adopted = brought.chain(recovery.adopted).collect();
                recovery.changed |= !recovery.adopted.is_empty();
                tell(context, session, self.repair, &recovery)?;
            }
            Err(error) => self.status = self.status.or_failed(context, &error.into()),
        }
        Ok(())
    }
}

fn tell_of_store(context: &mut Context, repair: Repair, salvage: &Salvage) -> Result<(), CliError> {
    let output = &mut context.output;
    if salvage.store_restored && output.json {
        output.json_line(&StoreLine::Restored { path: "store.json" })?;
    } else if salvage.store_restored {
        let done = match repair {
            Repair::Plan => "store.json is lost, and would be written again",
            Repair::Apply => "store.json was lost, and was written again",
        };
        output.line(done)?;
    }
    for Unattributed { path, why } in &salvage.left {
        if output.json {
            output.json_line(&StoreLine::Unrecoverable { path, why })?;
        } else {
            output.line(&format!("{}: left where it is: {why}", one_line(path)))?;
        }
    }
    Ok(())
}

fn tell(
    context: &mut Context,
    session: &SessionId,
    repair: Repair,
    recovery: &Recovery,
) -> Result<(), CliError> {
    let Recovery { records_kept, lost, quarantined, adopted, findings, changed } = recovery;
    let output = &mut context.output;
    if output.json {
        return output.json_line(&RecoveryLine {
            session,
            records_kept: *records_kept,
            lost,
            quarantined: quarantined.first(),
            quarantined_files: quarantined,
            adopted,
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
    for file in adopted {
        output.line(&format!("  brought back {}", one_line(file)))?;
    }
    for finding in findings {
        output.line(&format!("  {}: {}", finding.class, one_line(&finding.message)))?;
    }
    for range in lost {
        output.line(&format!("  lost {} ({} bytes)", range, range.bytes))?;
    }
    for file in quarantined {
        output.line(&format!("  set aside in {}", one_line(file)))?;
    }
    Ok(())
}
