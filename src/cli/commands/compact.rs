//! `annals compact`.

use clap::Args;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::repository::Compaction;
use crate::vocabulary::{ByteCount, SessionId};

/// Seal older history into compressed segments; nothing is lost, and all commands read through them
#[derive(Debug, Args)]
pub(in crate::cli) struct CompactArgs {
    /// The sessions [default: all]
    #[arg(value_name = "SESSION")]
    sessions: Vec<String>,
    /// How many of the newest records stay in the journal, at least 1
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..))]
    keep: u64,
}

/// What `--json` prints.
#[derive(Serialize)]
struct CompactionLine<'a> {
    session: &'a SessionId,
    records_sealed: u64,
    bytes_before: u64,
    bytes_after: u64,
    changed: bool,
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: CompactArgs,
) -> Result<Status, CliError> {
    let sessions = context.named_or_all(&args.sessions).await?;
    let mut status = Status::Done;
    for session in &sessions {
        match context.manager.compact_session(session, args.keep).await {
            Ok(compaction) => tell(context, session, compaction)?,
            Err(error) => status = status.or_failed(context, &error.into()),
        }
    }
    Ok(status)
}

fn tell(
    context: &mut Context,
    session: &SessionId,
    compaction: Compaction,
) -> Result<(), CliError> {
    let Compaction { records_sealed, bytes_before, bytes_after, changed } = compaction;
    if context.output.json {
        return context.output.json_line(&CompactionLine {
            session,
            records_sealed,
            bytes_before,
            bytes_after,
            changed,
        });
    }
    let outcome = if changed {
        let (before, after) = (ByteCount(bytes_before), ByteCount(bytes_after));
        format!("{records_sealed} records sealed, {before} became {after}")
    } else {
        "nothing to compact".to_owned()
    };
    context.output.line(&format!("{session}: {outcome}"))
}
