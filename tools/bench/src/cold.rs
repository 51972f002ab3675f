//! Processes that do one thing and end. This program starts itself for the peers that have no
//! command; what it is asked is read here before anything else is done.

use std::io::{self, BufRead as _, BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};

use crate::peer::Durability;
use crate::peers;

/// The first argument of a process that this program started.
pub const COLD: &str = "cold";

/// What such a process is to do.
#[derive(Debug, Clone)]
pub enum Action {
    /// One durable change.
    Append { session: String },
    /// The rows of the sessions that were active last, as JSON Lines.
    Newest { limit: usize },
    /// A check of everything; it fails if something is wrong.
    Verify,
}

/// The process of a peer without a command of its own.
pub fn command(peer: &str, place: &Path, action: &Action) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([COLD, peer]).arg(place);
    match action {
        Action::Append { session } => command.args(["append", session]),
        Action::Newest { limit } => command.args(["newest", &limit.to_string()]),
        Action::Verify => command.arg("verify"),
    };
    Ok(command)
}

/// A process that writes to a session when told to: see [`write_when_told`].
pub fn writer(peer: &str, place: &Path, session: &str, changes: usize) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([COLD, peer]).arg(place).args(["write", session, &changes.to_string()]);
    Ok(command)
}

/// A process that runs a command and prints how much memory it held at most, in KiB.
pub fn peak_of(command: &Command) -> Result<Command> {
    let mut launcher = Command::new(std::env::current_exe()?);
    launcher.args([COLD, "peak"]).arg(command.get_program()).args(command.get_args());
    Ok(launcher)
}

/// What a process that this program started does.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (peer, place, action) = match arguments.as_slice() {
        ["peak", program, arguments @ ..] => return print_peak(program, arguments),
        [peer, place, action @ ..] => (*peer, Path::new(*place), action),
        _ => bail!("no peer and place: {arguments:?}"),
    };
    let peer = peers::named(peer).context("no such peer")?;
    let mut store = peer.open(place, Durability::Durable)?;
    match action {
        ["append", session] => store.append(session)?,
        ["newest", limit] => {
            let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
            store.print_newest(limit.parse()?, &mut out)?;
            out.flush()?;
        }
        ["verify"] => {
            return Ok(if store.verify()? { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        ["write", session, changes] => {
            write_when_told(|| store.append(session), changes.parse()?)?;
        }
        _ => bail!("no such action: {action:?}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes one change to be ready, says so, waits for a line, makes the others, and prints the
/// longest that one took, in microseconds.
fn write_when_told(mut append: impl FnMut() -> Result<()>, changes: usize) -> Result<()> {
    append()?;
    println!("ready");
    io::stdin().lock().read_line(&mut String::new())?;
    let mut longest = std::time::Duration::ZERO;
    for _ in 0..changes {
        let began = Instant::now();
        append()?;
        longest = longest.max(began.elapsed());
    }
    println!("{}", longest.as_micros());
    Ok(())
}

/// The largest resident set of a child is not reset when it starts its program, so it counts what
/// its parent held. This one holds next to nothing.
fn print_peak(program: &str, arguments: &[&str]) -> Result<ExitCode> {
    let status =
        Command::new(program).args(arguments).stdout(std::process::Stdio::null()).status()?;
    println!("{}", getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss());
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
