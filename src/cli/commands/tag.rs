//! `annals tag`.

use clap::Args;

use super::change::{self, OneSession};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::vocabulary::{Command, Tag};

/// Give a session tags
#[derive(Debug, Args)]
pub(in crate::cli) struct TagArgs {
    #[command(flatten)]
    target: OneSession,
    /// The tags to add
    #[arg(value_name = "TAG", required = true)]
    tags: Vec<Tag>,
}

pub(in crate::cli) async fn run(context: &mut Context, args: TagArgs) -> Result<Status, CliError> {
    let commands = args.tags.into_iter().map(Command::Tag);
    change::together(context, &args.target, "tagged", commands).await
}
