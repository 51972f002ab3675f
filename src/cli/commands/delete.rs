//! `annals delete`.

use clap::Args;

use super::change::{self, Sessions};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::vocabulary::Command;

/// Mark sessions as deleted; their history stays, and restore brings them back
#[derive(Debug, Args)]
pub(in crate::cli) struct DeleteArgs {
    #[command(flatten)]
    sessions: Sessions,
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: DeleteArgs,
) -> Result<Status, CliError> {
    change::each(context, args.sessions, "deleted", Command::Delete).await
}
