//! `annals rename`.

use clap::Args;

use super::change::{self, OneSession};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::vocabulary::{Command, SessionName};

/// Give a session a name, or take it away
#[derive(Debug, Args)]
pub(in crate::cli) struct RenameArgs {
    #[command(flatten)]
    target: OneSession,
    /// The new name: at most 100 characters
    #[arg(required_unless_present = "clear")]
    name: Option<SessionName>,
    /// Take the name away
    #[arg(long, conflicts_with = "name")]
    clear: bool,
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: RenameArgs,
) -> Result<Status, CliError> {
    let command = Command::Rename { name: args.name, occurred: None };
    change::together(context, &args.target, "renamed", [command]).await
}
