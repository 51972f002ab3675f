//! The works, as asked for on the command line: a table, a check, a baseline.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};

use crate::bench::{Bench, Sizes};
use crate::check::{self, Baseline, Regression, Standing};
use crate::page;
use crate::peer::Peer;
use crate::peers;
use crate::report;
use crate::rounds::take_turns;
use crate::works::{self, Work};

/// Where the baseline is, from the top of the repository.
const BASELINE: &str = "tools/bench/baseline.json";
/// Where stores are made: on the file system of the repository.
pub const FOLDER: &str = "target/bench/stores";

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    quick: bool,
    works: Vec<String>,
    peers: Vec<String>,
    check: bool,
    baseline: bool,
    page: bool,
}

impl Asked {
    /// Reads arguments.
    pub fn read(arguments: &[String]) -> Result<Self> {
        let mut asked = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match (argument.as_str(), arguments.as_slice().first()) {
                ("--quick", _) => asked.quick = true,
                ("--check", _) => asked.check = true,
                ("--baseline", _) => asked.baseline = true,
                ("--page", _) => asked.page = true,
                ("--work", Some(name)) => {
                    asked.works.push(name.clone());
                    arguments.next();
                }
                ("--peer", Some(name)) => {
                    asked.peers.push(name.clone());
                    arguments.next();
                }
                _ => bail!("{argument}? {}", crate::USAGE),
            }
        }
        let is_partial = asked.quick || !asked.works.is_empty() || !asked.peers.is_empty();
        ensure!(!(asked.page && is_partial), "the page shows all works at full size");
        ensure!(
            asked.quick || !(asked.check || asked.baseline),
            "the baseline is of the quick form"
        );
        Ok(asked)
    }

    fn peers(&self) -> Result<Vec<&'static dyn Peer>> {
        if self.check || self.baseline {
            return Ok(peers::held_against_each_other().to_vec());
        }
        if self.peers.is_empty() {
            return Ok(peers::all());
        }
        let named = |name: &String| {
            let names: Vec<_> = peers::all().iter().map(|peer| peer.name()).collect();
            let names = names.join(", ");
            peers::named(name)
                .with_context(|| format!("there is no peer {name}; there are {names}"))
        };
        self.peers.iter().map(named).collect()
    }

    fn works(&self) -> Result<Vec<Box<dyn Work>>> {
        let all = works::all();
        let names: Vec<&str> = all.iter().map(|work| work.name()).collect();
        if let Some(unknown) = self.works.iter().find(|name| !names.contains(&name.as_str())) {
            bail!("there is no work {unknown}; there are {}", names.join(", "));
        }
        let is_asked = |work: &dyn Work| {
            self.works.is_empty() || self.works.iter().any(|name| name == work.name())
        };
        Ok(all.into_iter().filter(|work| is_asked(&**work)).collect())
    }
}

/// Does what is asked for.
pub fn run(asked: &Asked) -> Result<ExitCode> {
    let sizes = if asked.quick { Sizes::QUICK } else { Sizes::FULL };
    let bench = Bench { sizes, folder: FOLDER.into(), peers: asked.peers()? };
    clear(&bench.folder)?;
    let baseline = if asked.check { check::read(Path::new(BASELINE))? } else { Baseline::new() };
    println!("{}", report::HEADING.join(" | "));
    let (mut measured, mut regressions) = (Vec::new(), Vec::new());
    let mut standings = Baseline::new();
    for work in asked.works()? {
        let done = take_turns(&bench, &*work)?;
        report::rows(&done).iter().for_each(|row| println!("{}", row.join(" | ")));
        if let Some(before) = baseline.get(work.name()) {
            let again = || Ok(check::standing(&take_turns(&bench, &*work)?));
            let standing = check::standing(&done);
            regressions.extend(check::regressions(work.name(), before, &standing, again)?);
        }
        if asked.baseline {
            let again = || Ok(check::standing(&take_turns(&bench, &*work)?));
            let standing = least_of_several(check::standing(&done), again)?;
            standings.insert(work.name().to_owned(), standing);
        }
        measured.push(done);
    }
    clear(&bench.folder)?;
    if !asked.check && !asked.baseline {
        println!("\n{}", report::every_peer(&measured));
    }
    if asked.page {
        page::put("table", &report::text(&measured))?;
    }
    if asked.baseline {
        write_baseline(standings)?;
    }
    regressions.iter().for_each(tell);
    Ok(if regressions.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(fs::create_dir_all(folder)?)
}

fn least_of_several(
    first: Standing,
    mut again: impl FnMut() -> Result<Standing>,
) -> Result<Standing> {
    (1..check::ATTEMPTS).try_fold(first, |standing, _| Ok(check::least(standing, &again()?)))
}

/// Those works that were not done keep what the baseline says of them.
fn write_baseline(standings: Baseline) -> Result<()> {
    let path = Path::new(BASELINE);
    let mut baseline = if path.exists() { check::read(path)? } else { Baseline::new() };
    baseline.extend(standings);
    check::write(path, &baseline)
}

fn tell(Regression { work, figure, standings }: &Regression) {
    println!("regression: {work}, {figure}");
    for (peer, (before, now)) in standings {
        println!("  beside {peer}: {now:.2} times as good, {before:.2} in the baseline");
    }
    println!(
        "  look with tools/bench/run --work {work}; if it is meant, run it with --quick --baseline"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Asked> {
        Asked::read(&arguments.iter().map(|argument| (*argument).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn works_are_named_one_by_one() {
        let asked = read(&["--quick", "--work", "warm", "--work", "replay"]).unwrap();

        let names: Vec<_> = asked.works().unwrap().iter().map(|work| work.name()).collect();

        assert_eq!(names, ["warm", "replay"]);
    }

    #[test]
    fn what_would_write_half_a_page_or_compare_unlike_sizes_is_refused() {
        for refused in [&["--page", "--quick"][..], &["--check"], &["--work"], &["--fast"]] {
            assert!(read(refused).is_err(), "{refused:?}");
        }
    }
}
