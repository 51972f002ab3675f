//! `annals serve`.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::cli::input;
use crate::serve::{DEFAULT_LISTEN, Options, Server, Token};

/// Holds the token when no flag names a file that does.
const TOKEN_VARIABLE: &str = "ANNALS_TOKEN";

/// Largest file of a token.
const TOKEN_FILE_BYTES_MAX: usize = 4096;

/// Threads that answer.
const WORKERS: usize = 2;

/// Most threads that wait for the store and for signals: beyond what works on the store at once,
/// each follower of a history that is being read takes one for a moment.
const BLOCKING_THREADS_MAX: usize = 64;

/// Answer over HTTP until stopped: probes, figures, a JSON API, live changes and a dashboard
///
/// Without more it can be reached from this machine only, and changes nothing. Another address
/// needs a token of 16 characters or more, which programs send as `Authorization: Bearer TOKEN`
/// and browsers show once by opening /?token=TOKEN.
#[derive(Debug, Args)]
pub(in crate::cli) struct ServeArgs {
    /// The address and port to listen on; port 0 takes any that is free
    #[arg(long, value_name = "ADDR", default_value_t = DEFAULT_LISTEN)]
    listen: SocketAddr,
    /// A file that holds the token [default: $ANNALS_TOKEN, else none]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// A name by which browsers may call this server, besides localhost and addresses
    #[arg(long = "allow-host", value_name = "NAME")]
    allowed_hosts: Vec<String>,
    /// Let clients change sessions
    #[arg(long)]
    writable: bool,
}

#[derive(Serialize)]
struct ListeningLine {
    listening: SocketAddr,
}

/// The threads of a server.
///
/// # Errors
///
/// Those of the system.
pub(in crate::cli) fn runtime() -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(WORKERS).max_blocking_threads(BLOCKING_THREADS_MAX);
    builder.enable_all().build()
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: ServeArgs,
) -> Result<Status, CliError> {
    let ServeArgs { listen, token_file, allowed_hosts, writable } = args;
    let allowed_hosts = allowed_hosts.iter().map(|name| name.to_ascii_lowercase()).collect();
    let token = token(token_file)?;
    let options = Options { listen, token, allowed_hosts, writable, ..Options::default() };
    // Before anybody can know that there is something to stop.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(CliError::Start)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(CliError::Start)?;
    let server = Server::bind(Arc::clone(&context.manager), options).await?;
    let listening = server.local_address()?;
    let output = &mut context.output;
    if output.json {
        output.json_line(&ListeningLine { listening })?;
    } else {
        output.line(&format!("listening on http://{listening}/"))?;
    }
    output.flush()?;
    server.run(asked_to_stop(&mut interrupt, &mut terminate)).await;
    Ok(Status::Done)
}

async fn asked_to_stop(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// The token that the flag or the environment names.
fn token(file: Option<PathBuf>) -> Result<Option<Token>, CliError> {
    let (text, origin) = match file {
        Some(path) => {
            let text = input::read_text(&path, TOKEN_FILE_BYTES_MAX)?;
            (text, format!("the token in {}", path.display()))
        }
        None => match std::env::var(TOKEN_VARIABLE) {
            Ok(text) => (text, format!("the token in {TOKEN_VARIABLE}")),
            Err(std::env::VarError::NotPresent) => return Ok(None),
            Err(why) => {
                let message = format!("{TOKEN_VARIABLE} cannot be read: {why}");
                return Err(CliError::Usage { message, hint: TOKEN_HINT });
            }
        },
    };
    let unusable = |why| CliError::Usage { message: format!("{origin}: {why}"), hint: TOKEN_HINT };
    Token::new(&text).map(Some).map_err(unusable)
}

const TOKEN_HINT: &str = "make one with `openssl rand -hex 32`";
