//! Texts that are too long for a record: content-addressed, compressed, written before the record
//! that refers to them.

use std::io::Read as _;

use super::JournalError;
use super::files::{Durability, ensure_dir, read_bounded, remove_leftover, write_new};
use crate::disk::{Disk, DiskError};
use crate::format::layout::SessionPaths;
use crate::vocabulary::bounds::TEXT_BYTES_MAX;
use crate::vocabulary::{BlobRef, Digest, LongText};

/// Compression level: zstd's own default, which its authors tune for this trade.
const LEVEL: i32 = 3;

/// Largest blob file: a text that does not compress grows by less than a hundredth.
const BLOB_FILE_BYTES_MAX: usize = TEXT_BYTES_MAX + TEXT_BYTES_MAX / 64;

/// Keeps a text, compressed, under the name of its digest.
///
/// # Errors
///
/// Those of the medium. A blob without a record that refers to it is harmless.
pub(super) fn store(
    disk: &dyn Disk,
    paths: &SessionPaths,
    long: &LongText,
    durability: Durability,
) -> Result<(), JournalError> {
    let digest = &long.blob.digest;
    ensure_dir(disk, &paths.blobs(), durability)?;
    let compressed = zstd::encode_all(long.text.as_bytes(), LEVEL)
        .map_err(|error| JournalError::Blob { digest: *digest, why: error.to_string() })?;
    let path = paths.blob(digest);
    let temporary = path.with_extension("new");
    remove_leftover(disk, &temporary)?;
    write_new(disk, &temporary, &compressed, durability)?;
    // The same text again replaces the file by its equal.
    disk.rename(&temporary, &path)?;
    if durability == Durability::Sync {
        disk.sync_dir(&paths.blobs())?;
    }
    Ok(())
}

/// The text that a record refers to.
///
/// # Errors
///
/// [`JournalError::Blob`] where it is gone or is not the text referred to, and those of the medium.
pub fn read_blob(
    disk: &dyn Disk,
    paths: &SessionPaths,
    blob: &BlobRef,
) -> Result<String, JournalError> {
    let fault = |why: &str| JournalError::Blob { digest: blob.digest, why: why.to_owned() };
    if blob.bytes > TEXT_BYTES_MAX as u64 {
        return Err(fault("it is larger than any text"));
    }
    let compressed = read_bounded(disk, &paths.blob(&blob.digest), BLOB_FILE_BYTES_MAX)?
        .ok_or_else(|| fault("its file is not there"))?;
    let decoder = zstd::Decoder::new(compressed.as_slice())
        .map_err(|_| fault("its file is not compressed text"))?;
    let mut text = Vec::new();
    decoder
        .take(blob.bytes + 1)
        .read_to_end(&mut text)
        .map_err(|_| fault("its file cannot be decompressed"))?;
    if Digest::of(&text) != blob.digest {
        return Err(fault("its file holds something else"));
    }
    String::from_utf8(text).map_err(|_| fault("its file holds no text"))
}

/// Removes a text that no record refers to any more.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn remove(
    disk: &dyn Disk,
    paths: &SessionPaths,
    digest: &Digest,
) -> Result<(), DiskError> {
    let path = paths.blob(digest);
    remove_leftover(disk, &path)?;
    remove_leftover(disk, &path.with_extension("new"))?;
    disk.sync_dir(&paths.blobs())
}
