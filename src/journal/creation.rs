//! Beginning a session: its whole folder is made under another name, and appears in one step.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Instant;

use super::batch::{Batch, Prepared};
use super::catalog::{Feed, stamp_from};
use super::files::{Durability, write_new};
use super::padding::padded_len;
use super::settings::Settings;
use super::{JournalError, blobs, telling};
use crate::disk::{Disk, FileLock, FileLockGuard};
use crate::format::bounds::PADDING;
use crate::format::catalog::Stamp;
use crate::format::layout::{CatalogPaths, SessionPaths, UNDER_CONSTRUCTION};
use crate::format::{Header, JournalId, Seed};
use crate::vocabulary::{Append, Appended, Author, Holder, Key, Plan, SessionId, Timestamp, plan};

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
    let store = sessions.parent().unwrap_or(sessions);
    let feed = Feed::new(CatalogPaths::new(store), settings.catalog);
    create_telling(disk, sessions, session, append, settings, &feed)
}

/// Makes a session's folder, and tells a catalog of it that others of the process tell too. That
/// the session is found does not depend on it: the folder of sessions has changed.
///
/// # Errors
///
/// As of [`create`].
pub fn create_telling(
    disk: &dyn Disk,
    sessions: &Path,
    session: &SessionId,
    append: Append,
    settings: &Settings,
    feed: &Feed,
) -> Result<Appended, JournalError> {
    let began = Instant::now();
    let (at, by) = (settings.clock.now(), append.by.clone());
    let planned = plan(session, None, append, at, |_| None)?;
    let journal = encode(session, &planned, at, &by)?;
    let name = format!("{UNDER_CONSTRUCTION}{}", uuid::Uuid::now_v7());
    let temporary = SessionPaths::at(sessions.join(name));
    let place = sessions.join(session.as_str());
    let made = disk.create_dir(temporary.root()).map_err(JournalError::from).and_then(|()| {
        let lock = FileLock::create(disk, &temporary.lock())?;
        let build = || build(disk, &temporary, &planned, journal, settings.durability);
        let appear = || move_into_place(disk, &temporary, &place);
        let tell = |stamp| telling::tell_of_creation(disk, feed, &planned.state, stamp, began);
        match settings.durability {
            Durability::Sync => {
                let holder = Holder { by: settings.by.clone(), since: at };
                let (guard, _nobody) = lock.exclusive(&holder, settings.lock_timeout)?;
                let stamp = build()?;
                // Should this process die before the session's entry is on the medium, nobody may
                // build on it: the next writer finds the mark.
                guard.mark_suspect()?;
                appear()?;
                settle(disk, sessions, &guard)?;
                tell(stamp);
            }
            Durability::Buffered => {
                // As a reader locks it: that keeps writers out until the row is told, and costs
                // neither a name nor the space for one.
                let _guard = lock.shared(settings.lock_timeout)?;
                let stamp = build()?;
                appear()?;
                tell(stamp);
            }
        }
        Ok(())
    });
    if let Err(error) = made {
        if !matches!(error, JournalError::DurabilityUnknown { .. }) {
            let _best_effort = disk.remove_dir_all(temporary.root());
        }
        return Err(error);
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

/// Makes what is in the folder, and says what its journal looks like.
fn build(
    disk: &dyn Disk,
    temporary: &SessionPaths,
    planned: &Plan,
    mut journal: Vec<u8>,
    durability: Durability,
) -> Result<Stamp, JournalError> {
    for text in planned.events.iter().filter_map(|event| event.text.as_ref()) {
        blobs::store(disk, temporary, text, durability)?;
    }
    if durability == Durability::Sync {
        let len = padded_len(journal.len() as u64);
        journal.resize(usize::try_from(len).unwrap_or(journal.len()), PADDING);
    }
    let file = write_new(disk, &temporary.journal(), &journal, durability)?;
    if durability == Durability::Sync {
        disk.sync_dir(temporary.root())?;
    }
    Ok(stamp_from(&file.info()?))
}

/// Makes the session's entry durable, and takes the mark back.
fn settle(disk: &dyn Disk, sessions: &Path, guard: &FileLockGuard<'_>) -> Result<(), JournalError> {
    disk.sync_dir(sessions)
        .map_err(|failed| JournalError::DurabilityUnknown { seq: 1, why: failed.to_string() })?;
    // If the mark stays, the next writer copies the journal for nothing.
    let _best_effort = guard.clear_suspect();
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
