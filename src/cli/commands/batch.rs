//! `annals batch`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::cli::{batch, input};

/// Carry out commands given as JSON, one a line, and answer each with a line, in order
///
/// A line is an object with "op" (create, record, rename, archive, restore, background, activate,
/// delete, undo, tag, untag, set, unset, show or list), the fields of that command, and perhaps a
/// "ref", which the answer repeats. A line that is refused does not stop the rest; the exit code
/// is 1 if there was one.
#[derive(Debug, Args)]
pub(in crate::cli) struct BatchArgs {
    /// Where the commands are; - for standard input
    #[arg(value_name = "FILE", default_value = input::STDIN)]
    file: PathBuf,
    /// What an answer promises: sync survives a crash of the machine, buffered one of the process
    /// [default: as configured, else sync]
    #[arg(long, value_enum)]
    pub(in crate::cli) durability: Option<HowDurable>,
}

/// What is promised of a change that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum HowDurable {
    /// It is on the disk
    Sync,
    /// It is with the operating system
    Buffered,
}

impl HowDurable {
    /// How the configuration names it.
    pub(in crate::cli) fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Buffered => "buffered",
        }
    }
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: BatchArgs,
) -> Result<Status, CliError> {
    batch::run(context, args.file).await
}
