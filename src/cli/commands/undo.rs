//! `annals undo`.

use clap::Args;

use super::change::{self, Sessions};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::vocabulary::Command;

/// Take the last change back: a rename, tag, field or status, never history
#[derive(Debug, Args)]
pub(in crate::cli) struct UndoArgs {
    #[command(flatten)]
    sessions: Sessions,
}

pub(in crate::cli) async fn run(context: &mut Context, args: UndoArgs) -> Result<Status, CliError> {
    change::each(context, args.sessions, "undone", Command::Undo).await
}
