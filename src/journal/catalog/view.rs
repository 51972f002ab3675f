//! The catalog as a reader sees it: rows of the base, and what the feeds tell on top of them.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::files::{Held, open_named};
use super::unfolded::{Change, Listening, Unfolded};
use crate::disk::{Disk, DiskError, DiskFile};
use crate::format::catalog::{BlockIndex, Current, Row};
use crate::format::layout::CatalogPaths;
use crate::vocabulary::SessionId;

/// Why the catalog cannot be read as it is.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It was folded while it was being read: it has to be opened again.
    #[error("it was replaced while it was being read")]
    Moved,
    /// It has to be made again from the journals.
    #[error("{0}")]
    Spoilt(&'static str),
    /// The medium failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// The catalog as of the last time that it was [heard](View::hear).
#[derive(Debug)]
pub struct View {
    held: Held,
    pub(super) current: Current,
    base: Base,
    /// The last feed, which is told to.
    last: Listening,
    pub(super) unfolded: Unfolded,
}

/// A base whose blocks are read when they are needed, and kept.
#[derive(Debug)]
pub(super) struct Base {
    file: Box<dyn DiskFile>,
    index: BlockIndex,
    kept: Vec<Option<Arc<[Arc<Row>]>>>,
    /// All of them by id, once somebody has asked for one.
    by_id: Option<HashMap<SessionId, Arc<Row>>>,
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
        match Base::open(disk, paths, &current)
            .and_then(|base| Ok((base, hear_all(disk, paths, &current)?)))
        {
            Ok((base, (last, unfolded))) => Ok(Self { held, current, base, last, unfolded }),
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

    /// Whether the feed has got so long that it is time to fold.
    #[must_use]
    pub fn is_due(&self) -> bool {
        let base = self.current.base.as_ref().map_or(0, |base| base.index_at);
        self.last.bytes() > super::feed::bytes_max(base)
    }

    /// Shows every row, newest activity first, until the visitor has seen enough. Sessions that
    /// are pending have none.
    ///
    /// # Errors
    ///
    /// A block that does not prove itself, and those of the medium.
    pub fn visit(
        &mut self,
        mut visit: impl FnMut(&Arc<Row>) -> ControlFlow<()>,
    ) -> Result<(), Unusable> {
        let unfolded = &self.unfolded;
        let mut told = unfolded.rows().peekable();
        for number in 0..self.base.index.blocks.len() {
            for row in self.base.rows(number)?.iter() {
                let place = (std::cmp::Reverse(row.state.last_active), row.state.id.clone());
                while let Some((_, newer)) = told.next_if(|(other, _)| **other < place) {
                    if visit(newer).is_break() {
                        return Ok(());
                    }
                }
                if unfolded.of(&row.state.id).is_none() && visit(row).is_break() {
                    return Ok(());
                }
            }
        }
        for (_, row) in told {
            if visit(row).is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The row of a session.
    ///
    /// # Errors
    ///
    /// As of [`visit`](Self::visit).
    pub fn row_of(&mut self, session: &SessionId) -> Result<Option<Arc<Row>>, Unusable> {
        match self.unfolded.of(session) {
            Some(Change::Row(row)) => return Ok(Some(Arc::clone(row))),
            Some(Change::Pending | Change::Gone) => return Ok(None),
            None => {}
        }
        if self.base.by_id.is_none() {
            let mut by_id = HashMap::new();
            for number in 0..self.base.blocks() {
                let rows = self.base.rows(number)?;
                by_id.extend(rows.iter().map(|row| (row.state.id.clone(), Arc::clone(row))));
            }
            self.base.by_id = Some(by_id);
        }
        Ok(self.base.by_id.as_ref().and_then(|rows| rows.get(session)).cloned())
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

impl Base {
    pub(super) fn open(
        disk: &dyn Disk,
        paths: &CatalogPaths,
        current: &Current,
    ) -> Result<Self, Unusable> {
        let base = current.base.as_ref().ok_or(Unusable::Spoilt("it was never filled"))?;
        let file = open_named(disk, paths, &base.name)?;
        let bound = crate::format::bounds::CATALOG_INDEX_BYTES_MAX;
        let bytes = usize::try_from(base.index_bytes).ok().filter(|bytes| *bytes <= bound);
        let mut bytes = vec![0; bytes.ok_or(Unusable::Spoilt("its index is too long"))?];
        let read = file.read_at(base.index_at, &mut bytes)?;
        let index = BlockIndex::decode(base, bytes.get(..read).unwrap_or_default());
        let index = index.ok_or(Unusable::Spoilt("its index is damaged"))?;
        let kept = vec![None; index.blocks.len()];
        Ok(Self { file, index, kept, by_id: None })
    }

    /// How many blocks there are.
    pub(super) fn blocks(&self) -> usize {
        self.index.blocks.len()
    }

    /// The bytes of a block, which have proved themselves.
    pub(super) fn lines<T>(
        &self,
        number: usize,
        mut each: impl FnMut(&[u8]) -> Option<T>,
    ) -> Result<Vec<T>, Unusable> {
        const DAMAGED: Unusable = Unusable::Spoilt("a block of rows is damaged");
        let block = self.index.blocks.get(number).ok_or(DAMAGED)?;
        let mut bytes = vec![0; block.bytes as usize];
        let read = self.file.read_at(block.offset, &mut bytes)?;
        let lines = block.lines(bytes.get(..read).unwrap_or_default()).ok_or(DAMAGED)?;
        let mut all = Vec::with_capacity(lines.len());
        for line in lines {
            all.push(each(line).ok_or(DAMAGED)?);
        }
        Ok(all)
    }

    fn rows(&mut self, number: usize) -> Result<Arc<[Arc<Row>]>, Unusable> {
        if let Some(Some(rows)) = self.kept.get(number) {
            return Ok(Arc::clone(rows));
        }
        let rows: Arc<[_]> = self.lines(number, |line| Row::decode(line).map(Arc::new))?.into();
        if let Some(kept) = self.kept.get_mut(number) {
            *kept = Some(Arc::clone(&rows));
        }
        Ok(rows)
    }
}
