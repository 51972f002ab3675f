//! What a writer mends by itself, under the lock.

use super::JournalError;
use super::files::{Durability, remove_leftover, write_new};
use super::opening::Journal;
use super::quarantine::{Original, for_each_chunk, set_aside};
use super::replay::Condition;
use crate::disk::{Access, DiskFile};
use crate::vocabulary::{FindingClass, Recovered};

/// Sets an unfinished write at the end of a journal aside and makes the end clean again. What
/// remains to be done is to sync the journal, and then to append the returned note.
///
/// # Errors
///
/// Those of the medium. The unfinished write is then still there, and met again.
pub(super) fn heal_tail(
    journal: &mut Journal,
    bytes: u64,
    lacks_line_feed: bool,
) -> Result<Recovered, JournalError> {
    let mut end = journal.replay.end_offset;
    let mut quarantined = Vec::new();
    if bytes > 0 {
        let (disk, paths) = (&*journal.disk, &journal.paths);
        quarantined.push(set_aside(disk, paths, &journal.file, Original::Tail, end, end + bytes)?);
    }
    journal.file.set_len(end)?;
    if lacks_line_feed {
        // The record is all there, and its checksum says so.
        journal.file.write_at(end, b"\n")?;
        end += 1;
    }
    journal.replay.end_offset = end;
    journal.replay.file_len = end;
    journal.replay.condition = Condition::Sound;
    journal.replay.findings.retain(|finding| finding.class != FindingClass::TornTail);
    let reason = FindingClass::TornTail.as_str().to_owned();
    Ok(Recovered { reason, quarantined, ..Recovered::default() })
}

/// Copies what proves itself into a new file that takes the journal's place: after a failed sync
/// the old file's clean pages may never reach the medium. A writer that died before a folder was
/// synced leaves the same mark: the folders are synced too.
///
/// # Errors
///
/// Those of the medium. The old file stays in place until the new one is complete.
pub(super) fn renew(journal: &mut Journal) -> Result<(), JournalError> {
    let (disk, paths) = (&*journal.disk, &journal.paths);
    let successor = paths.journal_successor();
    remove_leftover(disk, &successor)?;
    write_new(disk, &successor, &[], Durability::Buffered)?;
    let copy = disk.open(&successor, Access::Write)?;
    // Whatever is behind the last record goes along, and is judged again afterwards. What is sealed
    // was synced before it was, and stays where it is.
    let file = disk.open(&paths.journal(), Access::Read)?;
    for_each_chunk(&*file, 0, file.info()?.len, |offset, bytes| copy.write_at(offset, bytes))?;
    copy.sync_data()?;
    disk.rename(&successor, &paths.journal())?;
    disk.sync_dir(paths.root())?;
    // The session itself may be what was not on the medium: see `creation`.
    if let Some(sessions) = paths.root().parent() {
        disk.sync_dir(sessions)?;
    }
    journal.refresh()
}
