//! What is measured: one file a work, in the order of the page.

mod cold_append;
mod cold_list;
mod cold_newest;
mod creation;
mod one_writer;
mod processes;
mod replay;
mod threads;
mod verify;
mod warm;

use anyhow::Result;

use crate::bench::{Bench, Sizes};
use crate::peer::Peer;

/// Which work it is. Peers say by it what they take part in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Durable,
    Buffered,
    OwnSessions,
    OneSession,
    Threads,
    Create,
    ColdNewest,
    ColdList,
    Warm,
    Replay,
    Verify,
    ColdAppend,
    ColdAppends,
}

/// A work that every peer does in the same way.
pub trait Work {
    /// Which one.
    fn kind(&self) -> Kind;

    /// Its name on the command line and in the baseline.
    fn name(&self) -> &'static str;

    /// What is done, for people.
    fn title(&self, sizes: &Sizes) -> String;

    /// What is measured of it.
    fn figures(&self) -> &'static [Figure];

    /// Makes what the work starts from.
    fn prepare(&self, bench: &Bench, peer: &dyn Peer) -> Result<()>;

    /// Does the work once; a value for each figure.
    fn measure(&self, bench: &Bench, peer: &dyn Peer) -> Result<Vec<f64>>;
}

/// One figure of a work.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// What it is, with its unit.
    pub name: &'static str,
    /// Which way is good.
    pub better: Better,
    /// What annals is to reach; all of them.
    pub targets: &'static [Target],
    /// Whether it is the same from run to run, so that a check can go by it.
    pub steady: bool,
}

/// Which way a figure is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    Higher,
    Lower,
    /// It is so, 1, or it is not, 0.
    Yes,
}

/// What a figure of annals is to reach.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// So many times what a peer has in the same run: no less, or no more where less is better.
    Times(&'static str, f64),
    /// This very value: no less, or no more where less is better.
    Value(f64),
}

/// All of them.
pub fn all() -> Vec<Box<dyn Work>> {
    vec![
        Box::new(one_writer::DURABLE),
        Box::new(one_writer::BUFFERED),
        Box::new(processes::OWN_SESSIONS),
        Box::new(processes::ONE_SESSION),
        Box::new(threads::Threads),
        Box::new(creation::Creation),
        Box::new(cold_newest::ColdNewest),
        Box::new(cold_list::ColdList),
        Box::new(warm::Warm),
        Box::new(replay::Replay),
        Box::new(verify::Verify),
        Box::new(cold_append::ONE),
        Box::new(cold_append::EIGHT),
    ]
}
