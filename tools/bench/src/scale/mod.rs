//! What an operation costs in stores and sessions of very different sizes. A flat line is the goal.

mod events;
mod memory;
mod plot;
mod sessions;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::bench::timed;

/// Where the figures go, from the top of the repository.
const FIGURES: &str = "docs/performance/scale.csv";
const HEADING: &str = "of,size,operation,microseconds,peak_mib";
/// Where their plot goes.
const PLOT: &str = "docs/performance/scale.svg";
/// How far it goes when nothing is said.
const SIZE_MAX: u64 = 1_000_000;

/// What a store or a session has so many of.
const KINDS: [&str; 2] = ["sessions", "events"];

/// One operation at one size.
#[derive(Debug, Clone, PartialEq)]
struct Point {
    /// One of [`KINDS`].
    of: &'static str,
    size: u64,
    operation: String,
    microseconds: f64,
    /// The largest resident set of the process while it was done.
    peak_mib: f64,
}

/// The points of one kind, as they are measured, and those of the other.
struct Points {
    of: &'static str,
    all: Vec<Point>,
}

impl Points {
    /// Those of the other kind, as they were measured last.
    fn beside(of: &'static str) -> Result<Self> {
        let earlier = match fs::read_to_string(FIGURES) {
            Err(missing) if missing.kind() == ErrorKind::NotFound => String::new(),
            read => read?,
        };
        let points = earlier.lines().filter_map(Point::read);
        Ok(Self { of, all: points.filter(|point| point.of != of).collect() })
    }

    /// Does something that comes to so many operations. What it took is written at once: a run at
    /// large sizes takes long, and may be cut short.
    fn observe(
        &mut self,
        size: u64,
        operation: &'static str,
        operations: u64,
        work: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        memory::forget_peak()?;
        let (done, seconds) = timed(work);
        done.with_context(|| format!("{operation} at {size} {}", self.of))?;
        let (microseconds, peak_mib) = (seconds * 1e6 / operations as f64, memory::peak_mib()?);
        let operation = operation.to_owned();
        let point = Point { of: self.of, size, operation, microseconds, peak_mib };
        println!("{}", point.written());
        self.all.push(point);
        // The plot has the panels in this order.
        self.all.sort_by_key(|point| KINDS.iter().position(|kind| *kind == point.of));
        let lines: Vec<String> = self.all.iter().map(|point| point.written() + "\n").collect();
        fs::write(FIGURES, format!("{HEADING}\n{}", lines.concat()))?;
        Ok(svg::save(PLOT, &plot::draw(&self.all))?)
    }
}

impl Point {
    fn written(&self) -> String {
        let Self { of, size, operation, microseconds, peak_mib } = self;
        format!("{of},{size},{operation},{microseconds:.2},{peak_mib:.1}")
    }

    fn read(line: &str) -> Option<Self> {
        let columns: Vec<&str> = line.split(',').collect();
        let [of, size, operation, microseconds, peak_mib] = columns.as_slice() else { return None };
        Some(Self {
            of: KINDS.into_iter().find(|kind| kind == of)?,
            size: size.parse().ok()?,
            operation: (*operation).to_owned(),
            microseconds: microseconds.parse().ok()?,
            peak_mib: peak_mib.parse().ok()?,
        })
    }
}

/// Measures all sizes up to one, of both kinds or of one, and writes figures and plot.
pub fn run(folder: &Path, arguments: &[String]) -> Result<ExitCode> {
    let (kinds, rest) = match arguments {
        [kind, rest @ ..] if KINDS.contains(&kind.as_str()) => (vec![kind.as_str()], rest),
        rest => (KINDS.to_vec(), rest),
    };
    let size_max = match rest {
        [] => SIZE_MAX,
        [flag, size] if flag == "--max" => size.parse()?,
        _ => bail!("{arguments:?}? {}", crate::USAGE),
    };
    let sizes: Vec<u64> =
        (1..).map(|power| 10_u64.pow(power)).take_while(|size| *size <= size_max).collect();
    fs::create_dir_all(Path::new(FIGURES).parent().context("a folder")?)?;
    for kind in kinds {
        match kind {
            "sessions" => sessions::measure(&folder.join(kind), &sizes)?,
            _ => events::measure(&folder.join(kind), &sizes)?,
        }
    }
    println!("{FIGURES} and {PLOT} were written");
    Ok(ExitCode::SUCCESS)
}
