//! The configuration file: `key = value`, one a line, as TOML.

use std::ffi::OsString;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::ConfigError;
use crate::disk::{self, Input};

/// Largest configuration file.
const CONFIG_BYTES_MAX: u64 = 64 * 1024;

/// What a file says, as it stands there.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) entries: Vec<Entry>,
    /// The file's permission bits.
    pub(super) mode: u32,
}

/// One key with its value.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its name; those of tables around it come first, with dots between.
    pub(super) name: String,
    /// Its value as text; `None` for what no key takes, such as a date.
    pub(super) value: Option<OsString>,
    /// The line it is on, counted from 1.
    pub(super) line: usize,
}

/// Reads a file. One that is missing says nothing, unless somebody has named it.
///
/// # Errors
///
/// It cannot be read, or is no TOML.
pub(super) fn read(path: &Path, is_named: bool) -> Result<Option<Written>, ConfigError> {
    let input = match disk::open_input(path) {
        Err(error) if is_absent(error.kind()) && !is_named => return Ok(None),
        input => input.map_err(|error| of_the_system(path, &error.source))?,
    };
    let (text, mode) = read_input(path, input)?;
    let table = DeTable::parse(&text).map_err(|error| ConfigError::Syntax {
        path: path.to_owned(),
        line: error.span().map_or(1, |span| line_of(&text, span.start)),
        message: error.message().to_owned(),
    })?;
    let mut entries = Vec::new();
    collect(&text, "", table.get_ref(), &mut entries);
    Ok(Some(Written { entries, mode }))
}

fn is_absent(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// A file that was named wrong is a mistake of whoever named it; everything else is the medium's.
fn of_the_system(path: &Path, error: &io::Error) -> ConfigError {
    use ErrorKind::{IsADirectory, NotADirectory, NotFound, PermissionDenied};

    let (path, why) = (path.to_owned(), error.to_string());
    match error.kind() {
        NotFound | NotADirectory | IsADirectory | PermissionDenied | ErrorKind::InvalidInput => {
            ConfigError::Unreadable { path, why }
        }
        _ => ConfigError::Medium { path, why },
    }
}

fn read_input(path: &Path, input: Input) -> Result<(String, u32), ConfigError> {
    let unreadable = |why: String| ConfigError::Unreadable { path: path.to_owned(), why };
    let of_the_system = |error: io::Error| of_the_system(path, &error);
    let mode = input.mode().map_err(of_the_system)?;
    let mut bytes = Vec::new();
    input.take(CONFIG_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(of_the_system)?;
    if bytes.len() as u64 > CONFIG_BYTES_MAX {
        return Err(unreadable(format!("it has more than {CONFIG_BYTES_MAX} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
    Ok((text, mode))
}

fn collect(text: &str, prefix: &str, table: &DeTable<'_>, entries: &mut Vec<Entry>) {
    for (name, value) in table {
        let line = line_of(text, name.span().start);
        let name = format!("{prefix}{}", name.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) => collect(text, &format!("{name}."), inner, entries),
            value => entries.push(Entry { name, value: as_text(value), line }),
        }
    }
}

/// A value as it is written in a variable; a list with commas between.
fn as_text(value: &DeValue<'_>) -> Option<OsString> {
    let text = match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(is_on) => is_on.to_string(),
        DeValue::Array(items) => {
            let words = items.iter().map(|item| item.get_ref().as_str());
            words.collect::<Option<Vec<_>>>()?.join(",")
        }
        _ => return None,
    };
    Some(text.into())
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}
