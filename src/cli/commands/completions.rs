//! `annals completions`.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::args::Cli;
use crate::cli::error::{CliError, Status};
use crate::cli::output::Output;

/// Print a shell's completion script
#[derive(Debug, Args)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(in crate::cli) fn run(output: &mut Output, args: CompletionsArgs) -> Result<Status, CliError> {
    // The generator panics when its writer fails; memory does not.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "annals", &mut script);
    output.raw().write_all(&script)?;
    Ok(Status::Done)
}
