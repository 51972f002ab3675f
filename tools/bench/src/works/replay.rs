//! Reading the whole history of one session, and folding it.

use anyhow::{Result, ensure};

use super::{Better, Figure, Kind, Target, Work};
use crate::bench::{Bench, Sizes, timed};
use crate::event::session_id;
use crate::peer::{Durability, Peer};

pub(super) struct Replay;

const FIGURES: [Figure; 1] = [Figure {
    name: "million events/s",
    better: Better::Higher,
    targets: &[Target::Value(2.5)],
    steady: true,
}];

impl Work for Replay {
    fn kind(&self) -> Kind {
        Kind::Replay
    }

    fn name(&self) -> &'static str {
        "replay"
    }

    fn title(&self, sizes: &Sizes) -> String {
        format!("replay {} events", sizes.replayed)
    }

    fn figures(&self) -> &'static [Figure] {
        &FIGURES
    }

    fn prepare(&self, bench: &Bench, peer: &dyn Peer) -> Result<()> {
        let place = bench.place(peer, self.name())?;
        let mut store = peer.open(&place, Durability::Buffered)?;
        store.create(&session_id(0), bench.sizes.replayed)
    }

    fn measure(&self, bench: &Bench, peer: &dyn Peer) -> Result<Vec<f64>> {
        let mut store = peer.open(&bench.place(peer, self.name())?, Durability::Durable)?;
        let (replayed, seconds) = timed(|| store.replay(&session_id(0)));
        let replayed = replayed?;
        ensure!(replayed == bench.sizes.replayed, "{replayed} events were replayed");
        Ok(vec![replayed as f64 / seconds / 1e6])
    }
}
