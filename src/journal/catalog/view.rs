//! The catalog as a reader sees it: rows of the base, and what the feeds tell on top of them.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::files::{Held, open_named};
use super::layers::{Layers, Reading};
use super::unfolded::{Change, Listening, Unfolded};
use crate::disk::{Disk, DiskError};
use crate::format::bounds::FEED_BYTES_MAX;
use crate::format::catalog::{Current, Row};
use crate::format::layout::CatalogPaths;
use crate::vocabulary::SessionId;

/// How many views this process has opened.
static VIEWS: AtomicU64 = AtomicU64::new(0);

/// Why the catalog cannot be read as it is.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It was folded while it was being read: it has to be opened again.
    #[error("it was replaced while it was being read")]
    Moved,
    /// It has to be made again from the journals.
    #[error("{0}")]
    Spoilt(&'static str),
    /// What is in memory will not do for an answer.
    #[error("not all of it is in memory")]
    Unread,
    /// The medium failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// How far a process had heard the catalog at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermark {
    view: u64,
    heard: u64,
}

/// The catalog as of the last time that it was [heard](View::hear).
#[derive(Debug)]
pub struct View {
    /// Which one of this process it is.
    number: u64,
    pub(super) held: Arc<Held>,
    /// What it says.
    pub(super) current: Current,
    layers: Layers,
    /// The last feed, which is told to.
    last: Listening,
    pub(super) unfolded: Unfolded,
}

impl View {
    /// Opens the catalog: what names its files, the feeds, and the index of the base.
    ///
    /// # Errors
    ///
    /// It cannot be believed, was folded in between, or the medium failed.
    pub fn open(disk: &dyn Disk, paths: &CatalogPaths) -> Result<Self, Unusable> {
        let held = Held::open(disk, paths)?.ok_or(Unusable::Spoilt("there is none"))?;
        let current = held.read()?.ok_or(Unusable::Spoilt("what names its files is damaged"))?;
        if disk.boot_id().as_deref() != Some(current.boot.as_str()) {
            return Err(Unusable::Spoilt("the machine has been started again"));
        }
        let named = match Self::open_files(disk, paths, held, current) {
            // Whatever else may be wrong with files that nothing names any more does not matter.
            Err((held, _)) if !held.is_in_place(disk, paths)? => return Err(Unusable::Moved),
            Err((_, Unusable::Moved)) => return Err(Unusable::Spoilt("one of its files is gone")),
            opened => opened,
        };
        named.map_err(|(_, unusable)| unusable)
    }

    #[allow(clippy::result_large_err, reason = "the handle goes back to who asks about it")]
    fn open_files(
        disk: &dyn Disk,
        paths: &CatalogPaths,
        held: Held,
        current: Current,
    ) -> Result<Self, (Held, Unusable)> {
        let opened = Layers::open(disk, paths, &current);
        match opened.and_then(|layers| Ok((layers, hear_all(disk, paths, &current)?))) {
            Ok((layers, (last, unfolded))) => {
                let number = VIEWS.fetch_add(1, Ordering::Relaxed);
                let held = Arc::new(held);
                Ok(Self { number, held, current, layers, last, unfolded })
            }
            Err(unusable) => Err((held, unusable)),
        }
    }

    /// Hears what was told since the last time.
    ///
    /// # Errors
    ///
    /// As of [`open`](Self::open).
    pub fn hear(&mut self, disk: &dyn Disk, paths: &CatalogPaths) -> Result<(), Unusable> {
        if !self.held.is_in_place(disk, paths)? {
            return Err(Unusable::Moved);
        }
        self.last.hear(&mut self.unfolded)
    }

    /// Whether this is all that there is to hear, and the folder of sessions is as it was.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    pub fn is_current(&self, disk: &dyn Disk, paths: &CatalogPaths) -> Result<bool, DiskError> {
        Ok(self.last.is_at_the_end()?
            && self.held.is_in_place(disk, paths)?
            && self.is_folder_known(disk, paths)?)
    }

    /// How far the catalog was heard.
    #[must_use]
    pub fn watermark(&self) -> Watermark {
        Watermark { view: self.number, heard: self.unfolded.heard() }
    }

    /// How many changes were heard.
    pub(super) fn heard(&self) -> u64 {
        self.unfolded.heard()
    }

    /// The last word about each session of which one was heard after so many changes.
    pub(super) fn changes_since(&self, heard: u64) -> impl Iterator<Item = (&SessionId, &Change)> {
        self.unfolded.since(heard)
    }

    /// The name of the base; no other base ever has it.
    pub(super) fn base(&self) -> Option<&str> {
        self.current.base.as_ref().map(|base| base.name.as_str())
    }

    /// Whether nobody has told of a session since, nor was about to change it.
    #[must_use]
    pub fn is_untold(&self, session: &SessionId, since: Watermark) -> bool {
        let last = self.unfolded.last_heard(session);
        let is_at_rest = !matches!(self.unfolded.of(session), Some(Change::Pending));
        since.view == self.number && is_at_rest && last.is_none_or(|last| last <= since.heard)
    }

    /// The sessions whose journals have to be looked at.
    #[must_use]
    pub fn pending(&self) -> Vec<SessionId> {
        self.unfolded.pending.iter().cloned().collect()
    }

    /// Names in the folder of sessions that no session can have.
    #[must_use]
    pub fn strangers(&self) -> &[String] {
        &self.unfolded.strangers
    }

    /// How much of the last feed was heard.
    pub(super) fn heard_bytes(&self) -> u64 {
        self.last.bytes()
    }

    /// Whether the feed has got so long that it is time to fold.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.last.bytes() > FEED_BYTES_MAX
    }

    /// Shows every row, newest activity first, until the visitor has seen enough. Sessions that
    /// are pending have none.
    ///
    /// # Errors
    ///
    /// A block that does not prove itself, and those of the medium.
    pub fn visit(
        &mut self,
        reading: Reading,
        visit: impl FnMut(&Row) -> ControlFlow<()>,
    ) -> Result<(), Unusable> {
        self.layers.visit(&self.unfolded, reading, visit)
    }

    /// Shows the rows of the run of which nothing was told since.
    ///
    /// # Errors
    ///
    /// As of [`visit`](Self::visit).
    pub(super) fn visit_run(
        &mut self,
        visit: impl FnMut(&Row) -> ControlFlow<()>,
    ) -> Result<(), Unusable> {
        self.layers.visit_run(&self.unfolded, visit)
    }

    /// The row of a session.
    ///
    /// # Errors
    ///
    /// As of [`visit`](Self::visit).
    pub fn row_of(&mut self, session: &SessionId) -> Result<Option<Row>, Unusable> {
        match self.unfolded.of(session) {
            Some(Change::Row(row)) => Ok(Some(Row::clone(row))),
            Some(Change::Pending | Change::Gone) => Ok(None),
            None => self.layers.row_of(session),
        }
    }
}

/// Hears all feeds that are named. The last one can be heard again.
pub(super) fn hear_all(
    disk: &dyn Disk,
    paths: &CatalogPaths,
    current: &Current,
) -> Result<(Listening, Unfolded), Unusable> {
    let mut unfolded = Unfolded::default();
    unfolded.looked = current.looked;
    unfolded.strangers.clone_from(&current.strangers);
    let mut last = None;
    for name in &current.feeds {
        let mut feed = Listening::new(open_named(disk, paths, name)?);
        feed.hear(&mut unfolded)?;
        last = Some(feed);
    }
    Ok((last.ok_or(Unusable::Spoilt("it has no feed"))?, unfolded))
}
