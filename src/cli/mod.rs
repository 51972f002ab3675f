//! The command line: the edge that speaks to people and scripts.
//!
//! [`run`] reads the arguments, opens the store, hands both to one of the `commands`, and turns
//! what comes of it into an exit code. Everything that is written goes through
//! `output`, which knows whether a person or a program reads it.

mod anchors;
mod args;
mod batch;
mod commands;
mod configuring;
mod context;
mod directory;
mod entry;
mod error;
mod exporting;
mod fields;
mod input;
mod json;
mod logging;
mod moment;
mod output;
mod progress;
mod store;
mod style;
mod table;
mod time;
mod usage;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::runtime::{self, Runtime};

use self::args::{Cli, Command};
use self::context::Context;
use self::error::{CliError, Status};
use self::exporting::Exporting;
use self::output::Output;
use self::store::Opening;
use crate::config::Config;
use crate::manager::SessionManager;

/// Carries out a command line, whose first word is the program's own name, and returns the exit
/// code for the shell. Results go to standard output, everything else to standard error.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::read(&arguments) {
        Ok(cli) => cli,
        Err(error) => return usage::tell(&error, &arguments),
    };
    let code_of_failure = cli.command.code_of_failure();
    match carry_out(cli) {
        Ok(code) => code.into(),
        Err(code) => code_of_failure.unwrap_or(code).into(),
    }
}

/// Carries out what was read. The answer is the exit code, of a command that went through or of
/// what went wrong.
fn carry_out(cli: Cli) -> Result<u8, u8> {
    let mut output = Output::of_process(&cli.globals);
    if let Command::Completions(args) = cli.command {
        let result = commands::completions::run(&mut output, args);
        return conclude(&mut output, result);
    }
    let config = match Config::load(&configuring::inputs(&cli)) {
        Ok(config) => config,
        Err(error) => return conclude(&mut output, Err(error.into())),
    };
    let exporting = Exporting::start(&config);
    logging::start(cli.globals.verbose, config.log.as_deref(), exporting.listener());
    if let Command::Config(_) = cli.command {
        let result = commands::config::run(&mut output, &config);
        return conclude(&mut output, result);
    }
    let (name, code_of_failure) = (cli.command.name(), cli.command.code_of_failure());
    exporting.watch(name, || {
        let code = execute(cli.command, &config, output, &exporting);
        code.map_err(|code| code_of_failure.unwrap_or(code))
    })
}

fn execute(
    command: Command,
    config: &Config,
    mut output: Output,
    exporting: &Exporting,
) -> Result<u8, u8> {
    let to_salvage = matches!(&command, Command::Recover(args) if args.all);
    let (is_concurrent, is_lasting) = (command.is_concurrent(), command.is_lasting());
    let opening = Opening { to_salvage, is_concurrent, is_lasting };
    let repository = match store::open(config, opening) {
        Ok(repository) => repository,
        Err(error) => return conclude(&mut output, Err(error)),
    };
    let runtime = match runtime_for(&command) {
        Ok(runtime) => runtime,
        Err(error) => return conclude(&mut output, Err(CliError::Start(error))),
    };
    let manager = SessionManager::new(repository);
    let manager = manager.with_thresholds(config.thresholds()).with_effort(config.effort());
    let manager = manager.with_telling(config.metrics);
    let mut context = Context { manager: Arc::new(manager), output };
    let result = runtime.block_on(dispatch(&mut context, command, config, exporting));
    let code = conclude(&mut context.output, result);
    // All that was asked for is done; a reader that still waits for news need not be waited for.
    runtime.shutdown_background();
    // The last one to hold the manager: it tells what it has measured.
    drop(context);
    code
}

/// One thread drives a command, and the store does its blocking work on others; a server answers
/// several clients at once.
fn runtime_for(command: &Command) -> io::Result<Runtime> {
    match command {
        #[cfg(feature = "serve")]
        Command::Serve(_) => commands::serve::runtime(),
        _ => runtime::Builder::new_current_thread().enable_time().build(),
    }
}

async fn dispatch(
    context: &mut Context,
    command: Command,
    config: &Config,
    #[cfg_attr(not(feature = "serve"), allow(unused_variables))] exporting: &Exporting,
) -> Result<Status, CliError> {
    use commands as c;
    match command {
        Command::Create(args) => c::create::run(context, args).await,
        Command::List(args) => c::list::run(context, args).await,
        Command::Show(args) => c::show::run(context, args).await,
        Command::Log(args) => c::log::run(context, args).await,
        Command::Record(args) => c::record::run(context, args).await,
        Command::Rename(args) => c::rename::run(context, args).await,
        Command::Archive(args) => c::archive::run(context, args).await,
        Command::Restore(args) => c::restore::run(context, args).await,
        Command::Background(args) => c::background::run(context, args).await,
        Command::Activate(args) => c::activate::run(context, args).await,
        Command::Tag(args) => c::tag::run(context, args).await,
        Command::Untag(args) => c::untag::run(context, args).await,
        Command::Set(args) => c::set::run(context, args).await,
        Command::Unset(args) => c::unset::run(context, args).await,
        Command::Fork(args) => c::fork::run(context, args).await,
        Command::Undo(args) => c::undo::run(context, args).await,
        Command::Delete(args) => c::delete::run(context, args).await,
        Command::Batch(args) => c::batch::run(context, args).await,
        Command::Diff(args) => c::diff::run(context, args).await,
        Command::Verify(args) => c::verify::run(context, args).await,
        Command::Recover(args) => c::recover::run(context, args).await,
        Command::Import(args) => c::import::run(context, args).await,
        Command::Redact(args) => c::redact::run(context, args).await,
        Command::Compact(args) => c::compact::run(context, args).await,
        Command::Head(args) => c::head::run(context, args).await,
        Command::Purge(args) => c::purge::run(context, args).await,
        Command::Locks(args) => c::locks::run(context, args).await,
        Command::Health(args) => c::health::run(context, args).await,
        #[cfg(feature = "serve")]
        Command::Serve(_) => c::serve::run(context, config, exporting).await,
        Command::Metrics(args) => c::metrics::run(context, args).await,
        Command::Config(_) => c::config::run(&mut context.output, config),
        Command::Completions(args) => c::completions::run(&mut context.output, args),
    }
}

/// Shows what went wrong, if anything did, and finds the exit code. A reader of standard output
/// that went away has had enough, which is no failure.
fn conclude(output: &mut Output, result: Result<Status, CliError>) -> Result<u8, u8> {
    let flushed = output.flush();
    let error = match (result, flushed) {
        (Err(error), _) if error.is_broken_pipe() => return Ok(Status::Done.code()),
        (Ok(Status::Done | Status::Found), Err(error)) if !error.is_broken_pipe() => error,
        (Ok(status), _) => return Ok(status.code()),
        (Err(error), _) => error,
    };
    output.error(&error);
    Err(error.code())
}
