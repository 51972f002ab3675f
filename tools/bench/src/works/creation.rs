//! Creating many sessions with some events each.

use anyhow::Result;
use tempfile::Builder;

use super::{Better, Figure, Kind, Target, Work};
use crate::bench::{Bench, EVENTS_OF_A_SESSION, Sizes, fill, timed};
use crate::peer::Peer;

pub(super) struct Creation;

/// What the issue allows for a hundred thousand sessions, by the session.
const MICROSECONDS_MAX: f64 = 40.0;

const FIGURES: [Figure; 1] = [Figure {
    name: "µs a session",
    better: Better::Lower,
    targets: &[Target::Value(MICROSECONDS_MAX)],
    // Making a file is many times slower for minutes after many were removed, by whomever: the file
    // system looks for an inode that was not in use lately.
    steady: false,
}];

impl Work for Creation {
    fn kind(&self) -> Kind {
        Kind::Create
    }

    fn name(&self) -> &'static str {
        "create"
    }

    fn title(&self, sizes: &Sizes) -> String {
        format!("create {} sessions of {EVENTS_OF_A_SESSION} events, buffered", sizes.created)
    }

    fn figures(&self) -> &'static [Figure] {
        &FIGURES
    }

    fn prepare(&self, _: &Bench, _: &dyn Peer) -> Result<()> {
        Ok(())
    }

    fn measure(&self, bench: &Bench, peer: &dyn Peer) -> Result<Vec<f64>> {
        // Each round has a place of its own, and nothing is removed before the run is over.
        let rounds = bench.place(peer, self.name())?;
        let place = Builder::new().prefix("round-").tempdir_in(rounds)?.keep();
        let (done, seconds) = timed(|| fill(peer, &place, bench.sizes.created));
        done?;
        Ok(vec![seconds * 1e6 / bench.sizes.created as f64])
    }
}
