//! Eight threads of one process that append to one session.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use super::{Better, Figure, Kind, Target, Work};
use crate::bench::{Bench, Sizes, WRITERS, begin};
use crate::event::session_id;
use crate::peer::{Durability, Peer, Store};
use crate::peers::SQLITE;

pub(super) struct Threads;

const FIGURES: [Figure; 2] = [
    Figure {
        name: "events/s",
        better: Better::Higher,
        targets: &[Target::Times(SQLITE, 4.5)],
        steady: true,
    },
    Figure { name: "longest wait, ms", better: Better::Lower, targets: &[], steady: false },
];

impl Work for Threads {
    fn kind(&self) -> Kind {
        Kind::Threads
    }

    fn name(&self) -> &'static str {
        "threads-one-session"
    }

    fn title(&self, _: &Sizes) -> String {
        format!("{WRITERS} threads, one session, durable")
    }

    fn figures(&self) -> &'static [Figure] {
        &FIGURES
    }

    fn prepare(&self, bench: &Bench, peer: &dyn Peer) -> Result<()> {
        begin(&mut *peer.open(&bench.place(peer, self.name())?, Durability::Durable)?, 1)
    }

    fn measure(&self, bench: &Bench, peer: &dyn Peer) -> Result<Vec<f64>> {
        let store = peer.open(&bench.place(peer, self.name())?, Durability::Durable)?;
        let stores = (0..WRITERS).map(|_| store.for_another_thread());
        let stores: Vec<Box<dyn Store + Send>> = stores.collect::<Result<_>>()?;
        let barrier = Barrier::new(WRITERS + 1);
        let changes = bench.sizes.shared;
        let (longest, seconds) = std::thread::scope(|scope| {
            let write = |store| {
                let barrier = &barrier;
                scope.spawn(move || write(store, changes, barrier))
            };
            let threads: Vec<_> = stores.into_iter().map(write).collect();
            barrier.wait();
            let began = Instant::now();
            let longest = threads
                .into_iter()
                .map(|thread| thread.join().map_err(|_| anyhow!("a thread panicked"))?);
            let longest = longest.collect::<Result<Vec<Duration>>>();
            (longest, began.elapsed().as_secs_f64())
        });
        let longest = longest?.into_iter().max().unwrap_or_default();
        Ok(vec![(WRITERS * changes) as f64 / seconds, longest.as_secs_f64() * 1e3])
    }
}

/// Makes one change to be ready, waits for the others, and makes its own; the longest of them.
fn write(mut store: Box<dyn Store + Send>, changes: usize, barrier: &Barrier) -> Result<Duration> {
    let session = session_id(0);
    let ready = store.append(&session);
    barrier.wait();
    ready?;
    let mut longest = Duration::ZERO;
    for _ in 0..changes {
        let began = Instant::now();
        store.append(&session)?;
        longest = longest.max(began.elapsed());
    }
    Ok(longest)
}
