//! Space ahead of the last record, so that most appends do not change the file's size and their
//! sync need not commit the file system's metadata.

/// Smallest step by which a journal grows: a block of common file systems.
const STEP_BYTES_MIN: u64 = 4 * 1024;
/// Largest step: beyond it a commit of metadata is rare enough already.
const STEP_BYTES_MAX: u64 = 64 * 1024;

/// The length that a journal grows to when its records end at `end`: the next multiple of a step
/// of about an eighth of its size.
pub(super) fn padded_len(end: u64) -> u64 {
    let step = (end / 8).next_power_of_two().clamp(STEP_BYTES_MIN, STEP_BYTES_MAX);
    end.next_multiple_of(step)
}
