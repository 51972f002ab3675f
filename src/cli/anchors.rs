//! Heads written down elsewhere, as `verify --anchors` reads them.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::CliError;
use super::input::{self, BoundedLines, Line};
use crate::format::anchor::Head;
use crate::format::bounds::ANCHOR_LINE_BYTES_MAX;
use crate::vocabulary::{Link, SessionId};

/// Anchors of each session.
pub(super) type Anchors = BTreeMap<SessionId, Vec<(u64, Link)>>;

/// The anchors of a file: one a line, as `annals head` prints them; empty lines and lines that
/// begin with `#` are passed over.
///
/// # Errors
///
/// The file cannot be read, or a line of it is no head; the error names the line.
pub(super) fn read(path: &Path) -> Result<Anchors, CliError> {
    let fail = |why: String| CliError::Input { path: path.to_owned(), why };
    let mut anchors = Anchors::new();
    let lines = BoundedLines::new(input::open(path)?, ANCHOR_LINE_BYTES_MAX);
    for (number, line) in (1..).zip(lines) {
        let at_line = |why: &str| fail(format!("line {number}: {why}"));
        let line = match line.map_err(|error| fail(error.to_string()))? {
            Line::Text(line) => line,
            Line::TooLong => return Err(at_line("it is too long for a head")),
            Line::NotUtf8 => return Err(at_line("it is not UTF-8")),
        };
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let head: Head = line
            .parse()
            .map_err(|error: crate::format::anchor::HeadError| at_line(&error.to_string()))?;
        anchors.entry(head.session).or_default().push((head.seq, head.head));
    }
    Ok(anchors)
}
