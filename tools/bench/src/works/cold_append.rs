//! One durable change by a process that has just been started, and eight such processes at once.

use anyhow::{Result, ensure};

use super::{Better, Figure, Kind, Target, Work};
use crate::bench::{Bench, Sizes, WRITERS, median, seconds_of, timed};
use crate::cold::Action;
use crate::event::session_id;
use crate::peer::Peer;
use crate::peers::SQLITE;

pub(super) const ONE: ColdAppend = ColdAppend { at_once: 1 };
pub(super) const EIGHT: ColdAppend = ColdAppend { at_once: WRITERS };

pub(super) struct ColdAppend {
    at_once: usize,
}

const ONE_FIGURES: [Figure; 1] = [Figure {
    name: "ms a process",
    better: Better::Lower,
    targets: &[Target::Times(SQLITE, 0.6)],
    steady: true,
}];

const EIGHT_FIGURES: [Figure; 1] = [Figure {
    name: "processes/s",
    better: Better::Higher,
    targets: &[Target::Times(SQLITE, 1.9)],
    steady: true,
}];

fn action(number: usize) -> Action {
    Action::Append { session: session_id(number) }
}

impl ColdAppend {
    fn one_after_the_other(&self, bench: &Bench, peer: &dyn Peer) -> Result<f64> {
        let place = bench.listed(peer)?;
        let starts = 0..bench.sizes.starts;
        let times = starts.map(|_| seconds_of(&mut peer.command(&place, &action(0))?));
        Ok(median(&times.collect::<Result<Vec<_>>>()?) * 1e3)
    }

    /// As soon as all of them have ended, the next ones are started.
    fn at_once(&self, bench: &Bench, peer: &dyn Peer) -> Result<f64> {
        let place = bench.listed(peer)?;
        let volleys = bench.sizes.starts.div_ceil(self.at_once);
        let (done, seconds) = timed(|| -> Result<()> {
            for _ in 0..volleys {
                let start = |number| Ok(quiet(peer.command(&place, &action(number))?).spawn()?);
                let started = (0..self.at_once).map(start).collect::<Result<Vec<_>>>()?;
                for mut process in started {
                    let status = process.wait()?;
                    ensure!(status.success(), "{status}");
                }
            }
            Ok(())
        });
        done?;
        Ok((volleys * self.at_once) as f64 / seconds)
    }
}

fn quiet(mut command: std::process::Command) -> std::process::Command {
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    command
}

impl Work for ColdAppend {
    fn kind(&self) -> Kind {
        if self.at_once == 1 { Kind::ColdAppend } else { Kind::ColdAppends }
    }

    fn name(&self) -> &'static str {
        if self.at_once == 1 { "cold-append" } else { "cold-appends" }
    }

    fn title(&self, _: &Sizes) -> String {
        match self.at_once {
            1 => "cold process, one durable append".to_owned(),
            at_once => format!("the same, {at_once} at a time, own sessions"),
        }
    }

    fn figures(&self) -> &'static [Figure] {
        if self.at_once == 1 { &ONE_FIGURES } else { &EIGHT_FIGURES }
    }

    /// The first durable change of a session may have to find space, which is not what is measured.
    fn prepare(&self, bench: &Bench, peer: &dyn Peer) -> Result<()> {
        let place = bench.listed(peer)?;
        for number in 0..self.at_once {
            seconds_of(&mut peer.command(&place, &action(number))?)?;
        }
        Ok(())
    }

    fn measure(&self, bench: &Bench, peer: &dyn Peer) -> Result<Vec<f64>> {
        Ok(vec![match self.at_once {
            1 => self.one_after_the_other(bench, peer)?,
            _ => self.at_once(bench, peer)?,
        }])
    }
}
