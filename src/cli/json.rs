//! JSON Lines that are as harmless on a terminal as they are exact for a program.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::vocabulary::is_treacherous;

/// Compact JSON in which every treacherous character is a `\uXXXX` escape. Readers of JSON see the
/// same text; terminals see only ASCII in its place.
struct HarmlessFormatter;

impl Formatter for HarmlessFormatter {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        write_escaped(writer, fragment)
    }

    /// Raw fragments are JSON already: what is treacherous in them can only stand in a string.
    fn write_raw_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        write_escaped(writer, fragment)
    }
}

fn write_escaped<W: ?Sized + Write>(writer: &mut W, mut rest: &str) -> io::Result<()> {
    while let Some((offset, character)) = rest.char_indices().find(|&(_, c)| is_treacherous(c)) {
        let (plain, from) = rest.split_at_checked(offset).unwrap_or((rest, ""));
        writer.write_all(plain.as_bytes())?;
        for unit in character.encode_utf16(&mut [0; 2]) {
            write!(writer, "\\u{unit:04x}")?;
        }
        rest = from.get(character.len_utf8()..).unwrap_or("");
    }
    writer.write_all(rest.as_bytes())
}

/// Writes a value as one line.
///
/// # Errors
///
/// Those of the writer. A value that is no JSON is an error of kind `InvalidData`.
pub(super) fn write_line<T: Serialize + ?Sized>(
    writer: &mut dyn Write,
    value: &T,
) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *writer, HarmlessFormatter))?;
    writer.write_all(b"\n")
}

/// Writes compact JSON as one line, the same as [`write_line`] does what it stands for.
///
/// # Errors
///
/// Those of the writer.
pub(super) fn write_text(writer: &mut dyn Write, json: &str) -> io::Result<()> {
    if is_printable_ascii(json) {
        writer.write_all(json.as_bytes())?;
    } else {
        // What is treacherous in JSON can only stand in a string.
        write_escaped(&mut *writer, json)?;
    }
    writer.write_all(b"\n")
}

/// Whether nothing in it can be treacherous, found without branches: most text is like that.
fn is_printable_ascii(text: &str) -> bool {
    text.bytes().fold(true, |plain, byte| plain & (b' '..=b'~').contains(&byte))
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::{write_line, write_text};

    fn line<T: serde::Serialize + ?Sized>(value: &T) -> String {
        let mut written = Vec::new();
        write_line(&mut written, value).unwrap();
        String::from_utf8(written).unwrap()
    }

    #[test]
    fn what_a_terminal_could_obey_is_escaped_and_reads_back_unchanged() {
        let text = "\u{1b}[2J\u{9b}31m\u{202e}\u{7f}\u{e0041} é \"quoted\"\n";
        let written = line(text);
        assert!(!written.trim_end().chars().any(super::is_treacherous), "{written:?}");
        assert!(written.contains("\\udb40\\udc41"), "{written}");
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    }

    #[test]
    fn raw_json_is_escaped_too() {
        let raw = RawValue::from_string("{\"a\":\"x\u{9b}y\"}".to_owned()).unwrap();
        assert_eq!(line(&raw), "{\"a\":\"x\\u009by\"}\n");
    }

    #[test]
    fn text_that_is_json_already_is_written_as_what_it_stands_for() {
        for text in
            ["plain", "\u{1b}[2J\u{9b}31m\u{202e}\u{7f}\u{e0041} é \"quoted\"\n", "", "日本"]
        {
            let mut written = Vec::new();
            write_text(&mut written, &serde_json::to_string(text).unwrap()).unwrap();
            assert_eq!(String::from_utf8(written).unwrap(), line(text));
        }
    }
}
