//! `annals untag`.

use clap::Args;

use super::change::{self, OneSession};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::vocabulary::{Command, Tag};

/// Take tags off a session
#[derive(Debug, Args)]
pub(in crate::cli) struct UntagArgs {
    #[command(flatten)]
    target: OneSession,
    /// The tags to remove
    #[arg(value_name = "TAG", required = true)]
    tags: Vec<Tag>,
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: UntagArgs,
) -> Result<Status, CliError> {
    let commands = args.tags.into_iter().map(Command::Untag);
    change::together(context, &args.target, "untagged", commands).await
}
