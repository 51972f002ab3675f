//! Eight processes that append at once, each to a session of its own or all to one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::{Better, Figure, Kind, Target, Work};
use crate::bench::{Bench, Sizes, WRITERS, begin, timed};
use crate::cold;
use crate::event::session_id;
use crate::peer::{Durability, Peer};
use crate::peers::SQLITE;

pub(super) const OWN_SESSIONS: Processes = Processes { sessions: WRITERS };
pub(super) const ONE_SESSION: Processes = Processes { sessions: 1 };

pub(super) struct Processes {
    sessions: usize,
}

const FIGURES: [Figure; 2] = [
    Figure {
        name: "events/s",
        better: Better::Higher,
        targets: &[Target::Times(SQLITE, 4.0)],
        steady: true,
    },
    Figure {
        name: "longest wait, ms",
        better: Better::Lower,
        targets: &[Target::Value(20.0)],
        steady: false,
    },
];

impl Work for Processes {
    fn kind(&self) -> Kind {
        if self.sessions == 1 { Kind::OneSession } else { Kind::OwnSessions }
    }

    fn name(&self) -> &'static str {
        if self.sessions == 1 { "processes-one-session" } else { "processes-own-sessions" }
    }

    fn title(&self, _: &Sizes) -> String {
        let sessions = if self.sessions == 1 { "one session" } else { "own sessions" };
        format!("{WRITERS} processes, {sessions}, durable")
    }

    fn figures(&self) -> &'static [Figure] {
        &FIGURES
    }

    fn prepare(&self, bench: &Bench, peer: &dyn Peer) -> Result<()> {
        let place = bench.place(peer, self.name())?;
        begin(&mut *peer.open(&place, Durability::Durable)?, self.sessions)
    }

    fn measure(&self, bench: &Bench, peer: &dyn Peer) -> Result<Vec<f64>> {
        let place = bench.place(peer, self.name())?;
        let changes = bench.sizes.shared;
        let start = |number| {
            let session = session_id(number % self.sessions);
            Writer::start(cold::writer(peer.name(), &place, &session, changes)?)
        };
        let mut writers: Vec<Writer> = (0..WRITERS).map(start).collect::<Result<_>>()?;
        writers.iter_mut().try_for_each(Writer::wait_until_ready)?;
        let (longest_us, seconds) = timed(|| -> Result<f64> {
            writers.iter_mut().try_for_each(Writer::tell)?;
            let longest = writers.iter_mut().map(Writer::longest_us);
            longest.into_iter().try_fold(0.0, |longest, one| Ok(f64::max(longest, one?)))
        });
        writers.into_iter().try_for_each(Writer::finish)?;
        Ok(vec![(WRITERS * changes) as f64 / seconds, longest_us? / 1e3])
    }
}

/// A process that writes when it is told to.
struct Writer {
    process: Child,
    answers: BufReader<ChildStdout>,
}

impl Writer {
    fn start(mut command: std::process::Command) -> Result<Self> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let answers = BufReader::new(process.stdout.take().context("no standard output")?);
        Ok(Self { process, answers })
    }

    fn answer(&mut self) -> Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let answer = self.answer()?;
        ensure!(answer == "ready", "a writer did not get ready: {answer:?}");
        Ok(())
    }

    fn tell(&mut self) -> Result<()> {
        Ok(self.process.stdin.as_mut().context("no standard input")?.write_all(b"\n")?)
    }

    fn longest_us(&mut self) -> Result<f64> {
        let answer = self.answer()?;
        answer.parse().with_context(|| format!("a writer said {answer:?}"))
    }

    fn finish(mut self) -> Result<()> {
        let status = self.process.wait()?;
        ensure!(status.success(), "a writer ended with {status}");
        Ok(())
    }
}
