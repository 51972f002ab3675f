//! Bytes set aside by recovery. Nothing is ever deleted from there.

use super::files::{Durability, ensure_dir, remove_leftover, write_new};
use crate::disk::{Access, Disk, DiskError, DiskFile};
use crate::format::layout::SessionPaths;
use sha2::{Digest as _, Sha256};

/// Bytes copied at once.
const CHUNK_BYTES: usize = 64 * 1024;

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
    what: &str,
    from: u64,
    to: u64,
) -> Result<String, DiskError> {
    ensure_dir(disk, &paths.quarantine(), Durability::Sync)?;
    let relative = name_of(file, what, from, to)?;
    let path = paths.root().join(&relative);
    if disk.info(&path)?.is_some_and(|info| info.len == to - from) {
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

/// The name that a range would be set aside under, relative to the session's folder.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn name_of(
    file: &dyn DiskFile,
    what: &str,
    from: u64,
    to: u64,
) -> Result<String, DiskError> {
    Ok(format!("quarantine/{what}-{}.jsonl", fingerprint(file, from, to)?))
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
