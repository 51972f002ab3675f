//! Bringing back to their sessions what lies about in a store: whole folders under wrong names,
//! loose files such as a file system check leaves, and files in the folders of other sessions.
//!
//! What a file is, and whose, is told by its content. Each step is one rename to a free name, made
//! durable before the next: wherever it is cut short, nothing is gone, and it can be run again.

mod moves;
mod survey;

use std::path::Path;
use std::sync::Arc;

use self::moves::bring_back;
use self::survey::survey;
use super::error::of_journal;
use super::store::{Store, storage};
use super::{Inner, leftovers};
use crate::disk::{Disk, DiskError, RearrangedDisk};
use crate::format::layout::{STORE_FILE, SessionPaths};
use crate::journal::{self, JournalError, fingerprint_of};
use crate::repository::{Recovery, Repair, RepositoryError, Salvage};
use crate::vocabulary::{Author, SessionId};

/// How often the store is looked at in one go.
const ROUNDS_MAX: usize = 8;

/// Whether a directory without a `store.json` holds what only a store does.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn is_plausible(disk: &dyn Disk, root: &Path) -> Result<bool, DiskError> {
    Ok(survey(disk, root)?.proves_a_store())
}

impl Inner {
    /// Repairs a session, or only says what that would do.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::NotFound`], [`RepositoryError::Busy`], and those of the medium.
    pub(super) fn recover(
        &self,
        session: &SessionId,
        repair: Repair,
        by: &Author,
    ) -> Result<Recovery, RepositoryError> {
        let (disk, paths) = (&self.store.disk, self.store.paths(session).map_err(storage)?);
        let recovery = match repair {
            Repair::Plan => journal::plan_recovery(disk, &paths, session),
            Repair::Apply => journal::recover(disk, &paths, session, by, &self.settings),
        };
        recovery
            .map(|recovery| in_the_store(session, recovery))
            .map_err(|error| of_journal(session, &Arc::new(error)))
    }

    /// Brings back what lies about in the store, and sees to it that nobody goes by what was before.
    ///
    /// # Errors
    ///
    /// As of [`salvage`].
    pub(super) fn salvage(&self, repair: Repair) -> Result<Salvage, RepositoryError> {
        let salvage = salvage(&self.store, repair)?;
        if repair == Repair::Apply {
            leftovers::sweep(&self.store, &self.settings).map_err(storage)?;
            if salvage.store_restored || !salvage.adopted.is_empty() {
                // Journals are elsewhere now, and nobody has told of that.
                leftovers::forget_rows(&self.store, &self.settings).map_err(storage)?;
            }
            for adopted in &salvage.adopted {
                self.forget(&adopted.session);
            }
        }
        Ok(salvage)
    }
}

/// Brings back what lies about in a store, or only says what that would lead to.
///
/// # Errors
///
/// [`RepositoryError::NotAStore`], [`RepositoryError::NewerFormat`], and those of the medium.
fn salvage(store: &Store, repair: Repair) -> Result<Salvage, RepositoryError> {
    let lost = !store.is_whole()?;
    if lost && !is_plausible(&*store.disk, store.root()).map_err(storage)? {
        // Nothing to salvage from: as for everybody else.
        store.exists()?;
        return Ok(Salvage::default());
    }
    let disk: Arc<dyn Disk> = match repair {
        Repair::Apply => Arc::clone(&store.disk),
        Repair::Plan => Arc::new(RearrangedDisk::new(Arc::clone(&store.disk))),
    };
    if lost {
        set_aside_store_file(&*disk, store.root()).map_err(storage)?;
    }
    if lost && repair == Repair::Apply {
        store.restore()?;
    }
    let mut salvage = rearrange(&*disk, store.root()).map_err(storage)?;
    salvage.store_restored = lost;
    if repair == Repair::Plan {
        salvage.planned = plan(&disk, store, &salvage).map_err(storage)?;
    }
    Ok(salvage)
}

/// Something else may be in the place of what makes a directory a store: even a journal.
fn set_aside_store_file(disk: &dyn Disk, root: &Path) -> Result<(), DiskError> {
    let path = root.join(STORE_FILE);
    if disk.info(&path)?.is_none() {
        return Ok(());
    }
    let name = format!("{STORE_FILE}.unreadable-{}", fingerprint_of(disk, &path)?);
    disk.rename_new(&path, &root.join(name))?;
    disk.sync_dir(root)
}

/// Looks and brings back, until a look finds nothing more: a folder that was brought to its place
/// may hold others.
fn rearrange(disk: &dyn Disk, root: &Path) -> Result<Salvage, DiskError> {
    let mut salvage = Salvage::default();
    for _round in 0..ROUNDS_MAX {
        let Salvage { adopted, left, .. } = bring_back(disk, root, survey(disk, root)?)?;
        salvage.left = left;
        if adopted.is_empty() {
            break;
        }
        salvage.adopted.extend(adopted);
    }
    Ok(salvage)
}

/// What the recovery of a session would come to.
type Planned = (SessionId, Result<Recovery, RepositoryError>);

/// What recoveries would come to: of the sessions that gained or lost something, and of all where
/// nobody can list them yet.
fn plan(disk: &Arc<dyn Disk>, store: &Store, salvage: &Salvage) -> Result<Vec<Planned>, DiskError> {
    let mut sessions: Vec<SessionId> =
        salvage.adopted.iter().map(|adopted| adopted.session.clone()).collect();
    let robbed = salvage.adopted.iter().filter_map(|adopted| session_of_path(&adopted.from));
    sessions.extend(robbed);
    if salvage.store_restored {
        let names = survey::names(disk.as_ref(), &store.sessions())?;
        sessions.extend(names.iter().filter_map(|(name, _)| name.parse().ok()));
    }
    sessions.sort();
    sessions.dedup();
    let mut planned = Vec::new();
    for session in sessions {
        let paths = SessionPaths::new(store.root(), &session);
        match journal::plan_recovery(disk, &paths, &session) {
            // Its folder went to another session as a whole.
            Err(JournalError::Missing { .. }) => {}
            recovery => {
                let recovery = recovery.map_err(|error| of_journal(&session, &Arc::new(error)));
                planned.push((session.clone(), recovery.map(|it| in_the_store(&session, it))));
            }
        }
    }
    Ok(planned)
}

/// The session in whose folder a path relative to the store is.
fn session_of_path(path: &str) -> Option<SessionId> {
    let mut parts = path.strip_prefix("sessions/")?.split('/');
    parts.next()?.parse().ok()
}

/// A recovery that names files by where they are in the store.
fn in_the_store(session: &SessionId, mut recovery: Recovery) -> Recovery {
    for name in &mut recovery.adopted {
        *name = format!("sessions/{session}/{name}");
    }
    recovery
}
