//! One session, and the newest ones, by a process that has read them before.

use anyhow::Result;

use super::cold_newest::NEWEST;
use super::{Better, Figure, Kind, Target, Work};
use crate::bench::{Bench, Sizes, timed};
use crate::event::session_id;
use crate::peer::{Durability, Peer};

pub(super) struct Warm;

/// How many sessions are read in turn.
const READ_IN_TURN: usize = 100;
/// Reads of one session for each list.
const READS_OF_A_LIST: usize = 10;

const FIGURES: [Figure; 2] = [
    Figure {
        name: "µs to get one",
        better: Better::Lower,
        targets: &[Target::Value(1.0)],
        steady: true,
    },
    Figure {
        name: "µs to list 20",
        better: Better::Lower,
        targets: &[Target::Value(8.0)],
        steady: true,
    },
];

impl Work for Warm {
    fn kind(&self) -> Kind {
        Kind::Warm
    }

    fn name(&self) -> &'static str {
        "warm"
    }

    fn title(&self, sizes: &Sizes) -> String {
        format!("warm get, and list of {NEWEST} of {}", sizes.listed)
    }

    fn figures(&self) -> &'static [Figure] {
        &FIGURES
    }

    fn prepare(&self, bench: &Bench, peer: &dyn Peer) -> Result<()> {
        bench.listed(peer).map(drop)
    }

    /// A peer for which a single list takes longer than all reads of others does it once only.
    fn measure(&self, bench: &Bench, peer: &dyn Peer) -> Result<Vec<f64>> {
        let mut store = peer.open(&bench.listed(peer)?, Durability::Durable)?;
        let apart = (bench.sizes.listed / READ_IN_TURN).max(1);
        let sessions: Vec<String> =
            (0..READ_IN_TURN).map(|number| session_id(number * apart)).collect();
        sessions.iter().try_for_each(|session| store.get(session))?;
        let mut reads = sessions.iter().cycle().take(bench.sizes.reads);
        let (got, get_seconds) = timed(|| reads.try_for_each(|session| store.get(session)));
        got?;
        store.newest(NEWEST)?;
        let (listed, once) = timed(|| store.newest(NEWEST));
        listed?;
        let lists = if once > 0.01 { 1 } else { bench.sizes.reads / READS_OF_A_LIST };
        let (listed, list_seconds) =
            timed(|| (0..lists).try_for_each(|_| store.newest(NEWEST).map(drop)));
        listed?;
        Ok(vec![get_seconds * 1e6 / bench.sizes.reads as f64, list_seconds * 1e6 / lists as f64])
    }
}
