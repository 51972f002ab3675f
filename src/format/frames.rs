//! The content of a segment's file: lines in Zstandard frames that stand for themselves, so that a
//! damaged frame costs its own lines and no others.

use std::io;

use zstd::zstd_safe::find_frame_compressed_size;

use super::bounds::{FRAME_BYTES, FRAME_BYTES_MAX, HOLE, SEGMENT_BYTES_MAX};

/// Compression level: zstd's own default, which its authors tune for this trade.
const LEVEL: i32 = 3;

/// How every frame begins (RFC 8878, section 3.1.1).
const FRAME_START: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// Lines as they come out of a segment's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decompressed {
    /// The lines, with [`HOLE`] bytes where some cannot be read.
    pub lines: Vec<u8>,
    /// Whether all of it could be read, and nothing else was there.
    pub intact: bool,
}

/// Compresses whole lines.
///
/// # Errors
///
/// What the encoder says: it is out of memory.
pub fn compress(lines: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = zstd::bulk::Compressor::new(LEVEL)?;
    encoder.include_checksum(true)?;
    let mut file = Vec::new();
    let mut rest = lines;
    while !rest.is_empty() {
        let filled = rest.get(FRAME_BYTES..).and_then(|tail| memchr::memchr(b'\n', tail));
        let length = filled.map_or(rest.len(), |found| FRAME_BYTES + found + 1);
        let (frame, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        file.extend_from_slice(&encoder.compress(frame)?);
        rest = behind;
    }
    Ok(file)
}

/// Decompresses a segment's file that held `bytes` bytes of lines, or as many as there are.
///
/// Of a damaged file, every intact frame is read. Where bytes are missing, they are taken to be
/// missing at the first damage.
#[must_use]
pub fn decompress(file: &[u8], bytes: Option<u64>) -> Decompressed {
    let bound = bytes.map_or(SEGMENT_BYTES_MAX, |bytes| usize::try_from(bytes).unwrap_or(0));
    let bound = bound.min(SEGMENT_BYTES_MAX);
    let mut frames = Frames { rest: file, lines: Vec::new(), holes: Vec::new() };
    while frames.lines.len() < bound && frames.read_one() {}
    let Frames { rest, mut lines, mut holes } = frames;
    let mut intact = holes.is_empty() && rest.is_empty() && lines.len() <= bound;
    lines.truncate(bound);
    let missing = bytes.map_or(holes.len(), |_| bound - lines.len());
    if missing > 0 && holes.is_empty() {
        holes.push(lines.len());
    }
    intact &= missing == 0;
    if let Some(hole) = holes.first().filter(|_| missing > 0) {
        let at = (*hole).min(lines.len());
        lines.splice(at..at, std::iter::repeat_n(HOLE, missing));
    }
    Decompressed { lines, intact }
}

/// A segment's file on its way to lines.
struct Frames<'f> {
    rest: &'f [u8],
    lines: Vec<u8>,
    /// Where in `lines` something could not be read.
    holes: Vec<usize>,
}

impl Frames<'_> {
    /// Reads the next frame, or goes on to where one may begin; false at the end.
    fn read_one(&mut self) -> bool {
        if self.rest.is_empty() {
            return false;
        }
        if let Some((frame, behind)) = first_frame(self.rest)
            && let Ok(content) = zstd::bulk::decompress(frame, FRAME_BYTES_MAX)
        {
            self.lines.extend_from_slice(&content);
            self.rest = behind;
            return true;
        }
        if self.holes.last() != Some(&self.lines.len()) {
            self.holes.push(self.lines.len());
        }
        let after_the_first = self.rest.get(1..).unwrap_or_default();
        let next = memchr::memmem::find(after_the_first, &FRAME_START);
        self.rest = next.and_then(|next| after_the_first.get(next..)).unwrap_or_default();
        true
    }
}

/// The frame that bytes begin with, and what is behind it.
fn first_frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    if !bytes.starts_with(&FRAME_START) {
        return None;
    }
    let length = find_frame_compressed_size(bytes).ok()?;
    bytes.split_at_checked(length)
}
