//! `annals set`.

use clap::Args;

use super::change::{self, OneSession};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::cli::fields;
use crate::vocabulary::{Command, FieldName};

/// Give a custom field a value
#[derive(Debug, Args)]
pub(in crate::cli) struct SetArgs {
    #[command(flatten)]
    target: OneSession,
    /// The field
    key: FieldName,
    /// Its value: JSON where it reads as JSON, otherwise text
    #[arg(allow_hyphen_values = true)]
    value: String,
}

pub(in crate::cli) async fn run(context: &mut Context, args: SetArgs) -> Result<Status, CliError> {
    let command = Command::SetField { key: args.key, value: fields::value_of(args.value) };
    change::together(context, &args.target, "set", [command]).await
}
