//! Reading a line from left to right, part by part, each in its one spelling.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::value::RawValue;

use super::LineFault;
use super::bounds::SEQ_MAX;
use super::line::DataSpan;
use super::{canonical, checksum, compact};
use crate::vocabulary::bounds::{AUTHOR_PART_BYTES_MAX, KEY_BYTES_MAX};
use crate::vocabulary::{Digest, Timestamp};

/// An author without owning it: enough to know that [`super::LineView::to_record`] will get one.
#[derive(serde::Deserialize)]
struct AuthorParts<'a> {
    #[serde(borrow)]
    user: Cow<'a, str>,
    #[serde(borrow)]
    host: Cow<'a, str>,
    #[serde(rename = "pid")]
    _pid: u32,
    #[serde(borrow)]
    program: Cow<'a, str>,
    #[serde(borrow)]
    version: Cow<'a, str>,
}

impl AuthorParts<'_> {
    fn are_bounded(&self) -> bool {
        let parts = [&self.user, &self.host, &self.program, &self.version];
        parts.into_iter().all(|part| part.len() <= AUTHOR_PART_BYTES_MAX)
    }
}

/// The length of an author as annals writes it, if no part of it is escaped. `None` for any other,
/// which `serde_json` reads.
fn plain_author(bytes: &[u8]) -> Option<usize> {
    let mut cursor = Cursor::new(bytes);
    cursor.literal(b"{\"user\":\"", "").ok()?;
    cursor.author_part()?;
    cursor.literal(b",\"host\":\"", "").ok()?;
    cursor.author_part()?;
    cursor.literal(b",\"pid\":", "").ok()?;
    u32::try_from(cursor.number("").ok()?).ok()?;
    cursor.literal(b",\"program\":\"", "").ok()?;
    cursor.author_part()?;
    cursor.literal(b",\"version\":\"", "").ok()?;
    cursor.author_part()?;
    cursor.literal(b"}", "").ok()?;
    Some(cursor.offset)
}

/// A place in a line that is being read from left to right. That the line is UTF-8 is for
/// [`check_spelling`](Cursor::check_spelling) to say, once.
pub(super) struct Cursor<'a> {
    line: &'a [u8],
    offset: usize,
    /// Whether serde_json alone is to read JSON: what is said about a line that fails is its word.
    is_general: bool,
    /// An author that has been read before, or nothing.
    known_author: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(line: &'a [u8]) -> Self {
        Self { line, offset: 0, is_general: false, known_author: &[] }
    }

    /// The same where the author may be one that another line had, byte for byte.
    pub(super) fn knowing(line: &'a [u8], known_author: &'a [u8]) -> Self {
        Self { known_author, ..Self::new(line) }
    }

    /// From the beginning again, without anything that recognises only what annals writes.
    pub(super) fn again_in_general(&self) -> Option<Self> {
        (!self.is_general).then(|| Self { is_general: true, ..Self::new(self.line) })
    }

    /// How far it has come.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    pub(super) fn fault(&self, what: &'static str) -> LineFault {
        LineFault::Form { what, offset: self.offset }
    }

    fn rest(&self) -> &'a [u8] {
        self.line.get(self.offset..).unwrap_or_default()
    }

    /// What stands there always. A line has a dozen of these, so each is compared as one whose
    /// length is known.
    pub(super) fn literal<const LENGTH: usize>(
        &mut self,
        expected: &[u8; LENGTH],
        what: &'static str,
    ) -> Result<(), LineFault> {
        if self.rest().first_chunk() != Some(expected) {
            return Err(self.fault(what));
        }
        self.offset += LENGTH;
        Ok(())
    }

    fn take(&mut self, bytes: usize, what: &'static str) -> Result<&'a [u8], LineFault> {
        let taken = self.rest().get(..bytes).ok_or_else(|| self.fault(what))?;
        self.offset += bytes;
        Ok(taken)
    }

    /// Checks what has been read for the rules that hold for all of a line.
    pub(super) fn check_spelling(&self) -> Result<(), LineFault> {
        let read = self.line.get(..self.offset).unwrap_or_default();
        if !canonical::is_plain(read) {
            if let Err(error) = std::str::from_utf8(read) {
                return Err(LineFault::Form { what: "UTF-8", offset: error.valid_up_to() });
            }
            canonical::check_characters(read)?;
        }
        canonical::check_runs(read)?;
        // What is recognised otherwise has none.
        if self.is_general { Ok(canonical::check_tokens(read)?) } else { Ok(()) }
    }

    /// `{"crc":"xxxxxxxx",`
    pub(super) fn checksum(&mut self) -> Result<u32, LineFault> {
        self.literal(b"{\"crc\":\"", "\"crc\"")?;
        let written = self.take(8, "eight hexadecimal digits")?;
        let written = checksum::from_hex(written);
        let written = written.ok_or_else(|| self.fault("lowercase hexadecimal digits"))?;
        self.literal(b"\",", "the end of the checksum")?;
        Ok(written)
    }

    /// A decimal number without sign or leading zero.
    pub(super) fn number(&mut self, what: &'static str) -> Result<u64, LineFault> {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        let text = self.take(digits.min(20), what)?;
        let leading_zero = text.len() > 1 && text.starts_with(b"0");
        let number = text.iter().try_fold(0_u64, |number, digit| {
            number.checked_mul(10)?.checked_add(u64::from(digit & 0xf))
        });
        let number = number.filter(|number| *number <= SEQ_MAX && digits > 0 && !leading_zero);
        number.ok_or_else(|| self.fault(what))
    }

    pub(super) fn digest(&mut self, what: &'static str) -> Result<Digest, LineFault> {
        let text = self.take(Digest::TEXT_LEN, what)?;
        Digest::from_text(text).map_err(|_| self.fault(what))
    }

    pub(super) fn timestamp(&mut self) -> Result<Timestamp, LineFault> {
        let text = self.take(Timestamp::TEXT_LEN, "a time")?;
        Timestamp::from_canonical(text).ok_or_else(|| self.fault("a time with microseconds"))
    }

    /// A string without escapes, up to and over its closing quote; the span leaves the quote out.
    pub(super) fn plain_string(&mut self, what: &'static str) -> Result<Range<usize>, LineFault> {
        let end = compact::quote_or_escape(self.rest()).ok_or_else(|| self.fault(what))?;
        let from = self.offset;
        self.take(end, what)?;
        self.literal(b"\"", what)?;
        Ok(from..from + end)
    }

    pub(super) fn key(&mut self) -> Result<Range<usize>, LineFault> {
        let key = self.plain_string("a key")?;
        let bytes = self.line.get(key.clone()).unwrap_or_default();
        let fits = (1..=KEY_BYTES_MAX).contains(&bytes.len());
        if fits && bytes.iter().fold(true, |are, byte| are & byte.is_ascii_graphic()) {
            Ok(key)
        } else {
            Err(self.fault("a key of 1 to 200 printable characters"))
        }
    }

    /// A part of an author, up to and over its closing quote.
    fn author_part(&mut self) -> Option<()> {
        let part = self.plain_string("").ok()?;
        (part.len() <= AUTHOR_PART_BYTES_MAX).then_some(())
    }

    /// An object with the parts of an author.
    pub(super) fn author(&mut self) -> Result<Range<usize>, LineFault> {
        let from = self.offset;
        if !self.known_author.is_empty() && self.rest().starts_with(self.known_author) {
            // An object ends with its brace, whatever follows.
            self.offset += self.known_author.len();
            return Ok(from..self.offset);
        }
        if !self.is_general {
            self.offset += plain_author(self.rest()).ok_or_else(|| self.fault("an author"))?;
            return Ok(from..self.offset);
        }
        let rest = self.rest();
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<AuthorParts<'a>>();
        match values.next() {
            Some(Ok(parts)) if rest.starts_with(b"{") && parts.are_bounded() => {
                self.offset += values.byte_offset();
                Ok(from..self.offset)
            }
            _ => Err(self.fault("an author")),
        }
    }

    pub(super) fn batch(&mut self) -> Result<Option<u64>, LineFault> {
        if !self.rest().starts_with(b"\"batch\":") {
            return Ok(None);
        }
        self.offset += b"\"batch\":".len();
        let first = self.number("the first record of a batch")?;
        self.literal(b",", "a comma")?;
        Ok(Some(first))
    }

    /// A JSON object.
    fn object(&mut self, what: &'static str) -> Result<Range<usize>, LineFault> {
        let from = self.offset;
        if !self.is_general {
            self.offset += compact::object(self.rest()).ok_or_else(|| self.fault(what))?;
            return Ok(from..self.offset);
        }
        let mut values =
            serde_json::Deserializer::from_slice(self.rest()).into_iter::<&'a RawValue>();
        match values.next() {
            // Leading white space would be skipped, and is refused.
            Some(Ok(value)) if self.rest().starts_with(b"{") => {
                self.offset += value.get().len();
                Ok(from..self.offset)
            }
            _ => Err(self.fault(what)),
        }
    }

    /// `"data":{…}}` or `"digest":"…"}`, which end the record.
    pub(super) fn data(&mut self) -> Result<DataSpan, LineFault> {
        if self.rest().starts_with(b"\"digest\":\"") {
            self.literal(b"\"digest\":\"", "\"digest\"")?;
            let digest = self.digest("a digest")?;
            self.literal(b"\"}", "the end of the record")?;
            return Ok(DataSpan::Erased(digest));
        }
        self.literal(b"\"data\":", "\"data\"")?;
        let data = self.object("an object of data")?;
        self.literal(b"}", "the end of the record")?;
        Ok(DataSpan::Present(data))
    }
}
