//! Bytes set aside by recovery. Nothing is ever deleted from there.

use std::io::ErrorKind;
use std::ops::{Range, RangeInclusive};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::files::{Durability, ensure_dir, remove_leftover, write_new};
use super::scan::{Piece, Scanner};
use crate::disk::{Access, Disk, DiskError, DiskFile};
use crate::format::Seed;
use crate::format::bounds::HOLE;
use crate::format::layout::SessionPaths;

/// Bytes copied at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// What is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Original {
    /// A whole journal.
    Journal,
    /// The unfinished write at its end.
    Tail,
    /// A damaged segment, as it is.
    Segment {
        /// The first record that it may hold.
        first_seq: u64,
        /// The last one.
        last_seq: u64,
    },
}

impl Original {
    fn file_name(self, fingerprint: &str) -> String {
        match self {
            Self::Journal => format!("journal-{fingerprint}.jsonl"),
            Self::Tail => format!("tail-{fingerprint}.jsonl"),
            Self::Segment { first_seq, last_seq } => {
                format!("segment-{first_seq}-{last_seq}-{fingerprint}.jsonl.zst")
            }
        }
    }
}

/// Copies a range of a file into quarantine, durably. The name holds the content's digest, so the
/// same bytes are set aside once.
///
/// Returns the name, relative to the session's folder.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn set_aside(
    disk: &dyn Disk,
    paths: &SessionPaths,
    file: &dyn DiskFile,
    what: Original,
    from: u64,
    to: u64,
) -> Result<String, DiskError> {
    ensure_dir(disk, &paths.quarantine(), Durability::Sync)?;
    let relative = name_of(file, what, from, to)?;
    let path = paths.root().join(&relative);
    if disk.info(&path)?.is_some_and(|info| info.len == to - from) {
        // Whoever put it there may have died before its entry was on the medium.
        disk.sync_dir(&paths.quarantine())?;
        return Ok(relative);
    }
    let temporary = path.with_extension("new");
    remove_leftover(disk, &temporary)?;
    write_new(disk, &temporary, &[], Durability::Buffered)?;
    let copy = disk.open(&temporary, Access::Write)?;
    for_each_chunk(file, from, to, |offset, bytes| copy.write_at(offset - from, bytes))?;
    copy.sync_data()?;
    disk.rename(&temporary, &path)?;
    disk.sync_dir(&paths.quarantine())?;
    Ok(relative)
}

/// Moves a file into quarantine, durably. Where the same bytes are there already, it is removed.
///
/// Returns the name, relative to the session's folder.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn move_aside(
    disk: &dyn Disk,
    paths: &SessionPaths,
    path: &Path,
    what: Original,
) -> Result<String, DiskError> {
    let file = disk.open(path, Access::Read)?;
    let relative = name_of(&*file, what, 0, file.info()?.len)?;
    // Whoever wrote it may not have made it durable, and its name is about to say what it holds.
    file.sync_data()?;
    ensure_dir(disk, &paths.quarantine(), Durability::Sync)?;
    match disk.rename_new(path, &paths.root().join(&relative)) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => disk.remove_file(path)?,
        moved => moved?,
    }
    disk.sync_dir(&paths.quarantine())?;
    path.parent().map_or(Ok(()), |folder| disk.sync_dir(folder))?;
    Ok(relative)
}

/// The name that a range would be set aside under, relative to the session's folder.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn name_of(
    file: &dyn DiskFile,
    what: Original,
    from: u64,
    to: u64,
) -> Result<String, DiskError> {
    Ok(format!("quarantine/{}", what.file_name(&fingerprint(file, from, to)?)))
}

/// Removes the data of a record from everything that was set aside.
///
/// What no record proves may be that record, wherever the ones around it leave room for it: it is
/// made unreadable. Of a compressed segment with damage, that is all that the journal does not have.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn erase(
    disk: &dyn Disk,
    paths: &SessionPaths,
    seed: Seed,
    seq: u64,
) -> Result<(), DiskError> {
    let entries = match disk.list_dir(&paths.quarantine()) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for (name, _) in entries {
        let path = paths.quarantine().join(&name);
        let is_leftover = name.ends_with(".new");
        if name.ends_with(".jsonl") {
            erase_from(disk, &path, seed, seq)?;
        } else if is_leftover || segment_range(&name).is_some_and(|range| range.contains(&seq)) {
            remove_leftover(disk, &path)?;
        }
    }
    disk.sync_dir(&paths.quarantine())
}

/// Which records the segment of this name may hold.
fn segment_range(name: &str) -> Option<RangeInclusive<u64>> {
    let mut parts = name.strip_prefix("segment-")?.split('-');
    Some(parts.next()?.parse().ok()?..=parts.next()?.parse().ok()?)
}

fn erase_from(disk: &dyn Disk, path: &Path, seed: Seed, seq: u64) -> Result<(), DiskError> {
    let file = disk.open(path, Access::Read)?;
    let edits = edits_to_erase(&*file, seed, seq)?;
    if edits.is_empty() {
        return Ok(());
    }
    let temporary = path.with_extension("new");
    remove_leftover(disk, &temporary)?;
    write_new(disk, &temporary, &[], Durability::Buffered)?;
    let copy = disk.open(&temporary, Access::Write)?;
    let (mut from, mut end) = (0, 0);
    for (place, instead) in edits {
        for_each_chunk(&*file, from, place.start, |offset, bytes| {
            copy.write_at(end + (offset - from), bytes)
        })?;
        end += place.start - from;
        copy.write_at(end, &instead)?;
        end += instead.len() as u64;
        from = place.end;
    }
    for_each_chunk(&*file, from, file.info()?.len, |offset, bytes| {
        copy.write_at(end + (offset - from), bytes)
    })?;
    copy.sync_data()?;
    disk.rename(&temporary, path)
}

/// Ranges of a file, in order, and what goes into their place.
type Edits = Vec<(Range<u64>, Vec<u8>)>;

fn edits_to_erase(file: &dyn DiskFile, seed: Seed, seq: u64) -> Result<Edits, DiskError> {
    let mut scanner = Scanner::new(file, seed, 0);
    let mut edits = Edits::new();
    let (mut before, mut unproved) = (None, Vec::new());
    loop {
        match scanner.next_piece()? {
            Piece::Damage(damage) => unproved.push(damage.offset..damage.offset + damage.bytes),
            Piece::Record { seq: next, .. } => {
                if before.is_none_or(|before| before < seq) && seq < next {
                    edits.extend(unproved.drain(..).map(blank));
                }
                unproved.clear();
                before = Some(next);
                if let Some(found) = scanner.found().filter(|_| next == seq) {
                    edits.push((found.offset..found.end_offset, found.view.erased(seed)));
                }
            }
            Piece::End { .. } => {
                if before.is_none_or(|before| before < seq) {
                    edits.extend(unproved.drain(..).map(blank));
                }
                return Ok(edits);
            }
        }
    }
}

fn blank(place: Range<u64>) -> (Range<u64>, Vec<u8>) {
    let length = usize::try_from(place.end - place.start).unwrap_or(0);
    (place, vec![HOLE; length])
}

/// The first 16 hexadecimal digits of the SHA-256 of a range.
fn fingerprint(file: &dyn DiskFile, from: u64, to: u64) -> Result<String, DiskError> {
    let mut hasher = Sha256::new();
    for_each_chunk(file, from, to, |_, bytes| {
        hasher.update(bytes);
        Ok(())
    })?;
    let digest = hasher.finalize();
    Ok(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

/// The beginning of the digest of a whole file, by which equal files are told.
///
/// # Errors
///
/// Those of the medium.
pub fn fingerprint_of(disk: &dyn Disk, path: &Path) -> Result<String, DiskError> {
    let file = disk.open(path, Access::Read)?;
    fingerprint(&*file, 0, file.info()?.len)
}

/// Reads a range in chunks.
pub(super) fn for_each_chunk(
    file: &dyn DiskFile,
    from: u64,
    to: u64,
    mut act: impl FnMut(u64, &[u8]) -> Result<(), DiskError>,
) -> Result<(), DiskError> {
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut offset = from;
    while offset < to {
        let wanted = usize::try_from(to - offset).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
        let read = file.read_at(offset, chunk.get_mut(..wanted).unwrap_or_default())?;
        if read == 0 {
            break;
        }
        act(offset, chunk.get(..read).unwrap_or_default())?;
        offset += read as u64;
    }
    Ok(())
}
