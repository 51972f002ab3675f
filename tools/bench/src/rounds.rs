//! Peers take turns, so that whatever the machine does besides is done to all of them.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result};

use crate::bench::{Bench, median, settle};
use crate::peer::Peer;
use crate::peers;
use crate::works::{Better, Figure, Work};

/// What came of a work.
#[derive(Debug)]
pub struct Measured {
    /// What was done.
    pub title: String,
    /// What was measured of it.
    pub figures: &'static [Figure],
    /// For each peer that took part the values of each round, in the order of the figures.
    pub rounds: BTreeMap<&'static str, Vec<Vec<f64>>>,
}

/// Does a work with all peers in turn, so many times.
pub fn take_turns(bench: &Bench, work: &dyn Work) -> Result<Measured> {
    let peers = bench.peers.iter().copied();
    let taking_part: Vec<&dyn Peer> = peers.filter(|peer| peer.takes_part(work.kind())).collect();
    for peer in &taking_part {
        work.prepare(bench, *peer).with_context(|| format!("{}: {}", work.name(), peer.name()))?;
    }
    let mut rounds: BTreeMap<&'static str, Vec<Vec<f64>>> = BTreeMap::new();
    for round in 0..bench.sizes.rounds {
        // Nobody is always the one that comes after a certain other.
        let (before, after) = taking_part.split_at(round % taking_part.len());
        settle()?;
        for peer in after.iter().chain(before) {
            let values = work.measure(bench, *peer);
            let values = values.with_context(|| format!("{}: {}", work.name(), peer.name()))?;
            rounds.entry(peer.name()).or_default().push(values);
        }
    }
    let own = bench.folder.join(work.name());
    if own.exists() {
        fs::remove_dir_all(own)?;
    }
    Ok(Measured { title: work.title(&bench.sizes), figures: work.figures(), rounds })
}

impl Measured {
    /// The values of a peer in all rounds.
    pub fn values(&self, peer: &str, figure: usize) -> Option<Vec<f64>> {
        let rounds = self.rounds.get(peer)?;
        rounds.iter().map(|values| values.get(figure).copied()).collect()
    }

    /// The one in the middle.
    pub fn median(&self, peer: &str, figure: usize) -> Option<f64> {
        self.values(peer, figure).map(|values| median(&values))
    }

    /// How many times the value of a peer annals has: the median over the rounds, each of which
    /// both were in.
    pub fn times(&self, peer: &str, figure: usize) -> Option<f64> {
        let (own, other) = (self.values(peers::ANNALS, figure)?, self.values(peer, figure)?);
        let ratios: Vec<f64> = own.iter().zip(&other).map(|(own, other)| own / other).collect();
        Some(median(&ratios))
    }

    /// The peer that is best at it, of all but annals and those that the page shows anyway.
    pub fn best_other(&self, index: usize, figure: &Figure) -> Option<&'static str> {
        let shown = [peers::ANNALS, peers::SQLITE, peers::FLOOR];
        let others = self.rounds.keys().filter(|peer| !shown.contains(peer));
        let valued = others.filter_map(|peer| Some((*peer, self.median(peer, index)?)));
        let best = match figure.better {
            Better::Higher | Better::Yes => valued.max_by(|one, two| one.1.total_cmp(&two.1)),
            Better::Lower => valued.min_by(|one, two| one.1.total_cmp(&two.1)),
        };
        best.map(|(peer, _)| peer)
    }
}
