//! `annals unset`.

use clap::Args;

use super::change::{self, OneSession};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::vocabulary::{Command, FieldName};

/// Remove custom fields
#[derive(Debug, Args)]
pub(in crate::cli) struct UnsetArgs {
    #[command(flatten)]
    target: OneSession,
    /// The fields to remove
    #[arg(value_name = "KEY", required = true)]
    keys: Vec<FieldName>,
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: UnsetArgs,
) -> Result<Status, CliError> {
    let commands = args.keys.into_iter().map(|key| Command::ClearField { key });
    change::together(context, &args.target, "unset", commands).await
}
