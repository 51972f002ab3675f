//! Where everything that a command says goes out, as JSON or for people.

use std::io::{self, BufWriter, IsTerminal as _, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use serde::Serialize;

use super::args::{ColorWhen, Globals};
use super::error::{CliError, Report};
use super::json;
use super::style;
use super::time::Times;
use crate::manager::ErrorLine;
use crate::vocabulary::{Clock as _, Finding, SystemClock, one_line};

/// Bytes of standard output gathered before they are handed to the system.
const STDOUT_BUFFER_BYTES: usize = 64 * 1024;

/// Standard output and standard error, with all that decides how they are written.
pub(super) struct Output {
    stdout: Box<dyn Write>,
    stderr: Box<dyn Write>,
    /// JSON Lines on standard output, and errors as JSON on standard error.
    pub(super) json: bool,
    /// No notes and no warnings.
    quiet: bool,
    /// Whether standard output may carry colours.
    styled: bool,
    /// Whether standard error may.
    styled_errors: bool,
    /// Columns of the terminal that standard output is, if it is one.
    pub(super) width: Option<usize>,
    /// How moments are written.
    pub(super) times: Times,
}

#[derive(Serialize)]
struct WarningLine<'a> {
    warning: &'a Report,
}

impl Output {
    /// The process's own streams.
    pub(super) fn of_process(globals: &Globals) -> Self {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let width = terminal_size::terminal_size_of(&stdout)
            .map(|(terminal_size::Width(columns), _)| usize::from(columns));
        let exact = globals.verbose > 0 || !stdout.is_terminal();
        Self {
            styled: may_style(globals.color, AutoStream::choice(&stdout)),
            styled_errors: may_style(globals.color, AutoStream::choice(&stderr)),
            stdout: Box::new(BufWriter::with_capacity(STDOUT_BUFFER_BYTES, stdout)),
            stderr: Box::new(stderr),
            json: globals.json,
            quiet: globals.quiet,
            width,
            times: Times { exact, now: SystemClock.now() },
        }
    }

    /// Writes one line for people. Text of sessions in it must have gone through
    /// [`one_line`].
    pub(super) fn line(&mut self, line: &str) -> Result<(), CliError> {
        self.stdout.write_all(line.as_bytes())?;
        Ok(self.stdout.write_all(b"\n")?)
    }

    /// Writes one line of JSON.
    pub(super) fn json_line<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CliError> {
        Ok(json::write_line(&mut *self.stdout, value)?)
    }

    /// Writes one line of what is compact JSON already.
    pub(super) fn json_text(&mut self, json: &str) -> Result<(), CliError> {
        Ok(json::write_text(&mut *self.stdout, json)?)
    }

    /// The text in a style, where standard output may carry one.
    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        paint(self.styled, style, text)
    }

    /// Hands everything written so far to the system.
    pub(super) fn flush(&mut self) -> Result<(), CliError> {
        Ok(self.stdout.flush()?)
    }

    /// Raw standard output, for what is neither JSON nor lines.
    pub(super) fn raw(&mut self) -> &mut dyn Write {
        &mut *self.stdout
    }

    /// Tells people something on standard error, unless they asked for quiet.
    pub(super) fn note(&mut self, text: &str) {
        if !self.quiet && !self.json {
            self.complain(&[one_line(text).into_owned()]);
        }
    }

    /// Shows an error.
    pub(super) fn error(&mut self, error: &CliError) {
        let report = error.report();
        if self.json {
            self.complain_json(&ErrorLine { error: &report });
        } else {
            self.complain(&self.describe("error", style::ERROR, &report));
        }
    }

    /// Shows something that did not stop the command.
    pub(super) fn warning(&mut self, report: &Report) {
        if self.quiet {
            return;
        }
        if self.json {
            self.complain_json(&WarningLine { warning: report });
        } else {
            self.complain(&self.describe("warning", style::WARNING, report));
        }
    }

    /// Shows damage that was met on the way.
    pub(super) fn damage(&mut self, finding: &Finding) {
        self.warning(&Report {
            kind: finding.class.as_str(),
            message: format!("{}: {}", finding.session, finding.message),
            session: Some(finding.session.clone()),
            hint: finding.next.to_owned(),
            candidates: Vec::new(),
        });
    }

    fn describe(&self, label: &str, style: Style, report: &Report) -> Vec<String> {
        let styled = self.styled_errors;
        let label = paint(styled, style, &format!("{label}:"));
        let mut lines = vec![format!("{label} {}", one_line(&report.message))];
        lines.extend(report.candidates.iter().map(|candidate| format!("  {candidate}")));
        if !report.hint.is_empty() {
            let label = paint(styled, style::HINT, "hint:");
            lines.push(format!("{label} {}", one_line(&report.hint)));
        }
        lines
    }

    fn complain(&mut self, lines: &[String]) {
        self.in_order();
        for line in lines {
            // There is nobody left to tell when standard error fails.
            let _ = writeln!(self.stderr, "{line}");
        }
    }

    fn complain_json<T: Serialize>(&mut self, value: &T) {
        self.in_order();
        let _ = json::write_line(&mut *self.stderr, value);
    }

    /// What is said on standard error comes after what was written before it. An error of standard
    /// output comes up again at the next write.
    fn in_order(&mut self) {
        let _ = self.stdout.flush();
    }
}

#[cfg(test)]
impl Output {
    /// Output for people on a terminal of so many columns, kept in memory.
    pub(super) fn captured(width: Option<usize>, styled: bool) -> (Self, Captured) {
        use crate::vocabulary::Timestamp;

        let captured = Captured::default();
        let output = Self {
            stdout: Box::new(captured.clone()),
            stderr: Box::new(captured.clone()),
            json: false,
            quiet: false,
            styled,
            styled_errors: styled,
            width,
            times: Times { exact: width.is_none(), now: Timestamp::EPOCH },
        };
        (output, captured)
    }
}

/// What was written, to either stream.
#[cfg(test)]
#[derive(Clone, Default)]
pub(super) struct Captured(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);

#[cfg(test)]
impl Captured {
    /// All of it as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

#[cfg(test)]
impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn may_style(wish: ColorWhen, automatic: ColorChoice) -> bool {
    match wish {
        ColorWhen::Auto => automatic != ColorChoice::Never,
        ColorWhen::Always => true,
        ColorWhen::Never => false,
    }
}

fn paint(styled: bool, style: Style, text: &str) -> String {
    if styled && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
}
