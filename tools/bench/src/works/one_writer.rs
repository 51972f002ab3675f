//! One writer that appends to one session.

use anyhow::Result;

use super::{Better, Figure, Kind, Target, Work};
use crate::bench::{Bench, Sizes, begin, timed};
use crate::event::session_id;
use crate::peer::{Durability, Peer};
use crate::peers::{FLOOR, SQLITE};

/// Each change is on the disk before the next one.
pub(super) const DURABLE: OneWriter = OneWriter { durability: Durability::Durable };
/// Each change is with the operating system before the next one.
pub(super) const BUFFERED: OneWriter = OneWriter { durability: Durability::Buffered };

pub(super) struct OneWriter {
    durability: Durability,
}

const DURABLE_FIGURES: [Figure; 1] = [Figure {
    name: "events/s",
    better: Better::Higher,
    targets: &[Target::Times(SQLITE, 1.15), Target::Times(FLOOR, 0.9)],
    steady: true,
}];

const BUFFERED_FIGURES: [Figure; 1] = [Figure {
    name: "events/s",
    better: Better::Higher,
    targets: &[Target::Times(SQLITE, 8.0)],
    steady: true,
}];

impl OneWriter {
    fn changes(&self, sizes: &Sizes) -> usize {
        match self.durability {
            Durability::Durable => sizes.durable,
            Durability::Buffered => sizes.buffered,
        }
    }
}

impl Work for OneWriter {
    fn kind(&self) -> Kind {
        match self.durability {
            Durability::Durable => Kind::Durable,
            Durability::Buffered => Kind::Buffered,
        }
    }

    fn name(&self) -> &'static str {
        match self.durability {
            Durability::Durable => "one-writer-durable",
            Durability::Buffered => "one-writer-buffered",
        }
    }

    fn title(&self, _: &Sizes) -> String {
        match self.durability {
            Durability::Durable => "one writer, durable".to_owned(),
            Durability::Buffered => "one writer, buffered".to_owned(),
        }
    }

    fn figures(&self) -> &'static [Figure] {
        match self.durability {
            Durability::Durable => &DURABLE_FIGURES,
            Durability::Buffered => &BUFFERED_FIGURES,
        }
    }

    fn prepare(&self, bench: &Bench, peer: &dyn Peer) -> Result<()> {
        let place = bench.place(peer, self.name())?;
        begin(&mut *peer.open(&place, self.durability)?, 1)
    }

    fn measure(&self, bench: &Bench, peer: &dyn Peer) -> Result<Vec<f64>> {
        let mut store = peer.open(&bench.place(peer, self.name())?, self.durability)?;
        let (session, changes) = (session_id(0), self.changes(&bench.sizes));
        store.append(&session)?;
        let (done, seconds) = timed(|| (0..changes).try_for_each(|_| store.append(&session)));
        done?;
        Ok(vec![changes as f64 / seconds])
    }
}
