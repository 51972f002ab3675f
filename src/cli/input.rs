//! Reading what people name: standard input, or a file.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::error::CliError;
#[cfg(feature = "serve")]
use crate::config::ConfigError;
use crate::disk;

/// Stands for standard input where a file or a text is asked for.
pub(super) const STDIN: &str = "-";

/// A reader of the file, or of standard input for `-`.
///
/// # Errors
///
/// The file cannot be opened.
pub(super) fn open(path: &Path) -> Result<Box<dyn Read + Send>, CliError> {
    if path.as_os_str() == STDIN {
        return Ok(Box::new(io::stdin()));
    }
    let file = disk::open_input(path).map_err(|error| CliError::Input {
        path: path.to_owned(),
        why: error.source.to_string(),
    })?;
    Ok(Box::new(file))
}

/// The whole of an input as text.
///
/// # Errors
///
/// It cannot be read, has more than `bytes_max` bytes, or is not UTF-8.
pub(super) fn read_text(path: &Path, bytes_max: usize) -> Result<String, CliError> {
    text_of(path, open(path)?, bytes_max)
}

fn text_of(path: &Path, input: Box<dyn Read>, bytes_max: usize) -> Result<String, CliError> {
    let fail = |why: String| CliError::Input { path: path.to_owned(), why };
    let mut bytes = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    input.take(limit).read_to_end(&mut bytes).map_err(|error| fail(error.to_string()))?;
    if bytes.len() > bytes_max {
        return Err(fail(format!("it has more than {bytes_max} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| {
        fail(format!("it is not UTF-8: byte {} is at fault", error.utf8_error().valid_up_to()))
    })
}

/// The whole of a file that nobody but its owner can read.
///
/// # Errors
///
/// As of [`read_text`]; others can read it, so that it is no secret.
#[cfg(feature = "serve")]
pub(super) fn read_secret(path: &Path, bytes_max: usize) -> Result<String, CliError> {
    let fail = |why: String| CliError::Input { path: path.to_owned(), why };
    let file = disk::open_input(path).map_err(|error| fail(error.source.to_string()))?;
    let mode = file.mode().map_err(|error| fail(error.to_string()))?;
    if mode & 0o077 != 0 {
        return Err(ConfigError::Exposed { path: path.to_owned(), key: "the token", mode }.into());
    }
    text_of(path, Box::new(file), bytes_max)
}

/// One line of an input whose lines are bounded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line without its line feed.
    Text(String),
    /// A line over the bound; it was passed over without being held.
    TooLong,
    /// A line that is not UTF-8.
    NotUtf8,
}

/// Lines of an input, none of which is held beyond a bound.
pub(super) struct BoundedLines {
    reader: BufReader<Box<dyn Read + Send>>,
    bytes_max: usize,
}

impl BoundedLines {
    /// The lines of `input`, each of at most `bytes_max` bytes.
    pub(super) fn new(input: Box<dyn Read + Send>, bytes_max: usize) -> Self {
        Self { reader: BufReader::new(input), bytes_max }
    }

    fn read(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(self.bytes_max).unwrap_or(u64::MAX).saturating_add(1);
        let read = (&mut self.reader).take(limit).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        } else if bytes.len() > self.bytes_max {
            self.reader.skip_until(b'\n')?;
            return Ok(Some(Line::TooLong));
        }
        Ok(Some(String::from_utf8(bytes).map_or(Line::NotUtf8, Line::Text)))
    }
}

impl Iterator for BoundedLines {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Where an input came from, for messages.
pub(super) fn name_of(path: &Path) -> PathBuf {
    if path.as_os_str() == STDIN { PathBuf::from("standard input") } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn lines(input: &'static [u8], bytes_max: usize) -> Vec<Line> {
        BoundedLines::new(Box::new(Cursor::new(input)), bytes_max).map(Result::unwrap).collect()
    }

    #[test]
    fn a_line_over_the_bound_is_passed_over_and_the_next_one_read() {
        let text = |text: &str| Line::Text(text.to_owned());
        assert_eq!(lines(b"four\nfives\nsix", 4), [text("four"), Line::TooLong, text("six")]);
        assert_eq!(lines(b"fives", 4), [Line::TooLong]);
        assert_eq!(lines(b"", 4), []);
        assert_eq!(lines(b"\n\n", 4), [text(""), text("")]);
    }

    #[test]
    fn a_line_that_is_not_utf_8_is_named_as_such() {
        assert_eq!(lines(b"\xff\nok\n", 8), [Line::NotUtf8, Line::Text("ok".to_owned())]);
    }
}
