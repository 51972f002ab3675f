//! What it costs to start: annals, a program that does nothing, and for each dependency one that
//! does with it what annals does when it starts.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

use crate::bench::{median, seconds_of};
use crate::page::{self, number, table};
use crate::peers;

/// Where `run` has the programs built.
const PROGRAMS: &str = "target/bench/starts/release";
/// Rounds, in each of which every program is started once.
const ROUNDS: usize = 300;

/// The programs of `tools/bench/starts`; all others are held against the first.
const DEPENDENCIES: [(&str, &str); 8] = [
    ("nothing", "a Rust program that does nothing"),
    ("clap", "reading a command line with `clap`"),
    ("tokio", "a `tokio` runtime of one thread"),
    ("tokio_blocking", "the same, with work on a second thread"),
    ("jiff", "the time of `jiff` as text"),
    ("hdrhistogram", "one histogram of `hdrhistogram`"),
    ("moka", "a cache of `moka`"),
    ("tracing", "`tracing-subscriber`, with `-v` only"),
];

struct Program {
    title: String,
    command: Command,
    milliseconds: Vec<f64>,
    processor_ms: Vec<f64>,
    faults: Vec<f64>,
}

impl Program {
    fn new(title: &str, command: Command) -> Self {
        let (milliseconds, processor_ms, faults) = Default::default();
        Self { title: title.to_owned(), command, milliseconds, processor_ms, faults }
    }
}

/// What all processes that have ended took of the processor, in milliseconds, and how many pages
/// they had to be given.
fn taken() -> Result<(f64, f64)> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let microseconds = usage.user_time() + usage.system_time();
    Ok((microseconds.num_microseconds() as f64 / 1e3, usage.minor_page_faults() as f64))
}

/// Measures them, and writes the part of the page.
pub fn run(folder: &Path) -> Result<ExitCode> {
    let mut programs = programs(folder)?;
    for _ in 0..ROUNDS {
        for program in &mut programs {
            let before = taken()?;
            program.milliseconds.push(seconds_of(&mut program.command)? * 1e3);
            let after = taken()?;
            program.processor_ms.push(after.0 - before.0);
            program.faults.push(after.1 - before.1);
        }
    }
    let text = written(&programs)?;
    println!("{text}");
    page::put("starts", &text)?;
    Ok(ExitCode::SUCCESS)
}

fn programs(folder: &Path) -> Result<Vec<Program>> {
    let annals = peers::annals_binary()?;
    let with = |title: &str, program: &Path, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.env("ANNALS_STORE", folder.join("store")).args(arguments);
        Program::new(title, command)
    };
    let built = |(name, title): (&str, &str)| with(title, &Path::new(PROGRAMS).join(name), &[]);
    let mut programs: Vec<Program> = DEPENDENCIES.into_iter().map(built).collect();
    programs.push(with("`true`", Path::new("/usr/bin/true"), &[]));
    programs.push(with("`annals --version`", &annals, &["--version"]));
    programs.push(with("`annals list` of an empty store", &annals, &["--quiet", "list"]));
    Ok(programs)
}

fn written(programs: &[Program]) -> Result<String> {
    let heading = [
        "program",
        "ms",
        "more than nothing, ms",
        "ms of the processor",
        "page faults",
        "relocations",
        "KiB",
    ];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    let nothing = programs.first().context("no program")?;
    for program in programs {
        let own = median(&program.milliseconds);
        let pairs = program.milliseconds.iter().zip(&nothing.milliseconds);
        let more = median(&pairs.map(|(own, nothing)| own - nothing).collect::<Vec<_>>());
        let path = Path::new(program.command.get_program());
        rows.push(vec![
            program.title.clone(),
            number(own),
            format!("{more:+.2}"),
            number(median(&program.processor_ms)),
            number(median(&program.faults)),
            number(relocations(path)? as f64),
            number(path.metadata()?.len() as f64 / 1024.0),
        ]);
    }
    Ok(table(&rows))
}

/// What the dynamic linker has to fill in.
fn relocations(program: &Path) -> Result<usize> {
    let listed = Command::new("readelf").args(["--relocs", "--wide"]).arg(program).output();
    let listed = String::from_utf8(listed.context("readelf")?.stdout)?;
    Ok(listed.lines().filter(|line| line.contains("R_")).count())
}
