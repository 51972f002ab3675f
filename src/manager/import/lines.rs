//! Lines of any source of bytes, in one buffer that grows no further than the longest line.

use std::io::{self, Read};

/// How much is read at a time, and what the buffer begins with.
const CHUNK_BYTES: usize = 64 * 1024;

/// What the buffer keeps between lines: a longer line's room is given back once it is done with.
const RETAINED_BYTES_MAX: usize = 1024 * 1024;

/// The longest line that is held. The longest seen in the wild had 12.8 million characters.
pub(super) const LINE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// One line, without its line feed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Ended by a line feed.
    Whole(&'a [u8]),
    /// The last one, ended by nothing: its writer may not be done with it.
    Unended(&'a [u8]),
    /// Longer than the bound; passed over without being held.
    TooLong {
        /// Its length.
        bytes: u64,
    },
}

/// Reads lines from `R`.
#[derive(Debug)]
pub(super) struct LineReader<R> {
    source: R,
    line_bytes_max: usize,
    /// Bytes read and not yet handed out are those from `start` to `end`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
}

impl<R: Read> LineReader<R> {
    pub(super) fn new(source: R) -> Self {
        Self::with_bound(source, LINE_BYTES_MAX)
    }

    fn with_bound(source: R, line_bytes_max: usize) -> Self {
        Self { source, line_bytes_max, buffer: Vec::new(), start: 0, end: 0, at_end: false }
    }

    /// The next line, or `None` at the end.
    ///
    /// # Errors
    ///
    /// What the source says; nothing more is to be read then.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        self.give_back_room();
        let mut searched = 0;
        loop {
            let pending = self.buffer.get(self.start..self.end).unwrap_or_default();
            let unsearched = pending.get(searched..).unwrap_or_default();
            if let Some(found) = memchr::memchr(b'\n', unsearched) {
                let length = searched + found;
                if length > self.line_bytes_max {
                    self.start += length + 1;
                    return Ok(Some(Line::TooLong { bytes: length as u64 }));
                }
                return Ok(Some(Line::Whole(self.hand_out(length, 1))));
            }
            searched = pending.len();
            if searched > self.line_bytes_max {
                return self.pass_over(searched).map(Some);
            }
            if self.at_end {
                let rest = self.hand_out(searched, 0);
                return Ok((!rest.is_empty()).then_some(Line::Unended(rest)));
            }
            self.fill()?;
        }
    }

    /// Bytes that the buffer takes up.
    #[cfg(test)]
    fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    fn hand_out(&mut self, length: usize, ending: usize) -> &[u8] {
        let line = self.start..self.start + length;
        self.start = line.end + ending;
        self.buffer.get(line).unwrap_or_default()
    }

    /// Reads once more, after moving what is pending to the front and doubling a full buffer.
    fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            // One byte beyond the bound is enough to know that a line breaks it.
            let room_max = self.line_bytes_max.saturating_add(1);
            let room = (self.buffer.len() * 2).clamp(CHUNK_BYTES, room_max.max(CHUNK_BYTES));
            self.buffer.reserve_exact(room - self.buffer.len());
            self.buffer.resize(room, 0);
        }
        let free = self.buffer.get_mut(self.end..).unwrap_or_default();
        let read = read_once(&mut self.source, free)?;
        self.end += read;
        self.at_end = read == 0;
        Ok(())
    }

    /// Reads on to the end of a line that is too long, holding none of it.
    fn pass_over(&mut self, held: usize) -> io::Result<Line<'static>> {
        let mut bytes = held as u64;
        loop {
            (self.start, self.end) = (0, 0);
            self.fill()?;
            let read = self.buffer.get(..self.end).unwrap_or_default();
            if let Some(found) = memchr::memchr(b'\n', read) {
                self.start = found + 1;
                return Ok(Line::TooLong { bytes: bytes + found as u64 });
            }
            bytes += read.len() as u64;
            if self.at_end {
                return Ok(Line::TooLong { bytes });
            }
        }
    }

    fn give_back_room(&mut self) {
        let pending = self.end - self.start;
        if self.buffer.len() > RETAINED_BYTES_MAX && pending <= RETAINED_BYTES_MAX {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, pending);
            self.buffer.truncate(pending.max(CHUNK_BYTES));
            self.buffer.shrink_to_fit();
        }
    }
}

fn read_once(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8], bound: usize) -> Vec<String> {
        let mut reader = LineReader::with_bound(text, bound);
        let mut lines = Vec::new();
        while let Some(line) = reader.next_line().unwrap() {
            lines.push(match line {
                Line::Whole(line) => format!("whole {}", String::from_utf8_lossy(line)),
                Line::Unended(line) => format!("unended {}", String::from_utf8_lossy(line)),
                Line::TooLong { bytes } => format!("too long {bytes}"),
            });
        }
        lines
    }

    #[test]
    fn every_line_is_handed_out_and_an_unended_one_is_told_apart() {
        assert_eq!(
            all(b"one\n\ntwo\r\nthree", 100),
            ["whole one", "whole ", "whole two\r", "unended three"]
        );
        assert!(all(b"", 100).is_empty());
        assert_eq!(all(b"\n", 100), ["whole "]);
    }

    #[test]
    fn a_line_at_the_bound_is_held_and_one_beyond_it_is_passed_over() {
        let text = [b"a".repeat(100), b"b".repeat(101), b"c".to_vec()].join(&b'\n');
        let expected =
            [format!("whole {}", "a".repeat(100)), "too long 101".into(), "unended c".into()];
        assert_eq!(all(&text, 100), expected);
        assert_eq!(all(&b"d".repeat(101), 100), ["too long 101"]);
    }

    #[test]
    fn a_line_many_times_the_bound_is_passed_over_without_being_held() {
        let bound = 1024 * 1024;
        let source = io::repeat(b'x').take(50 * bound as u64).chain(&b"\nnext\n"[..]);
        let mut reader = LineReader::with_bound(source, bound);
        assert_eq!(reader.next_line().unwrap(), Some(Line::TooLong { bytes: 50 * bound as u64 }));
        assert!(reader.capacity() <= bound + CHUNK_BYTES, "{}", reader.capacity());
        assert_eq!(reader.next_line().unwrap(), Some(Line::Whole(b"next")));
    }

    #[test]
    fn the_room_of_a_line_of_12_8_million_characters_stays_near_its_length_and_is_given_back() {
        let long = 12_800_000;
        let source = io::repeat(b'x').take(long).chain(&b"\nnext\n"[..]);
        let mut reader = LineReader::new(source);
        let Some(Line::Whole(line)) = reader.next_line().unwrap() else { panic!("a whole line") };
        assert_eq!(line.len() as u64, long);
        assert!(reader.capacity() <= 16 * 1024 * 1024, "{}", reader.capacity());
        assert_eq!(reader.next_line().unwrap(), Some(Line::Whole(b"next")));
        assert!(reader.capacity() <= RETAINED_BYTES_MAX, "{}", reader.capacity());
    }

    #[test]
    fn lines_do_not_depend_on_how_the_bytes_arrive() {
        struct OneByte<'a>(&'a [u8]);
        impl Read for OneByte<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let (first, rest) = self.0.split_at(self.0.len().min(1));
                buffer[..first.len()].copy_from_slice(first);
                self.0 = rest;
                Ok(first.len())
            }
        }
        let mut reader = LineReader::new(OneByte(b"ab\nc\n\nd"));
        let mut seen = 0;
        while let Some(line) = reader.next_line().unwrap() {
            seen += match line {
                Line::Whole(line) => line.len() + 100,
                Line::Unended(line) => line.len() + 1000,
                Line::TooLong { .. } => unreachable!("no line is long"),
            };
        }
        assert_eq!(seen, 102 + 101 + 100 + 1001);
    }
}
