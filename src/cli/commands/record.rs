//! `annals record`.

use std::path::Path;

use clap::Args;

use super::change::{self, OneSession};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::cli::input;
use crate::manager::ChangeOptions;
use crate::vocabulary::{Command, Key, NewMessage, Role, bounds};

/// Record a message
#[derive(Debug, Args)]
pub(in crate::cli) struct RecordArgs {
    #[command(flatten)]
    target: OneSession,
    /// Who speaks: user, assistant, system, tool or another lowercase word
    #[arg(long)]
    role: Role,
    /// What is said, or - to read it from standard input
    #[arg(allow_hyphen_values = true)]
    text: Option<String>,
    /// The model that speaks
    #[arg(long)]
    model: Option<String>,
    /// Record it once only: a key that the history already holds changes nothing
    #[arg(long)]
    key: Option<Key>,
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: RecordArgs,
) -> Result<Status, CliError> {
    let text = match args.text {
        Some(text) if text == input::STDIN => {
            Some(input::read_text(Path::new(input::STDIN), bounds::TEXT_BYTES_MAX)?)
        }
        text => text,
    };
    let session = context.manager.resolve(&args.target.session).await?;
    let message = NewMessage {
        role: args.role,
        text,
        model: args.model,
        tokens: None,
        meta: false,
        occurred: None,
    };
    let options = ChangeOptions { expected: args.target.condition.expected(), key: args.key };
    let changed =
        context.manager.change(&session, Command::RecordMessage(message), options).await?;
    change::tell_changed(context, "recorded", &changed)?;
    Ok(Status::Done)
}
