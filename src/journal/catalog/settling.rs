//! From a journal to its row.

use std::sync::Arc;
use std::time::Duration;

use super::feed::Feed;
use crate::disk::{Disk, EntryInfo, EntryKind, FileLock};
use crate::format::catalog::{Row, Stamp};
use crate::format::layout::CatalogPaths;
use crate::journal::{Condition, Journal, JournalError};
use crate::vocabulary::SessionId;

/// How long ago the last change of a session must have been for its writer to be done: as long as a
/// writer that goes on lets readers wait for a row.
const QUIET_NS: i64 = 1_000_000_000;

/// What a journal comes to.
#[derive(Debug)]
pub(super) enum Replayed {
    /// A sound session.
    Row(Box<Row>),
    /// Something is wrong with it: it is looked at each time.
    Unsound,
    /// There is no such session.
    Missing,
}

/// What a journal's file looks like.
pub(super) fn stamp_of(
    disk: &dyn Disk,
    paths: &CatalogPaths,
    session: &SessionId,
) -> Option<Stamp> {
    let info = disk.info(&paths.session(session).journal()).ok()??;
    Some(stamp_from(&info))
}

/// The same from a look that was taken.
pub(in crate::journal) fn stamp_from(info: &EntryInfo) -> Stamp {
    Stamp { inode: info.identity.inode, bytes: info.len, changed_ns: info.changed_ns }
}

/// Reads a session's journal. Whoever holds no lock may find a writer's work half done, which the
/// writer has told of before.
pub(super) fn replay(disk: &Arc<dyn Disk>, paths: &CatalogPaths, session: &SessionId) -> Replayed {
    // Before it is read: what changes in between makes the stamp one of the past.
    let stamp = stamp_of(&**disk, paths, session);
    match Journal::open(disk, paths.session(session), session.clone()) {
        Ok(journal) => {
            let stamp = stamp.filter(|_| is_sound(&journal));
            let row =
                stamp.and_then(|stamp| Row::new(stamp, &journal.replay().projection.metadata));
            row.map_or(Replayed::Unsound, |row| Replayed::Row(Box::new(row)))
        }
        Err(JournalError::Missing { .. }) => Replayed::Missing,
        Err(_) => Replayed::Unsound,
    }
}

/// Whether a row can stand for a journal.
pub(in crate::journal) fn is_sound(journal: &Journal) -> bool {
    let replay = journal.replay();
    replay.condition == Condition::Sound && replay.findings.is_empty()
}

/// Reads a session's journal while nobody writes to it, if that can be had at once, and hands its
/// row over before anybody can.
pub(super) fn settle(
    disk: &Arc<dyn Disk>,
    paths: &CatalogPaths,
    session: &SessionId,
    tell: impl FnOnce(Box<Row>) -> bool,
) -> bool {
    // A link in its place may lead out of the store, where nothing is to be made.
    let root = disk.info(paths.session(session).root());
    if !matches!(root, Ok(Some(EntryInfo { kind: EntryKind::Directory, .. }))) {
        return false;
    }
    let Ok(lock) = FileLock::open(&**disk, &paths.session(session).lock()) else { return false };
    let Ok(guard) = lock.shared(Duration::ZERO) else { return false };
    // The lock of a session that has been removed and made again keeps nobody out.
    if !lock.is_in_place(&**disk).unwrap_or(false) {
        return false;
    }
    match replay(disk, paths, session) {
        // Before its row is told: after that, each change has to be announced again.
        Replayed::Row(row) => guard.silence().is_ok() && tell(row),
        Replayed::Unsound | Replayed::Missing => false,
    }
}

/// Reads a session's journal for all who read the catalog, if that can be had at once.
fn settle_for_all(disk: &Arc<dyn Disk>, feed: &Feed, session: &SessionId) -> bool {
    settle(disk, feed.paths(), session, |row| feed.told_row(&**disk, *row))
}

/// The same for a session that nobody seems to be writing to. A writer at work would be kept out
/// meanwhile, and would have to announce its next change; and it tells a row before long.
pub fn settle_if_quiet(disk: &Arc<dyn Disk>, feed: &Feed, session: &SessionId) -> bool {
    let stamp = stamp_of(&**disk, feed.paths(), session);
    let is_quiet = stamp.is_some_and(|stamp| {
        let since = disk.now_ns().saturating_sub(stamp.changed_ns);
        !(0..QUIET_NS).contains(&since)
    });
    is_quiet && settle_for_all(disk, feed, session)
}

/// Settles a session for all who read the catalog, or tells them to look at it.
pub(super) fn settle_or_intend(disk: &Arc<dyn Disk>, feed: &Feed, session: &SessionId) -> bool {
    settle_for_all(disk, feed, session) || feed.intend(&**disk, session).is_ok()
}
