//! Sessions that were moved in or out by hand: the folder of sessions against what was told.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::sync::Arc;

use super::feed::Feed;
use super::layers::Reading;
use super::settling::{settle_or_intend, stamp_of};
use super::unfolded::Change;
use super::view::{Unusable, View};
use crate::disk::{Disk, DiskError};
use crate::format::catalog::{Entry, Looked, Stamp};
use crate::format::layout::CatalogPaths;
use crate::vocabulary::SessionId;

/// How long ago a change must have been for its time to be its own: clocks of file systems tick
/// every few milliseconds, and a change in the same tick would have the same time.
pub const RACY_NS: i64 = 20_000_000;

/// Most names that no session can have which are told of; with more, each listing looks itself.
const STRANGERS_MAX: usize = 16;

/// The folder of sessions at a moment.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// When it was changed last, where any later change would have a later time.
    pub(super) changed_ns: Option<i64>,
    pub(super) sessions: Vec<SessionId>,
    pub(super) strangers: Vec<String>,
}

/// Whether a change is so long past that any later one has a later time.
pub(super) fn is_past(changed_ns: i64, now_ns: i64) -> bool {
    changed_ns.saturating_add(RACY_NS) < now_ns
}

/// Reads the folder of sessions.
pub(super) fn look(disk: &dyn Disk, paths: &CatalogPaths) -> Result<Look, DiskError> {
    let folder = paths.sessions();
    let now = disk.now_ns();
    let before = disk.info(&folder)?.map(|info| info.changed_ns);
    let names = match disk.list_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        names => names?,
    };
    let after = disk.info(&folder)?.map(|info| info.changed_ns);
    let mut look = Look::default();
    for (name, _) in names {
        match name.parse() {
            Ok(session) => look.sessions.push(session),
            Err(_) if name.starts_with('.') => {}
            Err(_) => look.strangers.push(name),
        }
    }
    look.strangers.sort();
    let is_its_own = |changed: &i64| is_past(*changed, now);
    let told_of = look.strangers.len() <= STRANGERS_MAX;
    look.changed_ns = before.filter(is_its_own).filter(|_| before == after && told_of);
    Ok(look)
}

impl View {
    /// Whether the folder of sessions is as it was when it was looked at last.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    pub fn is_folder_known(
        &self,
        disk: &dyn Disk,
        paths: &CatalogPaths,
    ) -> Result<bool, DiskError> {
        let now = disk.info(&paths.sessions())?.map(|info| info.changed_ns);
        Ok(now.is_some() && now == self.unfolded.looked)
    }

    /// Compares the folder of sessions with the rows, and each journal's file with its row's stamp,
    /// and tells what is different. Whatever cannot be told is still known to this view.
    ///
    /// # Errors
    ///
    /// The catalog turns out to be unusable, and those of the medium.
    pub fn compare(&mut self, disk: &Arc<dyn Disk>, feed: &Feed) -> Result<(), Unusable> {
        const TOO_MUCH: Unusable = Unusable::Spoilt("too many sessions are gone");

        let paths = feed.paths();
        let look = look(&**disk, paths)?;
        let mut known = self.stamps()?;
        let mut different = Vec::new();
        for session in look.sessions {
            let is_known = match known.remove(&session) {
                Some(Some(stamp)) => stamp_of(&**disk, paths, &session) == Some(stamp),
                Some(None) => true,
                None => false,
            };
            if !is_known {
                different.push(session);
            }
        }
        let gone: Vec<SessionId> = known.into_keys().collect();
        for session in &different {
            self.unfolded.set(session.clone(), Change::Pending);
        }
        for session in &gone {
            self.unfolded.set(session.clone(), Change::Gone);
        }
        self.unfolded.strangers.clone_from(&look.strangers);
        let mut all_told = true;
        for session in &different {
            all_told &= settle_or_intend(disk, feed, session);
        }
        self.unfolded.looked = look.changed_ns;
        if let Some(changed_ns) = look.changed_ns.filter(|_| all_told) {
            let looked = Looked { changed_ns, gone, strangers: look.strangers };
            let entry = Entry::Looked(looked).encode().ok_or(TOO_MUCH)?;
            // Whoever reads next looks again, if this is not told.
            let _best_effort = feed.tell(&**disk, &entry);
        }
        self.hear(&**disk, paths)
    }

    /// The stamp of every session that was told of; `None` for those that are pending.
    fn stamps(&mut self) -> Result<HashMap<SessionId, Option<Stamp>>, Unusable> {
        let mut stamps = HashMap::new();
        self.visit(Reading::Allowed, |row| {
            stamps.insert(row.id.clone(), Some(row.stamp));
            std::ops::ControlFlow::Continue(())
        })?;
        stamps.extend(self.unfolded.pending.iter().map(|session| (session.clone(), None)));
        Ok(stamps)
    }
}
