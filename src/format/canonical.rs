//! The one spelling of JSON that a journal holds.
//!
//! Compact, UTF-8, no control character in the raw (a journal can be shown with `cat`), U+2028 and
//! U+2029 escaped (some readers take them for line ends), and no run of spaces as long as a sector
//! (so that a sector which was never written can be told from text).

use super::bounds::SPACE_RUN_MAX;

/// A byte sequence that canonical JSON does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {offset}")]
pub struct NotCanonical {
    /// What was met.
    pub what: &'static str,
    /// Where, in bytes from the start of what was checked.
    pub offset: usize,
}

/// JSON in the canonical spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical(Vec<u8>);

impl Canonical {
    /// The canonical spelling of compact JSON.
    #[must_use]
    pub fn of(json: &str) -> Self {
        let mut bytes = Vec::with_capacity(json.len());
        push_canonical(json, &mut bytes);
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Appends compact JSON to `out`, escaping what serde_json leaves in the raw.
pub(super) fn push_canonical(json: &str, out: &mut Vec<u8>) {
    if check_characters(json.as_bytes()).and_then(|()| check_runs(json.as_bytes())).is_ok() {
        out.extend_from_slice(json.as_bytes());
    } else {
        push_escaped(json, out);
    }
}

fn push_escaped(json: &str, out: &mut Vec<u8>) {
    let mut spaces = 0;
    for character in json.chars() {
        spaces = if character == ' ' { spaces + 1 } else { 0 };
        let must_be_escaped = spaces > SPACE_RUN_MAX
            || character.is_control()
            || matches!(character, '\u{2028}' | '\u{2029}');
        if must_be_escaped {
            spaces = 0;
            out.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
        } else {
            let mut buffer = [0; 4];
            out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
        }
    }
}

/// Checks that a text is in the canonical spelling. That it is JSON at all is for its parser.
///
/// # Errors
///
/// The first byte that breaks a rule: of those about characters, about runs of spaces, and about
/// white space, in this order.
pub fn check(text: &[u8]) -> Result<(), NotCanonical> {
    check_characters(text)?;
    check_runs(text)?;
    check_tokens(text)
}

/// Bytes looked at together: in almost every block there is nothing to look at more closely.
const BLOCK_BYTES: usize = 32;

/// Whether all characters are printable ASCII, which no rule about characters is against.
#[must_use]
pub(super) fn is_plain(text: &[u8]) -> bool {
    // Without a way out in the middle, so that it becomes a few vector instructions.
    text.iter().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'))
}

/// No raw control character, and no line or paragraph separator.
pub(super) fn check_characters(text: &[u8]) -> Result<(), NotCanonical> {
    let (blocks, rest) = text.as_chunks::<BLOCK_BYTES>();
    for (block, bytes) in blocks.iter().enumerate() {
        // Without a way out in the middle, so that it becomes a few vector instructions.
        if bytes.iter().fold(false, |found, &byte| found | is_suspect(byte)) {
            check_each_character(text, block * BLOCK_BYTES, BLOCK_BYTES)?;
        }
    }
    check_each_character(text, text.len() - rest.len(), rest.len())
}

fn check_each_character(text: &[u8], from: usize, bytes: usize) -> Result<(), NotCanonical> {
    for offset in from..from + bytes {
        check_character(text.get(offset..).unwrap_or_default(), offset)?;
    }
    Ok(())
}

/// Whether a byte is a control character, or the first of a character that may be refused.
fn is_suspect(byte: u8) -> bool {
    (byte < b' ') | (byte == 0x7f) | (byte == 0xc2) | (byte == 0xe2)
}

fn check_character(rest: &[u8], offset: usize) -> Result<(), NotCanonical> {
    const CONTROL: &str = "a raw control character";
    let (what, length) = match rest {
        [0..b' ' | 0x7f, ..] => (CONTROL, 1),
        [0xc2, 0x80..=0x9f, ..] => (CONTROL, 2),
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => ("a raw line or paragraph separator", 3),
        _ => return Ok(()),
    };
    Err(NotCanonical { what, offset: offset + length - 1 })
}

/// No run of spaces over its bound.
pub(super) fn check_runs(text: &[u8]) -> Result<(), NotCanonical> {
    const REFUSED: usize = SPACE_RUN_MAX + 1;
    // A run that is too long holds at least one of the places that are looked at.
    for place in (0..text.len()).step_by(REFUSED) {
        let (before, from) = text.split_at(place);
        if from.first() != Some(&b' ') {
            continue;
        }
        let is_space = |byte: &&u8| **byte == b' ';
        let before = before.iter().rev().take_while(is_space).count();
        let after = from.iter().take(REFUSED).take_while(is_space).count();
        if before + after > SPACE_RUN_MAX {
            let what = "a run of spaces that should have been escaped";
            return Err(NotCanonical { what, offset: place - before + SPACE_RUN_MAX });
        }
    }
    Ok(())
}

/// No white space outside strings.
pub(super) fn check_tokens(text: &[u8]) -> Result<(), NotCanonical> {
    let mut offset = 0;
    while let Some(byte) = text.get(offset) {
        match byte {
            b' ' => return Err(NotCanonical { what: "white space between tokens", offset }),
            b'"' => offset = end_of_string(text, offset + 1),
            _ => offset += 1,
        }
    }
    Ok(())
}

/// Where the string that begins at `offset` has its closing quote behind it.
fn end_of_string(text: &[u8], mut offset: usize) -> usize {
    loop {
        let rest = text.get(offset..).unwrap_or_default();
        match memchr::memchr2(b'"', b'\\', rest) {
            None => return text.len(),
            Some(found) if rest.get(found) == Some(&b'"') => return offset + found + 1,
            // Whatever is escaped, it is not the end.
            Some(found) => offset += found + 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The rules byte by byte, as `docs/format.md` says them: the first offset that breaks one.
    fn first_offence(text: &[u8]) -> Option<usize> {
        let (mut in_string, mut escaped, mut spaces) = (false, false, 0);
        let (mut last, mut second_last) = (0, 0);
        for (offset, &byte) in text.iter().enumerate() {
            spaces = if byte == b' ' { spaces + 1 } else { 0 };
            let is_control =
                byte < b' ' || byte == 0x7f || last == 0xc2 && (0x80..=0x9f).contains(&byte);
            let is_separator =
                [second_last, last] == [0xe2, 0x80] && (byte == 0xa8 || byte == 0xa9);
            let is_outside = !in_string && byte == b' ';
            if is_control || is_separator || is_outside || spaces > SPACE_RUN_MAX {
                return Some(offset);
            }
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                _ => {}
            }
            (second_last, last) = (last, byte);
        }
        None
    }

    /// Bytes that rules are about, more often than chance would have it.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just(b"\"".to_vec()),
            Just(b"\\".to_vec()),
            Just(b"\\\"".to_vec()),
            Just("\u{2028}".as_bytes().to_vec()),
            Just("\u{2014}".as_bytes().to_vec()),
            Just("\u{85}".as_bytes().to_vec()),
            Just("\u{e9}".as_bytes().to_vec()),
            (250_usize..260).prop_map(|spaces| vec![b' '; spaces]),
            "[a-z ]{0,40}".prop_map(String::into_bytes),
            any::<u8>().prop_map(|byte| vec![byte]),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn the_fast_check_refuses_what_the_rules_refuse(text in bytes()) {
            let found = check(&text);

            prop_assert_eq!(found.is_err(), first_offence(&text).is_some());
            if let Err(NotCanonical { offset, .. }) = found {
                // What breaks a rule at this byte is the end of what broke it.
                prop_assert!(first_offence(&text).is_some_and(|first| first <= offset));
            }
        }

        #[test]
        fn what_was_pushed_is_canonical_and_means_the_same(text in bytes()) {
            let text = String::from_utf8_lossy(&text).into_owned();
            let json = serde_json::to_string(&text).unwrap();

            let canonical = Canonical::of(&json);

            prop_assert_eq!(check(canonical.as_bytes()), Ok(()));
            let read: String = serde_json::from_slice(canonical.as_bytes()).unwrap();
            prop_assert_eq!(read, text);
        }
    }
}
