//! `annals background`.

use clap::Args;

use super::change::{self, Sessions};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::vocabulary::Command;

/// Send sessions to the background
#[derive(Debug, Args)]
pub(in crate::cli) struct BackgroundArgs {
    #[command(flatten)]
    sessions: Sessions,
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: BackgroundArgs,
) -> Result<Status, CliError> {
    change::each(context, args.sessions, "backgrounded", Command::Background).await
}
