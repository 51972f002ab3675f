//! `annals restore`.

use clap::Args;

use super::change::{self, Sessions};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::vocabulary::Command;

/// Bring sessions back, from the archive or from deletion
#[derive(Debug, Args)]
pub(in crate::cli) struct RestoreArgs {
    #[command(flatten)]
    sessions: Sessions,
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: RestoreArgs,
) -> Result<Status, CliError> {
    change::each(context, args.sessions, "restored", Command::Restore).await
}
