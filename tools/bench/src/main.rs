//! annals beside what else one could keep sessions in: the same work, in one run, in turns.
//!
//! `tools/bench/run` builds and starts this; `docs/performance.md` says what it is for.

mod bench;
mod check;
mod cold;
mod event;
mod page;
mod peer;
mod peers;
mod report;
mod rounds;
mod system;
mod tables;
mod works;

use std::process::ExitCode;

const USAGE: &str = "tools/bench/run [--quick] [--work NAME]… [--check | --baseline | --page]";

/// A process that is to be cold does nothing before it knows that it is one.
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((first, rest)) if first == cold::COLD => cold::run(rest),
        _ => tables::Asked::read(&arguments).and_then(|asked| tables::run(&asked)),
    };
    result.unwrap_or_else(|error| {
        eprintln!("{error:#}");
        ExitCode::FAILURE
    })
}
