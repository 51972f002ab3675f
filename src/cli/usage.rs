//! What is said about a command line that cannot be read, and help.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;
use serde_json::json;

use super::error::code;
use super::json;
use crate::vocabulary::{is_treacherous, one_line};

const HINT: &str = "see `annals --help`, or `annals COMMAND --help`";

/// Shows clap's answer: help and the version on standard output, mistakes on standard error.
pub(super) fn tell(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A reader who goes away has read enough.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let _ = if arguments.iter().any(|argument| argument == "--json") {
        tell_json(error)
    } else {
        tell_people(error)
    };
    code::USAGE.into()
}

fn tell_json(error: &clap::Error) -> io::Result<()> {
    let text = error.to_string();
    let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    let kind = match error.kind() {
        ErrorKind::ValueValidation | ErrorKind::InvalidValue | ErrorKind::InvalidUtf8 => {
            "invalid-input"
        }
        _ => "usage",
    };
    let report = json!({"kind": kind, "message": message, "session": null, "hint": HINT});
    json::write_line(&mut io::stderr(), &json!({ "error": report }))
}

/// Arguments are repeated in the message, and may come from anywhere.
fn tell_people(error: &clap::Error) -> io::Result<()> {
    let text = error.to_string();
    if !text.chars().any(|character| character != '\n' && is_treacherous(character)) {
        return error.print();
    }
    let mut stderr = io::stderr();
    for line in text.lines() {
        writeln!(stderr, "{}", one_line(line))?;
    }
    Ok(())
}
