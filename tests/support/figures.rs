//! Checks that run in a quick form with every change and in a long form on demand, and the figures
//! that they leave for `docs/reliability.md`.

use std::fmt::Display;
use std::io::Write as _;

/// Whether the long form was asked for: `tools/reliability` does.
pub fn long_form() -> bool {
    std::env::var_os("ANNALS_LONG").is_some()
}

/// Prints what a check has counted, past the test runner's capture, as `figure: NAME = VALUE`.
pub fn figure(name: &str, value: impl Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nfigure: {name} = {value}").unwrap();
}
