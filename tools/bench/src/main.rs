//! annals beside what else one could keep sessions in: the same work, in one run, in turns.
//!
//! `tools/bench/run` builds and starts this; `docs/performance.md` says what it is for.

mod bench;
mod calls;
mod check;
mod cold;
mod event;
mod library;
mod page;
mod peer;
mod peers;
mod reads;
mod report;
mod rounds;
mod scale;
mod starts;
mod system;
mod tables;
mod traced;
mod works;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "tools/bench/run calls | reads | starts | scale [sessions | events] [--max N], or \
    tools/bench/run [--quick] [--work NAME]… [--peer NAME]… [--check | --baseline | --page]";

/// A process that is to be cold does nothing before it knows that it is one.
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((first, rest)) if first == cold::COLD => cold::run(rest),
        Some((first, rest)) if first == traced::TRACED => traced::run(rest),
        Some((first, [])) if first == "calls" => in_a_folder(calls::run),
        Some((first, [])) if first == "reads" => in_a_folder(reads::run),
        Some((first, [])) if first == "starts" => in_a_folder(starts::run),
        Some((first, rest)) if first == "scale" => in_a_folder(|folder| scale::run(folder, rest)),
        _ => tables::Asked::read(&arguments).and_then(|asked| tables::run(&asked)),
    };
    result.unwrap_or_else(|error| {
        eprintln!("{error:#}");
        ExitCode::FAILURE
    })
}

/// Does something in an empty folder on the file system of the repository.
fn in_a_folder(work: impl FnOnce(&Path) -> Result<ExitCode>) -> Result<ExitCode> {
    std::fs::create_dir_all(tables::FOLDER)?;
    work(tempfile::tempdir_in(tables::FOLDER)?.path())
}
