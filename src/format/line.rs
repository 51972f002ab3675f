//! One line of a journal: writing it, and reading it strictly.

use std::ops::Range;

use serde::Serialize as _;
use serde_json::value::RawValue;

use super::bounds::{CHECKSUM_PREFIX_BYTES, KIND_BYTES_MAX, LINE_BYTES_MAX, SEQ_MAX};
use super::canonical::{self, Canonical};
use super::cursor::Cursor;
use super::{Seed, checksum, link_of};
use crate::vocabulary::{Author, Data, Digest, Key, Link, Record, Timestamp};

/// The part of a record that says where it stands, when it was appended and by whom.
#[derive(Debug, Clone)]
pub struct Envelope<'a> {
    /// Its place: 0 for the header, then 1, 2, 3 …
    pub seq: u64,
    /// The link of the record before it.
    pub prev: Link,
    /// When it was appended.
    pub at: Timestamp,
    /// Who appended it.
    pub by: &'a Author,
    /// Its idempotency key.
    pub key: &'a Key,
    /// The first record of the write that it was part of, where that wrote several.
    pub batch: Option<u64>,
    /// Its kind.
    pub kind: &'a str,
}

/// A line as it goes into the journal.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// The bytes, line feed included.
    pub line: Vec<u8>,
    /// The record's link.
    pub link: Link,
}

/// A line as it was read, borrowed from the bytes. It is well formed; whether its checksum holds
/// is [`verify_checksum`]'s question.
#[derive(Debug, Clone, Copy)]
pub struct LineView<'a> {
    /// Its place.
    pub seq: u64,
    /// The link of the record before it.
    pub prev: Link,
    /// When it was appended.
    pub at: Timestamp,
    /// Who appended it, as JSON in UTF-8.
    pub by: &'a [u8],
    /// Its idempotency key.
    pub key: &'a str,
    /// The first record of the write that it was part of.
    pub batch: Option<u64>,
    /// Its kind.
    pub kind: &'a str,
    /// Its data.
    pub data: DataView<'a>,
    /// The bytes that enter the link beside the digest of the data.
    pub envelope: &'a [u8],
}

/// The data of a line.
#[derive(Debug, Clone, Copy)]
pub enum DataView<'a> {
    /// As JSON.
    Present(&'a str),
    /// Removed; this is its digest.
    Erased(Digest),
}

/// Why a line is not a record of its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// It does not have the form of a record.
    #[error("not a record: {what} expected at byte {offset}")]
    Form {
        /// What should have stood there.
        what: &'static str,
        /// Where, in bytes from the start of the line.
        offset: usize,
    },
    /// It is JSON in another spelling than the one that journals hold.
    #[error("not in the canonical spelling: {0}")]
    Spelling(#[from] canonical::NotCanonical),
    /// It has the form of a record, and its checksum does not hold.
    #[error("the checksum does not hold")]
    Checksum,
    /// It is longer than any record.
    #[error("longer than {LINE_BYTES_MAX} bytes")]
    TooLong,
}

/// What stands before the covered part of a line until its checksum is known.
const UNSEALED: &[u8] = b"{\"crc\":\"00000000\",";

/// Writes a record of the journal that `seed` belongs to.
///
/// # Errors
///
/// [`LineFault::TooLong`], when the line would be over its bound. It never is when the data have
/// at most [`DATA_BYTES_MAX`](super::bounds::DATA_BYTES_MAX). [`LineFault::Form`] for a sequence
/// number over its own.
pub fn encode(seed: Seed, envelope: &Envelope<'_>, data: &Canonical) -> Result<Encoded, LineFault> {
    if envelope.seq > SEQ_MAX {
        return Err(LineFault::Form { what: "a sequence number within its bound", offset: 0 });
    }
    let digest = Digest::of(data.as_bytes());
    let mut line = Vec::with_capacity(data.as_bytes().len() + 512);
    line.extend_from_slice(UNSEALED);
    push_envelope(envelope, &mut line);
    let link = link_of(line.get(CHECKSUM_PREFIX_BYTES..).unwrap_or_default(), &digest);
    line.extend_from_slice(b"\"data\":");
    line.extend_from_slice(data.as_bytes());
    line.push(b'}');
    if line.len() + 1 > LINE_BYTES_MAX {
        return Err(LineFault::TooLong);
    }
    seal(seed, &mut line);
    line.push(b'\n');
    Ok(Encoded { line, link })
}

fn push_envelope(envelope: &Envelope<'_>, line: &mut Vec<u8>) {
    let Envelope { seq, prev, at, by, key, batch, kind } = envelope;
    line.extend_from_slice(
        format!("\"seq\":{seq},\"prev\":\"{prev}\",\"at\":\"{at}\",").as_bytes(),
    );
    line.extend_from_slice(b"\"by\":");
    let mut author = Vec::new();
    // A struct of texts and a number always serialises; were it not so, the line would be found
    // malformed by the first reader, and that is the writer itself.
    let _infallible = by.serialize(&mut serde_json::Serializer::new(&mut author));
    canonical::push_canonical(&String::from_utf8_lossy(&author), line);
    line.extend_from_slice(format!(",\"key\":\"{key}\",").as_bytes());
    if let Some(first) = batch {
        line.extend_from_slice(format!("\"batch\":{first},").as_bytes());
    }
    line.extend_from_slice(format!("\"type\":\"{kind}\",").as_bytes());
}

/// Puts the checksum of a line (without its line feed) into its place.
pub(super) fn seal(seed: Seed, line: &mut [u8]) {
    let covered = line.get(CHECKSUM_PREFIX_BYTES..).unwrap_or_default();
    let text = checksum::to_hex(seed.checksum(covered));
    if let Some(place) = line.get_mut(8..16) {
        place.copy_from_slice(&text);
    }
}

/// Whether the checksum of a line (without its line feed) holds for a journal.
///
/// # Errors
///
/// [`LineFault::Form`] where there is no checksum, [`LineFault::Checksum`] where it does not hold.
pub fn verify_checksum(seed: Seed, line: &[u8]) -> Result<(), LineFault> {
    let written = Cursor::new(line).checksum()?;
    let covered = line.get(CHECKSUM_PREFIX_BYTES..).unwrap_or_default();
    if seed.checksum(covered) == written { Ok(()) } else { Err(LineFault::Checksum) }
}

/// The seed that a line (without its line feed) was written with, if it is a record at all.
#[must_use]
pub fn seed_of(line: &[u8]) -> Option<Seed> {
    parse_spans(line).ok()?;
    let written = Cursor::new(line).checksum().ok()?;
    line.get(CHECKSUM_PREFIX_BYTES..).map(|covered| Seed::of_line(covered, written))
}

/// Reads the form of a line (without its line feed), without checking its checksum.
///
/// # Errors
///
/// Whatever keeps it from being a record in its one spelling.
pub fn parse(line: &[u8]) -> Result<LineView<'_>, LineFault> {
    parse_spans(line).map(|spans| spans.view(line))
}

/// The same as [`parse`], as places in the line instead of borrows of it.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_spans(line: &[u8]) -> Result<LineSpans, LineFault> {
    parse_spans_knowing(line, &[])
}

/// The same where the author may be one that another line had, byte for byte: most lines of a
/// journal have that of the line before.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_spans_knowing(line: &[u8], known_author: &[u8]) -> Result<LineSpans, LineFault> {
    if line.len() >= LINE_BYTES_MAX {
        return Err(LineFault::TooLong);
    }
    let spans = read_spans(Cursor::knowing(line, known_author))?;
    if spans.len() == line.len() {
        Ok(spans)
    } else {
        Err(LineFault::Form { what: "the end of the line", offset: spans.len() })
    }
}

/// Reads the form of a record that bytes begin with: a record ends where its last brace closes,
/// so one whose line feed was damaged can still be found. The checksum is not checked.
///
/// # Errors
///
/// Whatever keeps the beginning from being a record in its one spelling.
pub fn parse_prefix(bytes: &[u8]) -> Result<LineSpans, LineFault> {
    read_spans(Cursor::new(bytes.get(..LINE_BYTES_MAX - 1).unwrap_or(bytes)))
}

/// Almost every line is as annals writes it. What is wrong with one that is not, the general reader
/// says.
fn read_spans(mut cursor: Cursor<'_>) -> Result<LineSpans, LineFault> {
    read_parts(&mut cursor).or_else(|fault| match cursor.again_in_general() {
        Some(mut general) => read_parts(&mut general),
        None => Err(fault),
    })
}

fn read_parts(cursor: &mut Cursor<'_>) -> Result<LineSpans, LineFault> {
    cursor.checksum()?;
    cursor.literal(b"\"seq\":", "\"seq\"")?;
    let seq = cursor.number("a sequence number")?;
    cursor.literal(b",\"prev\":\"", "\"prev\"")?;
    let prev = cursor.digest("a link")?;
    cursor.literal(b"\",\"at\":\"", "\"at\"")?;
    let at = cursor.timestamp()?;
    cursor.literal(b"\",\"by\":", "\"by\"")?;
    let by = cursor.author()?;
    cursor.literal(b",\"key\":\"", "\"key\"")?;
    let key = cursor.key()?;
    cursor.literal(b",", "a comma")?;
    let batch = cursor.batch()?;
    cursor.literal(b"\"type\":\"", "\"type\"")?;
    let kind = cursor.plain_string("a kind")?;
    if kind.is_empty() || kind.len() > KIND_BYTES_MAX {
        return Err(cursor.fault("a kind of 1 to 64 bytes"));
    }
    cursor.literal(b",", "a comma")?;
    let envelope_end = cursor.offset();
    let data = cursor.data()?;
    cursor.check_spelling()?;
    Ok(LineSpans { seq, prev, at, by, key, batch, kind, data, envelope_end, end: cursor.offset() })
}

/// Where the parts of a line are in it.
#[derive(Debug, Clone)]
pub struct LineSpans {
    seq: u64,
    prev: Link,
    at: Timestamp,
    by: Range<usize>,
    key: Range<usize>,
    batch: Option<u64>,
    kind: Range<usize>,
    data: DataSpan,
    envelope_end: usize,
    end: usize,
}

#[derive(Debug, Clone)]
pub(super) enum DataSpan {
    Present(Range<usize>),
    Erased(Digest),
}

impl LineSpans {
    /// How long the line is, without its line feed.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "no record is empty")]
    pub fn len(&self) -> usize {
        self.end
    }

    /// The author, as it stands in the bytes that were parsed.
    #[must_use]
    pub fn author<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        line.get(self.by.clone()).unwrap_or_default()
    }

    /// Its place.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The first record of the write that it was part of, where that wrote several.
    #[must_use]
    pub fn batch(&self) -> Option<u64> {
        self.batch
    }

    /// The line's parts, borrowed from the bytes that were parsed.
    #[must_use]
    pub fn view<'a>(&self, line: &'a [u8]) -> LineView<'a> {
        // The spans lie inside the line and hold UTF-8: the parser saw to both.
        let text = |span: &Range<usize>| -> &'a str {
            std::str::from_utf8(line.get(span.clone()).unwrap_or_default()).unwrap_or_default()
        };
        LineView {
            seq: self.seq,
            prev: self.prev,
            at: self.at,
            by: self.author(line),
            key: text(&self.key),
            batch: self.batch,
            kind: text(&self.kind),
            data: match &self.data {
                DataSpan::Present(span) => DataView::Present(text(span)),
                DataSpan::Erased(digest) => DataView::Erased(*digest),
            },
            envelope: line.get(CHECKSUM_PREFIX_BYTES..self.envelope_end).unwrap_or_default(),
        }
    }
}

impl LineView<'_> {
    /// The same record without its data, line feed included: the envelope stands byte for byte, so
    /// the link is as it was.
    #[must_use]
    pub fn erased(&self, seed: Seed) -> Vec<u8> {
        let mut line = UNSEALED.to_vec();
        line.extend_from_slice(self.envelope);
        line.extend_from_slice(format!("\"digest\":\"{}\"}}", self.digest()).as_bytes());
        seal(seed, &mut line);
        line.push(b'\n');
        line
    }

    /// The digest of the data, kept or computed.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match self.data {
            DataView::Present(data) => Digest::of(data.as_bytes()),
            DataView::Erased(digest) => digest,
        }
    }

    /// The record's link.
    #[must_use]
    pub fn link(&self) -> Link {
        link_of(self.envelope, &self.digest())
    }

    /// The record, owned.
    ///
    /// # Errors
    ///
    /// The author or the key breaks its bounds.
    pub fn to_record(&self) -> Result<Record, LineFault> {
        let form = |what| LineFault::Form { what, offset: CHECKSUM_PREFIX_BYTES };
        let by: Author = serde_json::from_slice(self.by).map_err(|_| form("an author"))?;
        let key: Key = self.key.parse().map_err(|_| form("a key within its bounds"))?;
        let data = match self.data {
            DataView::Present(data) => Data::Present(
                RawValue::from_string(data.to_owned()).map_err(|_| form("data that are JSON"))?,
            ),
            DataView::Erased(digest) => Data::Erased(digest),
        };
        Ok(Record {
            seq: self.seq,
            prev: self.prev,
            at: self.at,
            by,
            key,
            kind: self.kind.into(),
            data,
            link: self.link(),
        })
    }
}
