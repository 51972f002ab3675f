//! `annals archive`.

use clap::Args;

use super::change::{self, Sessions};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::vocabulary::Command;

/// Put sessions away; they take no messages until they are restored
#[derive(Debug, Args)]
pub(in crate::cli) struct ArchiveArgs {
    #[command(flatten)]
    sessions: Sessions,
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: ArchiveArgs,
) -> Result<Status, CliError> {
    change::each(context, args.sessions, "archived", Command::Archive).await
}
