//! All sessions as JSON Lines, by a process that has just been started.

use anyhow::{Result, ensure};

use super::{Better, Figure, Kind, Target, Work};
use crate::bench::{Bench, Sizes, median, seconds_of};
use crate::cold::{Action, peak_of};
use crate::peer::Peer;

pub(super) struct ColdList;

/// What the issue allows for a hundred thousand sessions, by the session.
const MICROSECONDS_MAX: f64 = 0.85;

const FIGURES: [Figure; 2] = [
    Figure {
        name: "µs a session",
        better: Better::Lower,
        targets: &[Target::Value(MICROSECONDS_MAX)],
        steady: true,
    },
    Figure {
        name: "MiB at most",
        better: Better::Lower,
        targets: &[Target::Value(20.0)],
        steady: true,
    },
];

/// Processes of one turn.
const STARTS: usize = 3;

fn action(bench: &Bench) -> Action {
    Action::Newest { limit: bench.sizes.listed }
}

impl Work for ColdList {
    fn kind(&self) -> Kind {
        Kind::ColdList
    }

    fn name(&self) -> &'static str {
        "cold-list"
    }

    fn title(&self, sizes: &Sizes) -> String {
        format!("cold process, all {} as JSON Lines", sizes.listed)
    }

    fn figures(&self) -> &'static [Figure] {
        &FIGURES
    }

    fn prepare(&self, bench: &Bench, peer: &dyn Peer) -> Result<()> {
        let place = bench.listed(peer)?;
        let printed = peer.command(&place, &action(bench))?.output()?;
        let lines = printed.stdout.iter().filter(|byte| **byte == b'\n').count();
        ensure!(lines == bench.sizes.listed, "{} lines: {printed:?}", lines);
        Ok(())
    }

    fn measure(&self, bench: &Bench, peer: &dyn Peer) -> Result<Vec<f64>> {
        let place = bench.listed(peer)?;
        let mut times = Vec::new();
        for _ in 0..STARTS {
            times.push(seconds_of(&mut peer.command(&place, &action(bench))?)?);
        }
        let peak = peak_of(&peer.command(&place, &action(bench))?)?.output()?;
        let peak_kib: f64 = String::from_utf8(peak.stdout)?.trim().parse()?;
        Ok(vec![median(&times) * 1e6 / bench.sizes.listed as f64, peak_kib / 1024.0])
    }
}
