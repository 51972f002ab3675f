//! `annals head`.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};

/// Print the heads of sessions, in the form that `verify --anchors` reads
#[derive(Debug, Args)]
pub(in crate::cli) struct HeadArgs {
    /// The sessions [default: all]
    #[arg(value_name = "SESSION")]
    sessions: Vec<String>,
}

pub(in crate::cli) async fn run(context: &mut Context, args: HeadArgs) -> Result<Status, CliError> {
    let sessions = context.named_or_all(&args.sessions).await?;
    let mut status = Status::Done;
    for session in sessions {
        match context.manager.head(&session).await {
            Ok(head) if context.output.json => context.output.json_line(&head)?,
            Ok(head) => context.output.line(&head.to_string())?,
            Err(error) => status = status.or_failed(context, &error.into()),
        }
    }
    Ok(status)
}
