//! System calls: what a process does that does one thing with annals some number of times, and how
//! `strace` counts it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use annals::FileSystemRepository;
use annals::vocabulary::{SessionFilter, SessionId};
use annals::{SessionManager, SessionRepository};
use anyhow::{Context as _, Result, bail, ensure};

use crate::bench::EVENTS_OF_A_SESSION;
use crate::event::session_id;
use crate::library::{self, message};
use crate::peer::Durability;

/// The first argument of a process that is traced.
pub const TRACED: &str = "traced";
/// Sessions that are read in turn: more than a repository keeps open, fewer than a cache keeps.
pub const SESSIONS: usize = 500;
/// Sessions of a list.
pub const LISTED: usize = 20;

/// Calls by name.
pub type Counts = BTreeMap<String, f64>;

/// A process that is to be traced: how it opens the store, what it does, and how often.
#[derive(Debug, Clone)]
pub struct Doing<'a> {
    /// `cached`, `plain`, or `opening`: without a catalog.
    pub repository: &'a str,
    /// `sync` or `buffered`.
    pub durability: &'a str,
    /// `append`, `get` or `list`.
    pub operation: &'a str,
    /// The store.
    pub place: PathBuf,
}

impl Doing<'_> {
    /// Calls of one operation: those of a process with many of them, less those of one with few.
    pub fn calls_of_one(&self) -> Result<Counts> {
        let (few, many) = match self.operation {
            "list" => (2, 12),
            // All sessions have been read once before what is counted.
            _ => (SESSIONS, 3 * SESSIONS),
        };
        let more = counts(&mut self.command(many)?)?;
        Ok(difference(&more, &counts(&mut self.command(few)?)?, (many - few) as f64))
    }

    fn command(&self, times: usize) -> Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([TRACED, self.repository, self.durability, self.operation]);
        command.arg(&self.place).arg(times.to_string());
        Ok(command)
    }
}

/// What there is more of in one, shared by so many.
pub fn difference(more: &Counts, less: &Counts, shared_by: f64) -> Counts {
    let of_one = |(name, calls): (&String, &f64)| {
        let rest = calls - less.get(name).copied().unwrap_or_default();
        (name.clone(), (rest / shared_by).max(0.0))
    };
    more.iter().map(of_one).collect()
}

/// Runs a command under `strace`, which counts the calls of all its threads.
pub fn counts(command: &mut Command) -> Result<Counts> {
    let table = tempfile::NamedTempFile::new()?;
    let mut strace = Command::new("strace");
    strace.args(["-f", "-q", "-c", "-U", "calls,name", "-o"]).arg(table.path());
    strace.arg(command.get_program()).args(command.get_args());
    let output = strace.stdin(Stdio::null()).output().context("strace")?;
    ensure!(output.status.success(), "{strace:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(read_table(&std::fs::read_to_string(table.path())?))
}

fn read_table(table: &str) -> Counts {
    let rows = table.lines().filter_map(|row| row.trim().split_once(' '));
    let calls =
        rows.filter_map(|(calls, name)| Some((name.trim().to_owned(), calls.parse().ok()?)));
    calls.filter(|(name, _)| name != "total").collect()
}

/// A store with sessions to read and to append to.
pub fn prepare(place: &Path) -> Result<()> {
    let runtime = library::runtime()?;
    let manager = SessionManager::new(open(place, "sync", true)?);
    for number in 0..SESSIONS {
        let session: SessionId = session_id(number).parse()?;
        runtime.block_on(library::create(&manager, &session, EVENTS_OF_A_SESSION))?;
    }
    // A store in use has been listed a while after its sessions were made, and so has a catalog that
    // knows them all.
    std::thread::sleep(Duration::from_millis(50));
    runtime.block_on(manager.list(&SessionFilter::default()))?;
    Ok(())
}

/// What a traced process does.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let [repository, durability, operation, place, times] = arguments else {
        bail!("nothing to trace: {arguments:?}");
    };
    let (place, times) = (Path::new(place), times.parse()?);
    match repository.as_str() {
        "plain" => {
            let manager = SessionManager::new(open(place, durability, true)?);
            repeat(&manager, operation, times)?;
        }
        "opening" => {
            let manager = SessionManager::new(open(place, durability, false)?);
            repeat(&manager, operation, times)?;
        }
        _ => repeat(&library::cached(open(place, durability, true)?), operation, times)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn repeat<R: SessionRepository>(
    manager: &SessionManager<R>,
    operation: &str,
    times: usize,
) -> Result<()> {
    let runtime = library::runtime()?;
    let filter = SessionFilter { limit: Some(LISTED), ..SessionFilter::default() };
    for turn in 0..times {
        match operation {
            "append" => {
                let session: SessionId = session_id(0).parse()?;
                let message = message(session.as_str(), 0);
                drop(runtime.block_on(manager.record_message(&session, message))?);
            }
            "get" => {
                let session: SessionId = session_id(turn % SESSIONS).parse()?;
                drop(runtime.block_on(manager.get_session(&session))?);
            }
            _ => drop(runtime.block_on(manager.list(&filter))?),
        }
    }
    Ok(())
}

fn open(place: &Path, durability: &str, catalog: bool) -> Result<FileSystemRepository> {
    let is_durable = durability == "sync";
    let durability = if is_durable { Durability::Durable } else { Durability::Buffered };
    library::open_with(place, durability, catalog)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_strace_is_read_without_its_heading_and_its_total() {
        let table = "    calls syscall\n--------- ---------\n       12 pwrite64\n        1 brk\n\
                     --------- ---------\n       13 total\n";

        let counts = read_table(table);

        let expected = [("brk".to_owned(), 1.0), ("pwrite64".to_owned(), 12.0)];
        assert_eq!(counts, Counts::from(expected));
    }

    #[test]
    fn calls_of_one_are_what_more_operations_add() {
        let few = Counts::from([("open".to_owned(), 7.0), ("write".to_owned(), 10.0)]);
        let many = Counts::from([("open".to_owned(), 7.0), ("write".to_owned(), 50.0)]);

        let one = difference(&many, &few, 20.0);

        assert_eq!(one, Counts::from([("open".to_owned(), 0.0), ("write".to_owned(), 2.0)]));
    }
}
