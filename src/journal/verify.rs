//! Replaying a journal and checking all that it promises.

mod audit;
mod foreign;
mod permissions;

use std::sync::Arc;

use super::{JournalError, history, opening};
use crate::disk::{Disk, DiskError, EntryKind};
use crate::format::Seed;
use crate::format::layout::SessionPaths;
use crate::vocabulary::{FindingClass, Link, SessionId, Verification};
use audit::Audit;

/// What a verification looks at beside the journal itself.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// Headers, checksums and sequence only: no chain, no transitions, no blobs.
    pub quick: bool,
    /// Heads written down elsewhere.
    pub anchors: &'a [(u64, Link)],
    /// The seeds of the other journals of the store, and whose they are; asked for only when a
    /// line is met that may be one of theirs.
    pub others: &'a dyn Fn() -> Vec<(Seed, SessionId)>,
}

/// Verifies a session as it is on the medium. It takes no lock, and changes nothing.
///
/// # Errors
///
/// [`JournalError::Missing`], and that something else is in the place of the session's folder: all
/// that is wrong with a session is a finding.
pub fn verify(
    disk: &Arc<dyn Disk>,
    paths: &SessionPaths,
    session: &SessionId,
    scope: Scope<'_>,
) -> Result<Verification, JournalError> {
    let mut audit = Audit::new(disk, paths, session, scope);
    let checked = match disk.look_into(paths.root()) {
        Ok(None) => return Err(JournalError::Missing { path: paths.root().to_owned() }),
        Ok(Some(folder)) if folder.itself.kind != EntryKind::Directory => {
            return Err(DiskError::no_own_folder(paths.root()).into());
        }
        Ok(Some(folder)) => {
            audit.add(permissions::objections(&folder, session));
            audit.run(&folder)
        }
        Err(error) => Err(error.into()),
    };
    match checked {
        Ok(()) => {}
        Err(error @ JournalError::Missing { .. }) => return Err(error),
        Err(JournalError::Corrupted { finding }) => audit.add(vec![*finding]),
        Err(JournalError::NewerFormat { found, .. }) => {
            let message = format!("the journal has format {found}, which this version cannot read");
            audit.find(FindingClass::UnknownFormat, message, Some(0), Some(0));
        }
        Err(error) => audit.find(FindingClass::IoError, error.to_string(), None, None),
    }
    Ok(audit.into_verification())
}

/// The seed of a session's journal, as its header names it.
///
/// # Errors
///
/// Those of the medium. A journal without a readable header has none.
pub fn seed_of(
    disk: &dyn Disk,
    paths: &SessionPaths,
    session: &SessionId,
) -> Result<Option<Seed>, JournalError> {
    opening::stay_inside(disk, paths)?;
    let file = opening::open_to_read(disk, paths, session)?;
    Ok(match history::read_header(&*file)? {
        history::First::Header { header, .. } => Some(Seed::of(header.journal)),
        history::First::Unreadable => None,
    })
}
