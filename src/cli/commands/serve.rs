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
use crate::cli::exporting::Exporting;
use crate::cli::input;
use crate::config::Config;
use crate::serve::{Options, Server, Token};

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
    /// [default: as configured, else 127.0.0.1:7447]
    #[arg(long, value_name = "ADDR")]
    pub(in crate::cli) listen: Option<SocketAddr>,
    /// A file that holds the token [default: as configured, else none]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) token_file: Option<PathBuf>,
    /// A name by which browsers may call this server, besides localhost and addresses
    #[arg(long = "allow-host", value_name = "NAME")]
    pub(in crate::cli) allowed_hosts: Vec<String>,
    /// Let clients change sessions
    #[arg(long)]
    pub(in crate::cli) writable: bool,
}

#[derive(Serialize)]
struct ListeningLine {
    listening: SocketAddr,
}

/// How far a server stands back: a server is asked by people, who do not notice a millisecond, while
/// agents wait for each of their changes on the same processors.
const NICENESS: i32 = 10;

/// The threads of a server, which give way to other processes.
///
/// # Errors
///
/// Those of the system.
pub(in crate::cli) fn runtime() -> io::Result<Runtime> {
    // Threads start with the niceness of the one that starts them. Where it cannot be had, all work
    // is done the same.
    let _ = rustix::process::nice(NICENESS);
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(WORKERS).max_blocking_threads(BLOCKING_THREADS_MAX);
    builder.enable_all().build()
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    config: &Config,
    exporting: &Exporting,
) -> Result<Status, CliError> {
    if !config.serve {
        let message = "the server is switched off by the configuration".to_owned();
        return Err(CliError::Usage { message, hint: "`annals config` says where `serve` is off" });
    }
    let options = Options { token: token(config)?, ..Options::from(config) };
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
    let shared = Arc::clone(server.shared());
    let stopped = server.run(asked_to_stop(&mut interrupt, &mut terminate));
    exporting.while_serving(&shared, stopped).await;
    Ok(Status::Done)
}

async fn asked_to_stop(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// The token that is configured: in a file of its own, or as it is.
fn token(config: &Config) -> Result<Option<Token>, CliError> {
    let (text, origin) = match (&config.serve_token_file, &config.serve_token) {
        (Some(path), _) => {
            let path = PathBuf::from(path);
            let text = input::read_secret(&path, TOKEN_FILE_BYTES_MAX)?;
            (text, format!("the token in {}", path.display()))
        }
        (None, Some(token)) => (token.expose().to_owned(), "the configured token".to_owned()),
        (None, None) => return Ok(None),
    };
    let unusable = |why| CliError::Usage { message: format!("{origin}: {why}"), hint: TOKEN_HINT };
    Token::new(&text).map(Some).map_err(unusable)
}

const TOKEN_HINT: &str = "make one with `openssl rand -hex 32`";
