//! What an operation costs in stores and sessions of very different sizes. A flat line is the goal.

mod events;
mod memory;
mod plot;
mod sessions;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::bench::timed;

/// Where the figures go, from the top of the repository.
const FIGURES: &str = "docs/performance/scale.csv";
/// Where their plot goes.
const PLOT: &str = "docs/performance/scale.svg";
/// How far it goes when nothing is said.
const SIZE_MAX: u64 = 1_000_000;

/// One operation at one size.
#[derive(Debug, Clone, PartialEq)]
struct Point {
    /// What there are so many of: `sessions` or `events`.
    of: &'static str,
    size: u64,
    operation: &'static str,
    microseconds: f64,
    /// The largest resident set of the process while it was done.
    peak_mib: f64,
}

/// The points of one kind, as they are measured.
struct Points {
    of: &'static str,
    all: Vec<Point>,
}

impl Points {
    /// Does something that comes to so many operations.
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
        let microseconds = seconds * 1e6 / operations as f64;
        let peak_mib = memory::peak_mib()?;
        println!("{},{size},{operation},{microseconds:.2},{peak_mib:.1}", self.of);
        self.all.push(Point { of: self.of, size, operation, microseconds, peak_mib });
        Ok(())
    }
}

/// Measures all sizes up to one, and writes figures and plot.
pub fn run(folder: &Path, arguments: &[String]) -> Result<ExitCode> {
    let size_max = match arguments {
        [] => SIZE_MAX,
        [flag, size] if flag == "--max" => size.parse()?,
        _ => bail!("{arguments:?}? {}", crate::USAGE),
    };
    let sizes: Vec<u64> =
        (1..).map(|power| 10_u64.pow(power)).take_while(|size| *size <= size_max).collect();
    let mut points = sessions::measure(&folder.join("sessions"), &sizes)?;
    points.extend(events::measure(&folder.join("events"), &sizes)?);
    fs::create_dir_all(Path::new(FIGURES).parent().context("a folder")?)?;
    fs::write(FIGURES, figures(&points))?;
    svg::save(PLOT, &plot::draw(&points))?;
    println!("{FIGURES} and {PLOT} were written");
    Ok(ExitCode::SUCCESS)
}

fn figures(points: &[Point]) -> String {
    let mut text = "of,size,operation,microseconds,peak_mib\n".to_owned();
    for Point { of, size, operation, microseconds, peak_mib } in points {
        text += &format!("{of},{size},{operation},{microseconds:.2},{peak_mib:.1}\n");
    }
    text
}
