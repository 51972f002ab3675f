//! The newest sessions of many, by a process that has just been started.

use anyhow::{Result, ensure};

use super::{Better, Figure, Kind, Target, Work};
use crate::bench::{Bench, Sizes, median, seconds_of, timed};
use crate::cold::Action;
use crate::peer::{Durability, Peer};
use crate::peers::SQLITE;

/// How many of them.
pub(super) const NEWEST: usize = 20;

pub(super) struct ColdNewest;

const FIGURES: [Figure; 2] = [
    Figure {
        name: "ms a process",
        better: Better::Lower,
        targets: &[Target::Times(SQLITE, 0.8)],
        steady: true,
    },
    Figure {
        name: "ms to open and list, in process",
        better: Better::Lower,
        targets: &[Target::Value(0.1)],
        steady: true,
    },
];

impl Work for ColdNewest {
    fn kind(&self) -> Kind {
        Kind::ColdNewest
    }

    fn name(&self) -> &'static str {
        "cold-newest"
    }

    fn title(&self, sizes: &Sizes) -> String {
        format!("cold process, newest {NEWEST} active of {}", sizes.listed)
    }

    fn figures(&self) -> &'static [Figure] {
        &FIGURES
    }

    /// One process before the first that counts: whatever is left to be done after the sessions
    /// were created is done by then.
    fn prepare(&self, bench: &Bench, peer: &dyn Peer) -> Result<()> {
        let place = bench.listed(peer)?;
        seconds_of(&mut peer.command(&place, &Action::Newest { limit: NEWEST })?).map(drop)
    }

    fn measure(&self, bench: &Bench, peer: &dyn Peer) -> Result<Vec<f64>> {
        let place = bench.listed(peer)?;
        let (mut processes, mut inside) = (Vec::new(), Vec::new());
        for _ in 0..bench.sizes.starts {
            let newest = Action::Newest { limit: NEWEST };
            processes.push(seconds_of(&mut peer.command(&place, &newest)?)? * 1e3);
            let (listed, seconds) = timed(|| -> Result<_> {
                let mut store = peer.open(&place, Durability::Durable)?;
                let listed = store.newest(NEWEST)?;
                Ok((store, listed))
            });
            ensure!(listed?.1 == NEWEST, "there are not {NEWEST} sessions");
            inside.push(seconds * 1e3);
        }
        Ok(vec![median(&processes), median(&inside)])
    }
}
