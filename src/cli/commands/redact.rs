//! `annals redact`.

use clap::Args;

use super::change::{self, OneSession};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::manager::Changed;
use crate::vocabulary::{Outcome, Redacted};

/// Remove one event's data for good, and say so in the history; the chain holds
#[derive(Debug, Args)]
pub(in crate::cli) struct RedactArgs {
    #[command(flatten)]
    target: OneSession,
    /// The event's sequence number, as `annals log` shows it
    #[arg(value_name = "SEQ")]
    seq: u64,
    /// Why; it stays in the history
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: RedactArgs,
) -> Result<Status, CliError> {
    let session = context.manager.resolve(&args.target.session).await?;
    let redacted = Redacted { seq: args.seq, reason: args.reason };
    let expected = args.target.condition.expected();
    let appended = context.manager.redact_record(&session, redacted, expected).await?;
    let outcome = appended.outcomes.first().copied().unwrap_or(Outcome::Unchanged);
    change::tell_changed(context, "redacted", &Changed { state: appended.state, outcome })?;
    Ok(Status::Done)
}
