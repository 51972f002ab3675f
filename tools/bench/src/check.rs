//! Telling a regression from a noisy machine.
//!
//! No figure is compared with one of another day. What is compared is how annals did beside a peer
//! in the same run, and that only counts where it is worse beside *every* peer it is held against,
//! by more than the tolerance, each time that the work is done again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::peers::{ANNALS, FLOOR, SQLITE};
use crate::rounds::Measured;
use crate::works::Better;

/// How much of its standing beside a peer annals may lose before that is suspicious.
const TOLERANCE: f64 = 0.5;
/// How many times a work is done in which annals seems to have become slower, and how many for a
/// baseline, which is the least of them: one that was lucky would make every later run look bad.
pub const ATTEMPTS: usize = 4;

/// For each figure of a work, and each peer that annals is held against, how many times as good
/// annals is.
pub type Standing = BTreeMap<String, BTreeMap<String, f64>>;

/// The standing in each work.
pub type Baseline = BTreeMap<String, Standing>;

/// A figure of annals that has become worse.
#[derive(Debug, Clone, PartialEq)]
pub struct Regression {
    pub work: String,
    pub figure: String,
    /// For each peer the standing of the baseline, and that of now.
    pub standings: BTreeMap<String, (f64, f64)>,
}

/// How annals stands in a work that was measured. That something is so needs no peer.
pub fn standing(measured: &Measured) -> Standing {
    let mut standing = Standing::new();
    for (index, figure) in measured.figures.iter().enumerate().filter(|(_, one)| one.steady) {
        let peers = [SQLITE, FLOOR].into_iter().filter_map(|peer| {
            let times = measured.times(peer, index)?;
            Some((
                peer.to_owned(),
                if figure.better == Better::Lower { 1.0 / times } else { times },
            ))
        });
        let standings = match figure.better {
            Better::Yes => measured
                .median(ANNALS, index)
                .into_iter()
                .map(|is_so| (ANNALS.to_owned(), is_so))
                .collect(),
            Better::Higher | Better::Lower => peers.collect(),
        };
        standing.insert(figure.name.to_owned(), standings);
    }
    standing
}

/// Of each figure, and beside each peer, the worse of two standings.
pub fn least(one: Standing, other: &Standing) -> Standing {
    let least_of = |(figure, mut peers): (String, BTreeMap<String, f64>)| {
        for (peer, times) in &mut peers {
            let again = other.get(&figure).and_then(|peers| peers.get(peer));
            *times = again.map_or(*times, |again| times.min(*again));
        }
        (figure, peers)
    };
    one.into_iter().map(least_of).collect()
}

/// Which figures of a work are worse than in the baseline, beside every peer.
fn suspicions(work: &str, baseline: &Standing, now: &Standing) -> Vec<Regression> {
    let mut found = Vec::new();
    for (figure, before) in baseline {
        let Some(now) = now.get(figure) else { continue };
        let both = before
            .iter()
            .filter_map(|(peer, before)| now.get(peer).map(|now| (peer.clone(), (*before, *now))));
        let standings: BTreeMap<String, (f64, f64)> = both.collect();
        let is_worse = |(before, now): &(f64, f64)| *now < before * (1.0 - TOLERANCE);
        if !standings.is_empty() && standings.values().all(is_worse) {
            found.push(Regression { work: work.to_owned(), figure: figure.clone(), standings });
        }
    }
    found
}

/// The regressions of a work: those figures that are worse every time it is done, the first time
/// included.
pub fn regressions(
    work: &str,
    baseline: &Standing,
    first: &Standing,
    mut again: impl FnMut() -> Result<Standing>,
) -> Result<Vec<Regression>> {
    let mut found = suspicions(work, baseline, first);
    for _ in 1..ATTEMPTS {
        if found.is_empty() {
            break;
        }
        let now = suspicions(work, baseline, &again()?);
        found.retain(|one| now.iter().any(|other| other.figure == one.figure));
    }
    Ok(found)
}

/// Reads a baseline.
pub fn read(path: &Path) -> Result<Baseline> {
    let text = fs::read(path).with_context(|| path.display().to_string())?;
    Ok(serde_json::from_slice(&text)?)
}

/// Writes one, with no more digits than mean something.
pub fn write(path: &Path, baseline: &Baseline) -> Result<()> {
    let mut rounded = baseline.clone();
    for times in rounded.values_mut().flat_map(Standing::values_mut).flat_map(BTreeMap::values_mut)
    {
        *times = format!("{times:.2e}").parse()?;
    }
    Ok(fs::write(path, serde_json::to_string_pretty(&rounded)? + "\n")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(to_sqlite: f64, to_floor: f64) -> Standing {
        let peers = [(SQLITE.to_owned(), to_sqlite), (FLOOR.to_owned(), to_floor)];
        Standing::from([("events/s".to_owned(), BTreeMap::from(peers))])
    }

    fn found(first: Standing, again: &[Standing]) -> Vec<Regression> {
        let mut again = again.iter().cloned();
        let next = || again.next().context("it is not done once more");
        regressions("work", &standing(2.0, 0.8), &first, next).unwrap()
    }

    #[test]
    fn what_is_slower_beside_every_peer_every_time_is_a_regression() {
        let slow = standing(0.9, 0.35);

        let found = found(slow.clone(), &[slow.clone(), slow.clone(), slow]);

        assert_eq!(found.len(), 1);
        assert_eq!(found[0].figure, "events/s");
        assert_eq!(found[0].standings[SQLITE], (2.0, 0.9));
    }

    #[test]
    fn a_run_in_which_annals_was_disturbed_is_none() {
        let (slow, well) = (standing(0.9, 0.35), standing(1.9, 0.79));

        assert_eq!(found(slow.clone(), &[slow.clone(), slow, well]), []);
    }

    #[test]
    fn a_run_in_which_one_peer_was_lucky_is_none() {
        assert_eq!(found(standing(0.9, 0.79), &[]), []);
    }

    #[test]
    fn what_is_within_the_tolerance_is_not_even_done_again() {
        let within = 1.0 - TOLERANCE + 0.01;

        assert_eq!(found(standing(2.0 * within, 0.8 * within), &[]), []);
    }

    #[test]
    fn a_baseline_is_no_better_than_the_worst_run_beside_each_peer() {
        assert_eq!(least(standing(2.0, 0.5), &standing(1.5, 0.8)), standing(1.5, 0.5));
    }

    #[test]
    fn damage_that_is_no_longer_seen_is_a_regression_beside_nobody() {
        let sees = |is_so| {
            let own = BTreeMap::from([(ANNALS.to_owned(), is_so)]);
            Standing::from([("sees a flipped bit".to_owned(), own)])
        };

        let found = regressions("verify", &sees(1.0), &sees(0.0), || Ok(sees(0.0))).unwrap();

        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_baseline_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.json");
        let baseline = Baseline::from([("work".to_owned(), standing(2.0, 0.125))]);

        write(&path, &baseline).unwrap();

        assert_eq!(read(&path).unwrap(), baseline);
    }
}
