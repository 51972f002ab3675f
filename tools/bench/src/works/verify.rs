//! Checking a whole store by a process of its own, and whether that sees one flipped bit.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::{Better, Figure, Kind, Target, Work};
use crate::bench::{Bench, EVENTS_OF_A_SESSION, Sizes, fill, seconds_of};
use crate::cold::Action;
use crate::event::{session_id, text};
use crate::peer::Peer;

pub(super) struct Verify;

/// What the issue allows for ten thousand sessions, by the session.
const MICROSECONDS_MAX: f64 = 5.0;
/// Sessions of the store that a bit is flipped in.
const DAMAGED_SESSIONS: usize = 100;
/// The one whose event it is.
const DAMAGED_SESSION: usize = 7;

const FIGURES: [Figure; 2] = [
    Figure {
        name: "µs a session",
        better: Better::Lower,
        targets: &[Target::Value(MICROSECONDS_MAX)],
        steady: true,
    },
    Figure {
        name: "sees a flipped bit",
        better: Better::Yes,
        targets: &[Target::Value(1.0)],
        steady: true,
    },
];

impl Work for Verify {
    fn kind(&self) -> Kind {
        Kind::Verify
    }

    fn name(&self) -> &'static str {
        "verify"
    }

    fn title(&self, sizes: &Sizes) -> String {
        format!("verify {} sessions, by a process", sizes.verified)
    }

    fn figures(&self) -> &'static [Figure] {
        &FIGURES
    }

    fn prepare(&self, bench: &Bench, peer: &dyn Peer) -> Result<()> {
        let place = bench.place(peer, self.name())?;
        fill(peer, &place, bench.sizes.verified)?;
        seconds_of(&mut peer.command(&place, &Action::Verify)?).map(drop)
    }

    fn measure(&self, bench: &Bench, peer: &dyn Peer) -> Result<Vec<f64>> {
        let place = bench.place(peer, self.name())?;
        let seconds = seconds_of(&mut peer.command(&place, &Action::Verify)?)?;
        let damaged = bench.place(peer, "damaged")?;
        fill(peer, &damaged, DAMAGED_SESSIONS)?;
        seconds_of(&mut peer.command(&damaged, &Action::Verify)?)?;
        flip_a_bit(&damaged)?;
        let mut verify = peer.command(&damaged, &Action::Verify)?;
        let verified = verify.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        fs::remove_dir_all(&damaged)?;
        let sees = if verified.success() { 0.0 } else { 1.0 };
        Ok(vec![seconds * 1e6 / bench.sizes.verified as f64, sees])
    }
}

/// Changes one letter of what was said: in an event that no row repeats, in the row where there
/// are no events, and somewhere in the largest file where neither stands in the raw.
fn flip_a_bit(place: &Path) -> Result<()> {
    let session = session_id(DAMAGED_SESSION);
    let files = files(place)?;
    for seq in [EVENTS_OF_A_SESSION - 1, 1] {
        let said = text(&session, seq);
        for file in &files {
            let mut bytes = fs::read(file)?;
            let mut windows = bytes.windows(said.len());
            if let Some(at) = windows.position(|window| window == said.as_bytes()) {
                return flip(file, &mut bytes, at + said.len() / 2);
            }
        }
    }
    let length = |file: &PathBuf| file.metadata().map_or(0, |metadata| metadata.len());
    let largest = files.iter().max_by_key(|file| length(file)).context("no file")?;
    let mut bytes = fs::read(largest)?;
    let middle = bytes.len() / 2;
    flip(largest, &mut bytes, middle)
}

/// Flips the lowest bit of a byte, which leaves a letter a letter.
fn flip(file: &Path, bytes: &mut [u8], at: usize) -> Result<()> {
    *bytes.get_mut(at).context("an empty file")? ^= 1;
    Ok(fs::write(file, bytes)?)
}

fn files(place: &Path) -> Result<Vec<PathBuf>> {
    let found = Command::new("find").arg(place).args(["-type", "f"]).output()?;
    ensure!(found.status.success(), "{found:?}");
    let text = String::from_utf8(found.stdout)?;
    Ok(text.lines().map(PathBuf::from).collect())
}
