//! Repairing a journal: everything that proves itself is kept, the originals are set aside, and what
//! was lost is named in a record of its own.
//!
//! [`arrange`] puts the files of a session's folder into their places, whatever their names are.
//! [`Salvage`] then gathers all that can be proved, from the journal and from copies of it.

mod absent;
mod arrange;
mod copies;
mod identity;
mod merging;
mod ranges;
mod rewrite;
mod salvage;
mod verdict;

use std::path::Path;
use std::sync::Arc;

use self::arrange::arrange;
use self::salvage::Salvage;
use super::catalog::Feed;
use super::files::remove_leftover;
use super::history::{First, read_header};
use super::opening::{Journal, stay_inside};
use super::quarantine::{name_of, set_aside};
use super::settings::Settings;
use super::writer::snapshot_of;
use super::{JournalError, repair, snapshots};
use crate::disk::{Access, Disk, FileLock, RearrangedDisk};
use crate::format::bounds::FORMAT_SEALED;
use crate::format::layout::SessionPaths;
use crate::vocabulary::{Author, Finding, Holder, LostRange, SessionId};

/// What a recovery did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovery {
    /// Records kept, the header and the `recovered` record not counted.
    pub records_kept: u64,
    /// Records that could not be kept.
    pub lost: Vec<LostRange>,
    /// Files that hold the bytes set aside, relative to the session's folder.
    pub quarantined: Vec<String>,
    /// Files that were brought back to their places, by the names that they had: relative to the
    /// session's folder where a journal says it, and to the store where a repository does.
    pub adopted: Vec<String>,
    /// What was wrong.
    pub findings: Vec<Finding>,
    /// Whether anything was (or would be) changed.
    pub changed: bool,
}

/// Says what a recovery of a session would do. It takes no lock, and changes nothing.
///
/// # Errors
///
/// [`JournalError::Missing`], [`JournalError::Corrupted`] when nothing can be proved, and those of
/// the medium.
pub fn plan_recovery(
    disk: &Arc<dyn Disk>,
    paths: &SessionPaths,
    session: &SessionId,
) -> Result<Recovery, JournalError> {
    check_folder(&**disk, paths)?;
    let thought: Arc<dyn Disk> = Arc::new(RearrangedDisk::new(Arc::clone(disk)));
    let mut arranged = arrange(&*thought, paths, session)?;
    let salvage = Salvage::of(&thought, paths, session, &arranged)?;
    let mut recovery = salvage.recovery(&arranged);
    for (what, file) in salvage.originals()? {
        recovery.quarantined.push(name_of(&*file, what, 0, file.info()?.len)?);
    }
    arranged.adopt_texts(&*thought, paths)?;
    recovery.adopted.clone_from(&arranged.adopted);
    Ok(recovery)
}

/// Repairs a session under its lock. Run again, it finds nothing to do.
///
/// # Errors
///
/// As of [`plan_recovery`], and [`JournalError::Lock`]. If it fails half-way, the journal is as it
/// was, and the recovery can be run again.
pub fn recover(
    disk: &Arc<dyn Disk>,
    paths: &SessionPaths,
    session: &SessionId,
    by: &Author,
    settings: &Settings,
) -> Result<Recovery, JournalError> {
    check_folder(&**disk, paths)?;
    if disk.info(&paths.lock())?.is_none() {
        // Where nothing can be proved, not even a lock is left behind.
        plan_recovery(disk, paths, session)?;
    }
    let lock = FileLock::open(&**disk, &paths.lock())?;
    let now = settings.clock.now();
    let holder = Holder { by: by.clone(), since: now };
    let (guard, previous) = lock.exclusive(&holder, settings.lock_timeout)?;
    let feed = Feed::of_session(paths, settings.catalog);
    if previous.suspect {
        feed.intend(&**disk, session)?;
        // A journal that is gone, or proves nothing, has no bytes in doubt.
        if let Ok(mut journal) = Journal::open(disk, paths.clone(), session.clone()) {
            repair::renew(&mut journal)?;
        }
        guard.clear_suspect()?;
    }
    let plan = plan_recovery(disk, paths, session)?;
    if !plan.changed {
        return Ok(plan);
    }
    feed.intend(&**disk, session)?;
    let mut arranged = arrange(&**disk, paths, session)?;
    let salvage = Salvage::of(disk, paths, session, &arranged)?;
    let mut recovery = salvage.recovery(&arranged);
    for (what, file) in salvage.originals()? {
        let len = file.info()?.len;
        recovery.quarantined.push(set_aside(&**disk, paths, &*file, what, 0, len)?);
    }
    if salvage.must_rewrite() {
        let noted = Recovery { quarantined: plan.quarantined, ..recovery.clone() };
        salvage.rewrite(&noted, by, now, &guard)?;
    }
    remove_copies(&**disk, &salvage)?;
    arranged.adopt_texts(&**disk, paths)?;
    recovery.adopted.clone_from(&arranged.adopted);
    if salvage.must_rewrite() {
        remove_superseded(&**disk, paths, &salvage)?;
        let journal = Journal::open(disk, paths.clone(), session.clone())?;
        snapshots::write(&**disk, paths, &snapshot_of(&journal, true))?;
    }
    Ok(recovery)
}

/// Removes the copies that have been read, and were set aside.
fn remove_copies(disk: &dyn Disk, salvage: &Salvage<'_>) -> Result<(), JournalError> {
    for copy in salvage.copies_to_set_aside() {
        disk.remove_file(&copy.path)?;
        copy.path.parent().map_or(Ok(()), |folder| disk.sync_dir(folder))?;
    }
    Ok(())
}

/// Removes what a journal that was written again has made worthless: segments whose records are in
/// it, and snapshots, which say nothing about a journal that they were not made of.
fn remove_superseded(
    disk: &dyn Disk,
    paths: &SessionPaths,
    salvage: &Salvage<'_>,
) -> Result<(), JournalError> {
    let segments = salvage.superseded_segments()?;
    for path in &segments {
        disk.remove_file(path)?;
    }
    if !segments.is_empty() {
        disk.sync_dir(&paths.segments())?;
    }
    for path in salvage.superseded_snapshots() {
        remove_leftover(disk, path)?;
    }
    Ok(snapshots::discard(disk, paths)?)
}

/// There must be a folder of the session's own, and nothing in it of a newer version.
fn check_folder(disk: &dyn Disk, paths: &SessionPaths) -> Result<(), JournalError> {
    if disk.info(paths.root())?.is_none() {
        return Err(JournalError::Missing { path: paths.root().to_owned() });
    }
    stay_inside(disk, paths)?;
    match read_first(disk, &paths.journal())? {
        Some(First::Header { header, .. }) if header.format > FORMAT_SEALED => {
            Err(JournalError::NewerFormat { path: paths.journal(), found: header.format })
        }
        _ => Ok(()),
    }
}

/// The first line of a file; `None` where there is no file.
fn read_first(disk: &dyn Disk, path: &Path) -> Result<Option<First>, JournalError> {
    match disk.open(path, Access::Read) {
        Ok(file) => Ok(Some(read_header(&*file)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
