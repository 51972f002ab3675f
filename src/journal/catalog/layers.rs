//! Files of rows on top of each other, read as one: newest activity first, and of a session the row
//! of the freshest file alone.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::files::open_named;
use super::unfolded::Unfolded;
use super::view::Unusable;
use crate::disk::{Disk, DiskFile};
use crate::format::bounds::CATALOG_INDEX_BYTES_MAX;
use crate::format::catalog::{BaseFile, BlockIndex, Current, Row};
use crate::format::layout::CatalogPaths;
use crate::vocabulary::SessionId;

/// Blocks of a file that are kept once they were read: some thousand sessions, the newest ones.
const KEPT_BLOCKS_MAX: usize = 12;

const DAMAGED: Unusable = Unusable::Spoilt("a block of rows is damaged");

/// Whether an answer may take the time of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// What is needed is read.
    Allowed,
    /// Only what is in memory: where that will not do, the answer is [`Unusable::Unread`].
    FromMemory,
}

/// The files of rows that `current` names, freshest first.
#[derive(Debug, Default)]
pub(super) struct Layers {
    bases: Vec<Base>,
}

/// A file of rows, whose blocks are read when they are needed.
#[derive(Debug)]
struct Base {
    file: Box<dyn DiskFile>,
    index: BlockIndex,
    kept: Vec<Option<Arc<[Row]>>>,
    /// In which block and where in it each session is, once somebody has asked for one.
    places: Option<HashMap<SessionId, (usize, usize)>>,
}

/// How far a file was shown.
#[derive(Default)]
struct Cursor {
    rows: Option<Arc<[Row]>>,
    at: usize,
    next_block: usize,
}

impl Layers {
    pub(super) fn open(
        disk: &dyn Disk,
        paths: &CatalogPaths,
        current: &Current,
    ) -> Result<Self, Unusable> {
        if current.base.is_none() {
            return Err(Unusable::Spoilt("it was never filled"));
        }
        let bases = current.bases().map(|base| Base::open(disk, paths, base));
        Ok(Self { bases: bases.collect::<Result<_, _>>()? })
    }

    /// All but the last file, on top of which they are.
    pub(super) fn above_the_base(mut self) -> Self {
        self.bases.pop();
        self
    }

    /// Shows every row, newest activity first, until the visitor has seen enough: those that were
    /// told, and those of the files of which nothing was told since.
    pub(super) fn visit(
        &mut self,
        unfolded: &Unfolded,
        reading: Reading,
        mut visit: impl FnMut(&Row) -> ControlFlow<()>,
    ) -> Result<(), Unusable> {
        let mut told = unfolded.rows().peekable();
        let mut cursors: Vec<_> = self.bases.iter().map(|_| Cursor::default()).collect();
        loop {
            let next_told = told.peek().map(|row| &***row);
            let seen = match self.first(&mut cursors, next_told, reading)? {
                Some(number) => {
                    let Some(cursor) = cursors.get_mut(number) else { return Ok(()) };
                    cursor.at += 1;
                    let Some(row) = cursor.shown() else { return Ok(()) };
                    if unfolded.of(&row.id).is_some() || self.is_below(number, row, reading)? {
                        continue;
                    }
                    visit(row)
                }
                None => match told.next() {
                    Some(row) => visit(row),
                    None => return Ok(()),
                },
            };
            if seen.is_break() {
                return Ok(());
            }
        }
    }

    /// Shows the rows of the run, if there is one, of which nothing was told since, until the visitor
    /// has seen enough.
    pub(super) fn visit_run(
        &mut self,
        unfolded: &Unfolded,
        mut visit: impl FnMut(&Row) -> ControlFlow<()>,
    ) -> Result<(), Unusable> {
        let [run, _base] = self.bases.as_mut_slice() else { return Ok(()) };
        for number in 0..run.index.blocks.len() {
            let rows = run.rows(number, Reading::Allowed)?;
            for row in rows.iter().filter(|row| unfolded.of(&row.id).is_none()) {
                if visit(row).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The file whose next row comes before those of the others and the one that was told; `None`
    /// where that one comes first. Blocks that cannot have it are not read.
    fn first(
        &mut self,
        cursors: &mut [Cursor],
        told: Option<&Row>,
        reading: Reading,
    ) -> Result<Option<usize>, Unusable> {
        let mut newest_us = told.map_or(i64::MIN, |row| row.last_active.as_micros());
        for (base, cursor) in self.bases.iter_mut().zip(cursors.iter_mut()) {
            cursor.load(base, newest_us, reading)?;
            let active_us = cursor.row().map(|row| row.last_active.as_micros());
            newest_us = newest_us.max(active_us.unwrap_or(i64::MIN));
        }
        let rows = cursors.iter().enumerate();
        let rows = rows.filter_map(|(number, cursor)| Some((number, cursor.row()?)));
        let first = rows.reduce(|one, other| if other.1.is_before(one.1) { other } else { one });
        let first = first.filter(|(_, row)| told.is_none_or(|told| row.is_before(told)));
        Ok(first.map(|(number, _)| number))
    }

    /// Whether a fresher file has another row of the same session.
    fn is_below(&mut self, number: usize, row: &Row, reading: Reading) -> Result<bool, Unusable> {
        for fresher in self.bases.iter_mut().take(number) {
            if fresher.places(reading)?.contains_key(&row.id) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The row of a session of which nothing was told.
    pub(super) fn row_of(&mut self, session: &SessionId) -> Result<Option<Row>, Unusable> {
        for base in &mut self.bases {
            let place = base.places(Reading::Allowed)?.get(session).copied();
            if let Some((block, at)) = place {
                return Ok(base.rows(block, Reading::Allowed)?.get(at).cloned());
            }
        }
        Ok(None)
    }
}

impl Cursor {
    /// The next row to be shown.
    fn row(&self) -> Option<&Row> {
        self.rows.as_ref()?.get(self.at)
    }

    /// The one that was shown last.
    fn shown(&self) -> Option<&Row> {
        self.rows.as_ref()?.get(self.at.checked_sub(1)?)
    }

    /// Reads the next block where one is done with, unless all that it holds is older.
    fn load(&mut self, base: &mut Base, newest_us: i64, reading: Reading) -> Result<(), Unusable> {
        while self.row().is_none() {
            match base.index.blocks.get(self.next_block) {
                Some(block) if block.newest_us >= newest_us => {
                    self.rows = Some(base.rows(self.next_block, reading)?);
                    (self.at, self.next_block) = (0, self.next_block + 1);
                }
                _ => return Ok(()),
            }
        }
        Ok(())
    }
}

impl Base {
    fn open(disk: &dyn Disk, paths: &CatalogPaths, base: &BaseFile) -> Result<Self, Unusable> {
        let file = open_named(disk, paths, &base.name)?;
        let bytes = usize::try_from(base.index_bytes).ok();
        let bytes = bytes.filter(|bytes| *bytes <= CATALOG_INDEX_BYTES_MAX);
        let mut bytes = vec![0; bytes.ok_or(Unusable::Spoilt("its index is too long"))?];
        let read = file.read_at(base.index_at, &mut bytes)?;
        let index = BlockIndex::decode(base, bytes.get(..read).unwrap_or_default());
        let index = index.ok_or(Unusable::Spoilt("its index is damaged"))?;
        let kept = vec![None; index.blocks.len()];
        Ok(Self { file, index, kept, places: None })
    }

    fn rows(&mut self, number: usize, reading: Reading) -> Result<Arc<[Row]>, Unusable> {
        if let Some(Some(rows)) = self.kept.get(number) {
            return Ok(Arc::clone(rows));
        }
        if reading == Reading::FromMemory {
            return Err(Unusable::Unread);
        }
        let block = self.index.blocks.get(number).ok_or(DAMAGED)?;
        let mut bytes = vec![0; block.bytes as usize];
        let read = self.file.read_at(block.offset, &mut bytes)?;
        bytes.truncate(read);
        let rows: Arc<[Row]> = block.rows(bytes).ok_or(DAMAGED)?.into();
        // Whoever asks for single sessions will ask for more of them.
        let is_kept = number < KEPT_BLOCKS_MAX || self.places.is_some();
        if let Some(kept) = self.kept.get_mut(number).filter(|_| is_kept) {
            *kept = Some(Arc::clone(&rows));
        }
        Ok(rows)
    }

    fn places(
        &mut self,
        reading: Reading,
    ) -> Result<&HashMap<SessionId, (usize, usize)>, Unusable> {
        let places = match self.places.take() {
            Some(places) => places,
            None => {
                let mut places = HashMap::new();
                for number in 0..self.index.blocks.len() {
                    let rows = self.rows(number, reading)?;
                    let ids = rows.iter().map(|row| row.id.clone()).enumerate();
                    places.extend(ids.map(|(at, id)| (id, (number, at))));
                }
                places
            }
        };
        Ok(self.places.insert(places))
    }
}
