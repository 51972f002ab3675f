//! A journal whose older history is sealed, read and written as if it were not.
//!
//! Offsets count from the first byte of the history: sealing does not move a record. So snapshots
//! stay good, and whoever reads a journal need not know of segments.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::files::read_bounded;
use super::reader::Position;
use crate::disk::{Disk, DiskError, DiskFile, DiskOperation, EntryInfo, LockMode};
use crate::format::bounds::SEGMENT_FILE_BYTES_MAX;
use crate::format::frames::{Decompressed, decompress};
use crate::format::layout::SessionPaths;
use crate::format::{Sealed, Segment};

/// An open journal with the segments before it.
#[derive(Debug)]
pub(super) struct WholeJournal {
    disk: Arc<dyn Disk>,
    /// The file of what is not sealed.
    file: Box<dyn DiskFile>,
    parts: Vec<Part>,
    /// Where the sealed history ends.
    sealed_bytes: u64,
    /// By how much an offset of the history exceeds the one in the file.
    shift: u64,
    read: Mutex<Read>,
}

/// One segment, where it is in the history.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) segment: Segment,
    pub(super) path: PathBuf,
    pub(super) from: u64,
}

impl Part {
    pub(super) fn to(&self) -> u64 {
        self.from.saturating_add(self.segment.bytes)
    }
}

/// What was read of the segments.
#[derive(Debug, Default)]
struct Read {
    /// The lines of the segment that was read last, by its place.
    held: Option<(usize, Vec<u8>)>,
    /// The places of those that are missing or damaged.
    broken: Vec<usize>,
}

impl WholeJournal {
    /// A journal's file; behind its header, of `header_bytes` bytes, goes on what was sealed.
    pub(super) fn new(
        disk: &Arc<dyn Disk>,
        file: Box<dyn DiskFile>,
        parts: Vec<Part>,
        header_bytes: u64,
    ) -> Self {
        let sealed_bytes = parts.last().map_or(0, Part::to);
        Self {
            disk: Arc::clone(disk),
            file,
            parts,
            sealed_bytes,
            shift: sealed_bytes.saturating_sub(header_bytes),
            read: Mutex::default(),
        }
    }

    /// By how much an offset of the history exceeds the one in the journal's file.
    pub(super) fn shift(&self) -> u64 {
        self.shift
    }

    /// The segments, the oldest first.
    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The last record that is sealed; 0 where none is.
    pub(super) fn sealed_seq(&self) -> u64 {
        self.parts.last().map_or(0, |part| part.segment.last_seq)
    }

    /// The last place at or before a record from which reading can begin without reading all that
    /// is before it.
    pub(super) fn position_before(&self, seq: u64) -> Position {
        let begins = |part: &Part| Position { seq: part.segment.first_seq, offset: part.from };
        let tail = self.parts.last().map(|part| Position {
            seq: part.segment.last_seq.saturating_add(1),
            offset: self.sealed_bytes,
        });
        let places = self.parts.iter().map(begins).chain(tail);
        places.take_while(|place| place.seq <= seq).last().unwrap_or(Position::START)
    }

    fn read(&self) -> MutexGuard<'_, Read> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The segments that were read and found missing or damaged.
    pub(super) fn broken(&self) -> Vec<&Part> {
        let read = self.read();
        read.broken.iter().filter_map(|place| self.parts.get(*place)).collect()
    }

    /// Fills as much of the buffer as one segment has from an offset on.
    fn read_sealed(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, DiskError> {
        let Some(place) = self.parts.iter().position(|part| offset < part.to()) else {
            return Ok(0);
        };
        let Some(part) = self.parts.get(place) else { return Ok(0) };
        let mut read = self.read();
        if read.held.as_ref().is_none_or(|(held, _)| *held != place) {
            let Decompressed { lines, intact } = self.load(part)?;
            if !intact && !read.broken.contains(&place) {
                read.broken.push(place);
            }
            read.held = Some((place, lines));
        }
        let lines = read.held.as_ref().map_or(&[][..], |(_, lines)| lines.as_slice());
        let from = usize::try_from(offset - part.from).unwrap_or(usize::MAX);
        let rest = lines.get(from..).unwrap_or_default();
        for (target, byte) in buffer.iter_mut().zip(rest) {
            *target = *byte;
        }
        Ok(rest.len().min(buffer.len()))
    }

    fn load(&self, part: &Part) -> Result<Decompressed, DiskError> {
        match read_bounded(&*self.disk, &part.path, SEGMENT_FILE_BYTES_MAX) {
            Ok(file) => Ok(decompress(&file.unwrap_or_default(), Some(part.segment.bytes))),
            Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
                Ok(decompress(&[], Some(part.segment.bytes)))
            }
            Err(error) => Err(error),
        }
    }

    fn in_file(&self, offset: u64, operation: DiskOperation) -> Result<u64, DiskError> {
        if offset >= self.sealed_bytes {
            return Ok(offset - self.shift);
        }
        let why = "sealed history does not change";
        let refused = std::io::Error::new(std::io::ErrorKind::InvalidInput, why);
        let path = self.parts.first().map(|part| part.path.clone()).unwrap_or_default();
        Err(DiskError::new(operation, &path, refused))
    }
}

/// Where the segments that a header names are in the history.
pub(super) fn parts_of(paths: &SessionPaths, sealed: Option<&Sealed>) -> Vec<Part> {
    let mut from = 0;
    let part = |segment: &Segment| {
        let path = paths.segment(&segment.file_name());
        let part = Part { segment: segment.clone(), path, from };
        from = part.to();
        part
    };
    sealed.iter().flat_map(|sealed| &sealed.segments).map(part).collect()
}

impl DiskFile for WholeJournal {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, DiskError> {
        let mut filled = 0;
        loop {
            let at = offset.saturating_add(filled as u64);
            let rest = buffer.get_mut(filled..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(filled);
            }
            if at >= self.sealed_bytes {
                return Ok(filled + self.file.read_at(at - self.shift, rest)?);
            }
            match self.read_sealed(at, rest)? {
                0 => return Ok(filled),
                read => filled += read,
            }
        }
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.file.write_at(self.in_file(offset, DiskOperation::Write)?, bytes)
    }

    fn append(&self, bytes: &[u8]) -> Result<(), DiskError> {
        self.file.append(bytes)
    }

    fn set_len(&self, len: u64) -> Result<(), DiskError> {
        self.file.set_len(self.in_file(len, DiskOperation::SetLen)?)
    }

    fn info(&self) -> Result<EntryInfo, DiskError> {
        let info = self.file.info()?;
        Ok(EntryInfo { len: info.len.saturating_add(self.shift), ..info })
    }

    fn sync_data(&self) -> Result<(), DiskError> {
        self.file.sync_data()
    }

    fn try_lock(&self, mode: LockMode) -> Result<bool, DiskError> {
        self.file.try_lock(mode)
    }

    fn unlock(&self) -> Result<(), DiskError> {
        self.file.unlock()
    }

    fn sector_phase(&self) -> u64 {
        self.shift
    }
}
