//! `annals purge`.

use clap::Args;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::vocabulary::SessionId;

/// Remove a session and its history for good
#[derive(Debug, Args)]
pub(in crate::cli) struct PurgeArgs {
    /// The session
    session: String,
}

#[derive(Serialize)]
struct Purged<'a> {
    session: &'a SessionId,
    purged: bool,
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: PurgeArgs,
) -> Result<Status, CliError> {
    let session = context.manager.resolve(&args.session).await?;
    context.manager.purge_session(&session).await?;
    if context.output.json {
        context.output.json_line(&Purged { session: &session, purged: true })?;
    } else {
        context.output.line(&format!("purged {session}"))?;
    }
    Ok(Status::Done)
}
