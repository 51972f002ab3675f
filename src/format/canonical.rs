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
/// The first byte that breaks the rules.
pub fn check(text: &[u8]) -> Result<(), NotCanonical> {
    let mut scan = Scan::default();
    for (offset, &byte) in text.iter().enumerate() {
        if let Some(what) = scan.objection(byte) {
            return Err(NotCanonical { what, offset });
        }
    }
    Ok(())
}

/// What a byte-wise check has to remember.
#[derive(Default)]
struct Scan {
    in_string: bool,
    escaped: bool,
    spaces: usize,
    /// The two bytes before this one, for the characters that take more than one.
    before: [u8; 2],
}

impl Scan {
    fn objection(&mut self, byte: u8) -> Option<&'static str> {
        let before = self.before;
        self.before = [before[1], byte];
        self.spaces = if byte == b' ' { self.spaces + 1 } else { 0 };
        if byte < b' ' || byte == 0x7f || before[1] == 0xc2 && (0x80..=0x9f).contains(&byte) {
            return Some("a raw control character");
        }
        if before == [0xe2, 0x80] && matches!(byte, 0xa8 | 0xa9) {
            return Some("a raw line or paragraph separator");
        }
        if self.spaces > SPACE_RUN_MAX {
            return Some("a run of spaces that should have been escaped");
        }
        if !self.in_string && byte == b' ' {
            return Some("white space between tokens");
        }
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.in_string => self.escaped = true,
            b'"' => self.in_string = !self.in_string,
            _ => {}
        }
        None
    }
}
