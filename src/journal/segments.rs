//! The folder of sealed history.

use std::io::ErrorKind;
use std::path::Path;

use super::files::{Durability, ensure_dir, read_bounded, remove_leftover, write_new};
use super::scan::{Piece, Scanner};
use super::whole::Part;
use super::{JournalError, Position};
use crate::disk::{Disk, DiskError, DiskFile, DiskOperation};
use crate::format::bounds::SEGMENT_FILE_BYTES_MAX;
use crate::format::frames::{Decompressed, compress, decompress};
use crate::format::layout::SessionPaths;
use crate::format::{Seed, Segment, SegmentName};
use crate::vocabulary::Digest;

/// Seals lines, durably. The file is part of nothing until a header names it.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn write(
    disk: &dyn Disk,
    paths: &SessionPaths,
    first_seq: u64,
    last_seq: u64,
    lines: &[u8],
) -> Result<Segment, JournalError> {
    let segment =
        Segment { first_seq, last_seq, bytes: lines.len() as u64, digest: Digest::of(lines) };
    let path = paths.segment(&segment.file_name());
    let fail = |source| DiskError::new(DiskOperation::Write, &path, source);
    let file = compress(lines).map_err(fail)?;
    // The lines are about to exist nowhere else.
    if decompress(&file, Some(segment.bytes))
        != (Decompressed { lines: lines.to_vec(), intact: true })
    {
        return Err(fail(ErrorKind::InvalidData.into()).into());
    }
    ensure_dir(disk, &paths.segments(), Durability::Sync)?;
    remove_leftover(disk, &path)?;
    write_new(disk, &path, &file, Durability::Sync)?;
    disk.sync_dir(&paths.segments())?;
    Ok(segment)
}

/// Removes what no header names: left over from a writer that died, or replaced by its successor.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn remove_unnamed(
    disk: &dyn Disk,
    paths: &SessionPaths,
    named: &[Segment],
) -> Result<(), DiskError> {
    let keep: Vec<String> = named.iter().map(Segment::file_name).collect();
    let mut unnamed = names(disk, paths)?;
    unnamed.retain(|name| !keep.contains(name));
    for name in &unnamed {
        remove_leftover(disk, &paths.segment(name))?;
    }
    if unnamed.is_empty() { Ok(()) } else { disk.sync_dir(&paths.segments()) }
}

/// The names in the folder that are those of segments, sorted.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn names(disk: &dyn Disk, paths: &SessionPaths) -> Result<Vec<String>, DiskError> {
    let entries = match disk.list_dir(&paths.segments()) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let names = entries.into_iter().map(|(name, _)| name);
    let mut names: Vec<_> = names.filter(|name| name.parse::<SegmentName>().is_ok()).collect();
    names.sort_unstable();
    Ok(names)
}

/// The lines of a segment whose length nothing names, as far as they can be read; `None` for a file
/// that is gone or larger than any segment.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn read_lines(disk: &dyn Disk, path: &Path) -> Result<Option<Vec<u8>>, DiskError> {
    match read_bounded(disk, path, SEGMENT_FILE_BYTES_MAX) {
        Ok(file) => Ok(file.map(|file| decompress(&file, None).lines)),
        Err(error) if error.kind() == ErrorKind::FileTooLarge => Ok(None),
        Err(error) => Err(error),
    }
}

/// The segments of a journal that has lost its header: those whose records end where the
/// journal's own begin. Files that a writer left behind when it died hold what the journal
/// still does, and so are not among them.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn find_parts(
    disk: &dyn Disk,
    paths: &SessionPaths,
    file: &dyn DiskFile,
    seed: Seed,
) -> Result<Vec<Part>, DiskError> {
    let mut found = Vec::new();
    for name in names(disk, paths)? {
        if let Ok(place) = name.parse::<SegmentName>() {
            found.push((place, name));
        }
    }
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let journal_begins = first_seq(file, seed)?.unwrap_or(u64::MAX);
    // Of two that begin with the same record, the later was made of the earlier and more.
    found.sort_by_key(|(place, _)| (place.first_seq, std::cmp::Reverse(place.last_seq)));
    let (mut parts, mut next, mut from) = (Vec::new(), 0, 0);
    for (place, name) in found {
        if place.first_seq < next || place.last_seq >= journal_begins {
            continue;
        }
        let path = paths.segment(&name);
        let Some(lines) = read_lines(disk, &path)? else { continue };
        let SegmentName { first_seq, last_seq } = place;
        let (bytes, digest) = (lines.len() as u64, Digest::of(&lines));
        let segment = Segment { first_seq, last_seq, bytes, digest };
        parts.push(Part { segment, path, from });
        from += bytes;
        next = last_seq.saturating_add(1);
    }
    Ok(parts)
}

/// The first record that a file holds.
fn first_seq(file: &dyn DiskFile, seed: Seed) -> Result<Option<u64>, DiskError> {
    let mut scanner = Scanner::new(file, seed, Position::START.offset);
    loop {
        match scanner.next_piece()? {
            Piece::Record { seq, .. } if seq > 0 => return Ok(Some(seq)),
            Piece::Record { .. } | Piece::Damage(_) => {}
            Piece::End { .. } => return Ok(None),
        }
    }
}
