//! Beginning a session: its whole folder is made under another name, and appears in one step.

use std::io::ErrorKind;
use std::path::Path;

use super::batch::{Batch, Prepared};
use super::files::{Durability, write_new};
use super::padding::padded_len;
use super::settings::Settings;
use super::{JournalError, blobs};
use crate::disk::Disk;
use crate::format::bounds::PADDING;
use crate::format::layout::{SessionPaths, UNDER_CONSTRUCTION};
use crate::format::{Header, JournalId, Seed};
use crate::vocabulary::{Append, Appended, Author, Key, Plan, SessionId, Timestamp, plan};

/// Makes a session's folder with its first records. `sessions` is the folder of all sessions.
///
/// # Errors
///
/// [`JournalError::Exists`] when somebody else was faster, [`JournalError::Refused`] and
/// [`JournalError::Conflict`] when the append cannot begin a session, and the errors of the
/// medium: nothing of the session is to be seen then. [`JournalError::DurabilityUnknown`] when it
/// is there, and may not survive a crash of the machine.
pub fn create(
    disk: &dyn Disk,
    sessions: &Path,
    session: &SessionId,
    append: Append,
    settings: &Settings,
) -> Result<Appended, JournalError> {
    let (at, by) = (settings.clock.now(), append.by.clone());
    let planned = plan(session, None, append, at, |_| None)?;
    let journal = encode(session, &planned, at, &by)?;
    let name = format!("{UNDER_CONSTRUCTION}{}", uuid::Uuid::now_v7());
    let temporary = SessionPaths::at(sessions.join(name));
    let place = sessions.join(session.as_str());
    let built = build(disk, &temporary, &planned, journal, settings.durability);
    if let Err(error) = built.and_then(|()| move_into_place(disk, &temporary, &place)) {
        let _best_effort = disk.remove_dir_all(temporary.root());
        return Err(error);
    }
    if settings.durability == Durability::Sync
        && let Err(failed) = disk.sync_dir(sessions)
    {
        return Err(JournalError::DurabilityUnknown { seq: 1, why: failed.to_string() });
    }
    let Plan { state, outcomes, .. } = planned;
    Ok(Appended { state: state.metadata, outcomes })
}

/// The header and the first records.
fn encode(
    session: &SessionId,
    planned: &Plan,
    at: Timestamp,
    by: &Author,
) -> Result<Vec<u8>, JournalError> {
    let id = JournalId::generate();
    let by = by.clone().bounded();
    let header = Header::new(id, session.clone()).encode(at, &by, &Key::generate())?;
    let prepare = |planned: &crate::vocabulary::PlannedEvent| {
        Prepared::new(&planned.event, at, &by, planned.key.clone())
    };
    let records: Vec<_> =
        planned.events.iter().map(prepare).collect::<Result<_, JournalError>>()?;
    let batch = Batch::encode(Seed::of(id), 0, header.link, &records)?;
    let mut bytes = header.line;
    bytes.extend_from_slice(&batch.lines);
    Ok(bytes)
}

fn build(
    disk: &dyn Disk,
    temporary: &SessionPaths,
    planned: &Plan,
    mut journal: Vec<u8>,
    durability: Durability,
) -> Result<(), JournalError> {
    disk.create_dir(temporary.root())?;
    for text in planned.events.iter().filter_map(|event| event.text.as_ref()) {
        blobs::store(disk, temporary, text, durability)?;
    }
    if durability == Durability::Sync {
        let len = padded_len(journal.len() as u64);
        journal.resize(usize::try_from(len).unwrap_or(journal.len()), PADDING);
    }
    write_new(disk, &temporary.journal(), &journal, durability)?;
    if durability == Durability::Sync {
        disk.sync_dir(temporary.root())?;
    }
    Ok(())
}

fn move_into_place(
    disk: &dyn Disk,
    temporary: &SessionPaths,
    place: &Path,
) -> Result<(), JournalError> {
    match disk.rename_new(temporary.root(), place) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(JournalError::Exists { path: place.to_owned() })
        }
        moved => Ok(moved?),
    }
}
