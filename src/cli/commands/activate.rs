//! `annals activate`.

use clap::Args;

use super::change::{self, Sessions};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::vocabulary::Command;

/// Bring sessions to the foreground
#[derive(Debug, Args)]
pub(in crate::cli) struct ActivateArgs {
    #[command(flatten)]
    sessions: Sessions,
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: ActivateArgs,
) -> Result<Status, CliError> {
    change::each(context, args.sessions, "activated", Command::Activate).await
}
