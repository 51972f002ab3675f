//! What the works share: how much is done, and where.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, ensure};

use crate::event::session_id;
use crate::peer::{Durability, Peer, Store};

/// Events of a session that is created.
pub const EVENTS_OF_A_SESSION: u64 = 5;
/// Writers at once, where there are several.
pub const WRITERS: usize = 8;

/// How much is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sizes {
    /// Turns that every peer takes.
    pub rounds: usize,
    /// Changes of one writer, durable.
    pub durable: usize,
    /// Changes of one writer, buffered.
    pub buffered: usize,
    /// Changes of each of several writers.
    pub shared: usize,
    /// Sessions that are created.
    pub created: usize,
    /// Sessions that are listed.
    pub listed: usize,
    /// Reads of a warm store.
    pub reads: usize,
    /// Events that are replayed.
    pub replayed: u64,
    /// Sessions that are verified.
    pub verified: usize,
    /// Processes started one after the other in a turn.
    pub starts: usize,
}

impl Sizes {
    /// Those of the targets where size matters, and otherwise as much as a coffee break allows.
    pub const FULL: Self = Self {
        rounds: 3,
        durable: 1_000,
        buffered: 20_000,
        shared: 300,
        created: 20_000,
        listed: 100_000,
        reads: 20_000,
        replayed: 100_000,
        verified: 10_000,
        starts: 20,
    };

    /// Enough to tell a regression.
    pub const QUICK: Self = Self {
        rounds: 3,
        durable: 400,
        buffered: 4_000,
        shared: 60,
        created: 500,
        listed: 2_000,
        reads: 2_000,
        replayed: 20_000,
        verified: 300,
        starts: 8,
    };
}

/// A run.
pub struct Bench {
    /// How much is done.
    pub sizes: Sizes,
    /// Where; on the file system that is measured.
    pub folder: PathBuf,
    /// Who takes part.
    pub peers: Vec<&'static dyn Peer>,
}

impl Bench {
    /// The folder of a peer for some purpose, made if it is not there.
    pub fn place(&self, peer: &dyn Peer, purpose: &str) -> Result<PathBuf> {
        let place = self.folder.join(purpose).join(peer.name());
        std::fs::create_dir_all(&place)?;
        Ok(place)
    }

    /// A store of many sessions, which several works read. It is made once.
    pub fn listed(&self, peer: &dyn Peer) -> Result<PathBuf> {
        let is_there = self.folder.join("listed").join(peer.name()).exists();
        let place = self.place(peer, "listed")?;
        if !is_there {
            fill(peer, &place, self.sizes.listed)?;
        }
        Ok(place)
    }
}

/// Creates so many sessions.
pub fn fill(peer: &dyn Peer, place: &Path, sessions: usize) -> Result<()> {
    let mut store = peer.open(place, Durability::Buffered)?;
    (0..sessions).try_for_each(|number| store.create(&session_id(number), EVENTS_OF_A_SESSION))
}

/// Begins sessions that events are appended to, with the first event in each.
pub fn begin(store: &mut dyn Store, sessions: usize) -> Result<()> {
    for number in 0..sessions {
        store.create(&session_id(number), 1)?;
    }
    Ok(())
}

/// Runs a command to its end and says how long that took.
pub fn seconds_of(command: &mut Command) -> Result<f64> {
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    let (status, seconds) = timed(|| command.status());
    let status = status?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(seconds)
}

/// What something comes to, and how many seconds it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let began = Instant::now();
    let result = work();
    (result, began.elapsed().as_secs_f64())
}

/// Lets nothing that was written before be written while something is measured.
pub fn settle() -> Result<()> {
    seconds_of(&mut Command::new("sync")).map(drop)
}

/// The median, and the middle of the two in an even number of them.
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => at(odd / 2),
        even => f64::midpoint(at(even / 2 - 1), at(even / 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle_one_or_between_the_middle_two() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }
}
