//! What a store has to offer to be measured.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::cold::Action;
use crate::works::Kind;

/// What an acknowledged change promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It is on the disk.
    Durable,
    /// It is with the operating system.
    Buffered,
}

/// One way to keep sessions. Each file of `peers` is one.
pub trait Peer: Sync {
    /// Its name on the command line and in the baseline.
    fn name(&self) -> &'static str;

    /// Its name for people.
    fn title(&self) -> &'static str;

    /// How it is set up, for the page.
    fn settings(&self) -> &'static str;

    /// Whether it can do a work at all. What it cannot do is shown as a dash.
    fn takes_part(&self, kind: Kind) -> bool;

    /// Opens the store of a folder, and makes it where there is none.
    fn open(&self, place: &Path, durability: Durability) -> Result<Box<dyn Store>>;

    /// A process that does one thing with a store and ends: this program once more, unless the
    /// peer has a command of its own.
    fn command(&self, place: &Path, action: &Action) -> Result<Command> {
        crate::cold::command(self.name(), place, action)
    }
}

/// An opened store. A method that a peer has not got belongs to a work it takes no part in.
pub trait Store {
    /// The same store for another thread of this process.
    fn for_another_thread(&self) -> Result<Box<dyn Store + Send>> {
        bail!("it is used by one thread")
    }

    /// Begins a session with so many events, acknowledged together.
    fn create(&mut self, session: &str, events: u64) -> Result<()>;

    /// Appends one event, and brings the row up to date.
    fn append(&mut self, session: &str) -> Result<()>;

    /// The row of one session.
    fn get(&mut self, _session: &str) -> Result<()> {
        bail!("it has no rows")
    }

    /// The rows of the sessions that were active last, in memory; how many there were.
    fn newest(&mut self, _limit: usize) -> Result<usize> {
        bail!("it has no rows")
    }

    /// The same as JSON Lines.
    fn print_newest(&mut self, _limit: usize, _out: &mut dyn Write) -> Result<()> {
        bail!("it has no rows")
    }

    /// Reads all events of a session and folds them; how many there were.
    fn replay(&mut self, _session: &str) -> Result<u64> {
        bail!("it has no events")
    }

    /// Checks everything; whether all is well.
    fn verify(&mut self) -> Result<bool> {
        bail!("it has no check")
    }
}

/// Folds an event as stored: the state that a peer without one of its own replays to.
pub fn fold(row: &mut crate::event::Row<'static>, event: &[u8]) -> Result<()> {
    let event: crate::event::Event<'_> = serde_json::from_slice(event)?;
    if event.seq != row.seq + 1 {
        bail!("event {} follows {}", event.seq, row.seq);
    }
    if event.seq == 1 {
        row.first_message = event.data.text.into_owned().into();
    }
    row.advance(event.at);
    Ok(())
}
