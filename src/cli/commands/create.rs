//! `annals create`.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::change;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::cli::{directory, fields};
use crate::vocabulary::{FieldName, NewSession, SessionId, SessionName, SessionStatus};

/// Begin a session; prints its id
#[derive(Debug, Args)]
pub(in crate::cli) struct CreateArgs {
    /// Its id [default: a new UUID]
    #[arg(long)]
    id: Option<SessionId>,
    /// A name for people: at most 100 characters
    #[arg(long)]
    name: Option<SessionName>,
    /// The first message of the user
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    /// The directory that it works in
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    /// Begin it in the background
    #[arg(long)]
    background: bool,
    /// A custom field; VALUE is JSON where it reads as JSON, otherwise text
    #[arg(long = "field", value_name = "KEY=VALUE", value_parser = fields::parse)]
    fields: Vec<(FieldName, Value)>,
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: CreateArgs,
) -> Result<Status, CliError> {
    let new = NewSession {
        name: args.name,
        status: if args.background { SessionStatus::Background } else { SessionStatus::Active },
        cwd: args.cwd.map(directory::absolute).transpose()?,
        fields: args.fields.into_iter().collect(),
        message: args.message,
        ..NewSession::default()
    };
    let state = context.manager.create_session(args.id, new).await?;
    change::tell_made(context, &state)?;
    Ok(Status::Done)
}
