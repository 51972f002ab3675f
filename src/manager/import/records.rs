//! The records of one line of a transcript, however damaged the line is.
//!
//! A sound line is one JSON object. What the wild holds beside it: NUL bytes where a power loss
//! left blocks unwritten, two records on one line because a line feed was lost, and the torn
//! beginning of a record with a whole one appended to it. Every whole record is found, and
//! every byte that belongs to none is reported. No report quotes what it is about.

use serde_json::value::RawValue;

/// Beginnings of a record tried within one damaged line before giving up.
const RESYNC_ATTEMPTS_MAX: usize = 4096;

/// Bytes parsed while looking for them, as a multiple of the line: keeps a hostile line from
/// costing the square of its length.
const RESYNC_COST_MAX: usize = 16;

/// What was met on a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Met<'a> {
    /// A whole JSON object.
    Record(&'a str),
    /// Bytes that are no record, and why.
    Damage(String),
}

/// What is on a line, as far as it is known to be complete.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Survey {
    /// Whole values met.
    pub(super) values: u64,
    /// Bytes from the first one that belongs to no value to the end of the line.
    pub(super) rest_bytes: usize,
}

/// Tells the visitor what is on a line, in order. `ended` says whether the line had its line feed;
/// of one that had not, an unfinished rest is surveyed but not reported.
pub(super) fn visit_line<'a>(
    line: &'a [u8],
    first: bool,
    ended: bool,
    mut visit: impl FnMut(Met<'a>),
) -> Survey {
    let line = if first { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
    let (line, nul_bytes) = without_nuls(line);
    if nul_bytes > 0 {
        visit(Met::Damage(format!("{nul_bytes} NUL bytes around it, as a power loss leaves them")));
    }
    let text = match std::str::from_utf8(line) {
        Ok(text) => text,
        Err(error) => {
            let column = error.valid_up_to() + 1;
            // A line cut inside a character is unfinished; any other one is damaged.
            if ended || error.error_len().is_some() {
                visit(Met::Damage(format!("not UTF-8 at byte {column}")));
                return Survey::default();
            }
            return Survey { values: 0, rest_bytes: line.len() };
        }
    };
    visit_text(text, ended, &mut visit)
}

fn without_nuls(line: &[u8]) -> (&[u8], usize) {
    let is_sound = |byte: &u8| *byte != 0;
    let start = line.iter().position(is_sound).unwrap_or(line.len());
    let end = line.iter().rposition(is_sound).map_or(start, |last| last + 1);
    (line.get(start..end).unwrap_or_default(), line.len() - (end - start))
}

fn visit_text<'a>(text: &'a str, ended: bool, visit: &mut impl FnMut(Met<'a>)) -> Survey {
    let mut survey = Survey::default();
    let fault = visit_values(text, &mut survey.values, visit);
    let Some(Fault { offset, column, at_end }) = fault else { return survey };
    let rest = text.get(offset..).unwrap_or_default();
    if let Some(skipped) = find_record(rest) {
        visit(Met::Damage(format!(
            "{skipped} bytes from byte {} on are a torn record; what follows them was read",
            offset + 1
        )));
        let found = rest.get(skipped..).unwrap_or_default();
        visit_values(found, &mut survey.values, visit);
        return survey;
    }
    survey.rest_bytes = rest.len();
    if ended || !at_end {
        let what = if at_end { "a record that breaks off" } else { "not JSON" };
        visit(Met::Damage(format!(
            "{} bytes from byte {} on are {what} (at byte {})",
            rest.len(),
            offset + 1,
            offset + column
        )));
        survey.rest_bytes = 0;
    }
    survey
}

/// Where the values of a text end before the text does.
struct Fault {
    /// First byte of what is no value.
    offset: usize,
    /// Where in it the parser gave up, counted from 1.
    column: usize,
    /// Whether it gave up because there was no more.
    at_end: bool,
}

fn visit_values<'a>(
    text: &'a str,
    values: &mut u64,
    visit: &mut impl FnMut(Met<'a>),
) -> Option<Fault> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<&'a RawValue>();
    let mut offset = 0;
    while let Some(value) = stream.next() {
        match value {
            Ok(value) => {
                *values += 1;
                visit(record_or_nonsense(value.get()));
                offset = stream.byte_offset();
            }
            Err(error) => {
                let rest = text.get(offset..).unwrap_or_default();
                offset += rest.len() - rest.trim_start().len();
                let column = error.column().saturating_sub(offset).max(1);
                return Some(Fault { offset, column, at_end: error.is_eof() });
            }
        }
    }
    None
}

fn record_or_nonsense(value: &str) -> Met<'_> {
    let what = match value.as_bytes().first() {
        Some(b'{') => return Met::Record(value),
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a truth value",
        Some(b'n') => "null",
        _ => "a number",
    };
    Met::Damage(format!("{what} where a record should be"))
}

/// Where in `text`, which begins with bytes that are no record, the last stretch of whole objects
/// begins: from there on everything up to the end of the line must parse. So an object *inside* a
/// torn record is not mistaken for a record.
fn find_record(text: &str) -> Option<usize> {
    let mut budget = text.len().saturating_mul(RESYNC_COST_MAX);
    let starts = memchr::memmem::find_iter(text.as_bytes(), "{\"").filter(|start| *start > 0);
    for start in starts.take(RESYNC_ATTEMPTS_MAX) {
        let tail = text.get(start..)?;
        match parsed_bytes_before_fault(tail) {
            None => return Some(start),
            Some(parsed) => budget = budget.checked_sub(parsed)?,
        }
    }
    None
}

fn parsed_bytes_before_fault(tail: &str) -> Option<usize> {
    let values = serde_json::Deserializer::from_str(tail).into_iter::<&RawValue>();
    for value in values {
        match value {
            Ok(value) if value.get().starts_with('{') => {}
            Ok(value) => return Some(value.get().len()),
            Err(error) => return Some(error.column()),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(line: &[u8], ended: bool) -> (Vec<String>, Survey) {
        let mut seen = Vec::new();
        let survey = visit_line(line, true, ended, |met| {
            seen.push(match met {
                Met::Record(record) => record.to_owned(),
                Met::Damage(why) => format!("! {why}"),
            });
        });
        (seen, survey)
    }

    #[test]
    fn a_sound_line_is_one_record_with_or_without_bom_and_carriage_return() {
        for line in [&b"{\"a\":1}"[..], b"{\"a\":1}\r", b"\xef\xbb\xbf{\"a\":1}", b"  {\"a\":1}  "]
        {
            assert_eq!(met(line, true).0, ["{\"a\":1}"]);
        }
        assert!(met(b"", true).0.is_empty());
        assert!(met(b" \r", true).0.is_empty());
    }

    #[test]
    fn nul_padding_is_reported_and_the_record_behind_it_is_read() {
        assert_eq!(
            met(b"\0\0\0{\"a\":1}", true).0,
            ["! 3 NUL bytes around it, as a power loss leaves them", "{\"a\":1}"]
        );
        assert_eq!(met(b"\0\0", true).0.len(), 1);
    }

    #[test]
    fn two_records_on_one_line_are_both_read() {
        let (seen, survey) = met(b"{\"a\":1}{\"b\":{\"c\":2}} {\"d\":3}", true);
        assert_eq!(seen, ["{\"a\":1}", "{\"b\":{\"c\":2}}", "{\"d\":3}"]);
        assert_eq!(survey.values, 3);
    }

    #[test]
    fn a_record_glued_to_a_torn_one_is_found() {
        let (seen, _) = met(b"{\"type\":\"us{\"parentUuid\":null,\"type\":\"user\"}", true);
        assert_eq!(
            seen,
            [
                "! 11 bytes from byte 1 on are a torn record; what follows them was read",
                "{\"parentUuid\":null,\"type\":\"user\"}"
            ]
        );
    }

    #[test]
    fn an_object_inside_a_torn_record_is_not_taken_for_a_record() {
        let (seen, _) = met(b"{\"m\":{\"type\":\"text\"},\"u{\"type\":\"user\"}", true);
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[1], "{\"type\":\"user\"}");
    }

    #[test]
    fn a_whole_record_before_a_torn_one_is_kept() {
        let (seen, _) = met(b"{\"a\":1}{\"b\":", true);
        assert_eq!(
            seen,
            ["{\"a\":1}", "! 5 bytes from byte 8 on are a record that breaks off (at byte 12)"]
        );
    }

    #[test]
    fn an_unfinished_last_line_is_surveyed_and_not_reported() {
        let (seen, survey) = met(b"{\"type\":\"us", false);
        assert!(seen.is_empty());
        assert_eq!(survey, Survey { values: 0, rest_bytes: 11 });
        let (seen, survey) = met(b"{\"text\":\"\xe2\x82", false);
        assert!(seen.is_empty());
        assert_eq!(survey.rest_bytes, 11);
    }

    #[test]
    fn nonsense_is_reported_without_being_quoted() {
        for line in
            [&b"[\"secret\"]"[..], b"\"secret\"", b"secret", b"{\"secret\":}", b"\xffsecret"]
        {
            let (seen, _) = met(line, true);
            assert!(seen.iter().all(|what| what.starts_with("! ")), "{seen:?}");
            assert!(!seen.concat().contains("secret"), "{seen:?}");
        }
    }

    #[test]
    fn a_hostile_line_does_not_cost_the_square_of_its_length() {
        let line = "{\"a\":".repeat(200_000);
        let (seen, _) = met(line.as_bytes(), true);
        assert_eq!(seen.len(), 1);
    }
}
