//! What processes have measured: told to the feed, summed up when it is folded, and read by whoever
//! wants to know.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::debug;

use super::feed::{Feed, Place, TRIES_MAX};
use super::files::{Held, is_absent, open_named};
use super::unfolded::{Listening, Unfolded};
use super::view::Unusable;
use crate::disk::{Access, Disk, DiskError};
use crate::format::bounds::{SUM_BYTES_MAX, SUM_IDS_MAX};
use crate::format::catalog::{Current, Measured, Sum, file_name};
use crate::format::layout::CatalogPaths;
use crate::journal::files::{Durability, write_new};
use crate::vocabulary::{Figures, WriteFigures};

/// What this process has measured of its appends, and what of that it has told.
#[derive(Debug, Default)]
pub(super) struct Measuring {
    appends: Mutex<WriteFigures>,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    appends: WriteFigures,
    /// How often something was told.
    times: u64,
}

impl Feed {
    /// Counts an append, or a part of one.
    pub(in crate::journal) fn measure(&self, count: impl FnOnce(&mut WriteFigures)) {
        count(&mut held(&self.measuring.appends));
    }

    /// What this process has measured of its appends.
    #[must_use]
    pub fn write_figures(&self) -> WriteFigures {
        held(&self.measuring.appends).clone()
    }

    /// Tells what operations have come to since this was called last, and adds what appends have.
    /// It makes no catalog. False where nothing was told, and it has to be told again.
    pub fn tell_figures(&self, disk: &dyn Disk, operations: &Figures) -> bool {
        let mut told = held(&self.measuring.told);
        let appends = self.write_figures();
        let mut figures = operations.clone();
        figures.writes.merge(&appends.since(&told.appends));
        if figures.is_empty() {
            return true;
        }
        let is_told = self.tell_once(disk, &Measured::entries(figures)).unwrap_or_else(|error| {
            debug!(%error, "cannot tell the catalog what was measured");
            false
        });
        if is_told {
            (told.appends, told.times) = (appends, told.times + 1);
        }
        is_told
    }

    /// Appends entries that must not be counted twice. Answers false where there is no catalog.
    fn tell_once(&self, disk: &dyn Disk, entries: &[u8]) -> Result<bool, DiskError> {
        let mut first: Option<Arc<Place>> = None;
        for _ in 0..TRIES_MAX {
            let place = match (self.place(disk, false), &first) {
                (Ok(Some(place)), None) => place,
                // Whether the first time was counted is known as long as its feed is among those
                // that were folded last: then this one will not be. Later nobody can say any more.
                (Ok(Some(place)), Some(first)) if place.follows(first) => place,
                (Ok(None), None) => return Ok(false),
                (Err(error), None) => return Err(error),
                (_, Some(_)) => return Ok(true),
            };
            // It may have been opened long ago, and folded many times since.
            if first.is_none() && !place.is_in_place(disk, self.paths())? {
                self.leave(&place);
                continue;
            }
            if let Err(error) = place.append(entries) {
                self.leave(&place);
                return if first.is_some() { Ok(true) } else { Err(error) };
            }
            if let Ok(true) = place.is_in_place(disk, self.paths()) {
                self.count_told(entries.len());
                return Ok(true);
            }
            self.leave(&place);
            first.get_or_insert(place);
        }
        Ok(first.is_some())
    }

    /// What all processes have told, and the appends that this one has still to tell of. Nothing
    /// where there is no catalog, or one that will be made again.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    pub fn told_figures(&self, disk: &dyn Disk) -> Result<Figures, DiskError> {
        loop {
            let before = held(&self.measuring.told).times;
            let mut figures = read_figures(disk, self.paths())?;
            let told = held(&self.measuring.told);
            // Otherwise some appends may be in both or in neither. Figures are told so seldom that
            // this is not met twice.
            if told.times == before {
                figures.writes.merge(&self.write_figures().since(&told.appends));
                return Ok(figures);
            }
        }
    }
}

/// What the sum and the feeds say.
fn read_figures(disk: &dyn Disk, paths: &CatalogPaths) -> Result<Figures, DiskError> {
    for _ in 0..TRIES_MAX {
        let Some(held) = Held::open(disk, paths)? else { break };
        let Some(current) = held.read()? else { break };
        let mut sum = read_sum(disk, paths, &current)?.unwrap_or_default();
        let told = hear_measured(disk, paths, &current.feeds)?;
        let told = told.iter().filter_map(|json| Measured::read(json));
        told.for_each(|measured| sum.add(&measured));
        // Otherwise files may have been removed by whoever has folded them into others.
        if held.is_in_place(disk, paths)? {
            return Ok(sum.figures);
        }
    }
    Ok(Figures::default())
}

/// What was told to feeds, as far as they can be read: a feed that is damaged costs what comes after
/// the damage, and one that is gone all of it.
fn hear_measured(
    disk: &dyn Disk,
    paths: &CatalogPaths,
    feeds: &[String],
) -> Result<Vec<Box<str>>, DiskError> {
    let mut heard = Unfolded::default();
    for name in feeds {
        let feed = open_named(disk, paths, name).map(Listening::new);
        if let Err(Unusable::Disk(error)) = feed.and_then(|mut feed| feed.hear(&mut heard)) {
            return Err(error);
        }
    }
    Ok(heard.measured)
}

/// Sums up what was told to feeds that are being folded. Answers with the file of the new sum, and
/// with the feeds of which it knows what it has of them.
pub(super) fn fold_measured(
    disk: &dyn Disk,
    paths: &CatalogPaths,
    old: &Current,
    told: &[Box<str>],
) -> Result<(Option<String>, Vec<String>), DiskError> {
    if told.is_empty() {
        return Ok((old.measured.clone(), old.feeds.clone()));
    }
    let mut sum = read_sum(disk, paths, old)?.unwrap_or_default();
    let mut ids = HashSet::new();
    for measured in told.iter().filter_map(|json| Measured::read(json)) {
        sum.add(&measured);
        ids.insert(measured.id);
    }
    let knows_all = ids.len() <= SUM_IDS_MAX;
    sum.ids = if knows_all { ids } else { HashSet::new() };
    let folded = if knows_all { old.feeds.clone() } else { Vec::new() };
    let Some(bytes) = sum.encode() else { return Ok((None, Vec::new())) };
    let name = file_name("measured");
    write_new(disk, &paths.file(&name), &bytes, Durability::Buffered)?;
    Ok((Some(name), folded))
}

/// The same of a catalog whose rows nobody believes any more, as far as it can be read: what was
/// measured proves itself.
pub(super) fn carry_measured(
    disk: &dyn Disk,
    paths: &CatalogPaths,
    old: &Current,
) -> (Option<String>, Vec<String>) {
    let carried = hear_measured(disk, paths, &old.feeds)
        .and_then(|told| fold_measured(disk, paths, old, &told));
    // It begins at zero, rather than that the catalog cannot be made.
    carried.unwrap_or_default()
}

/// The sum that `current` names; `None` where there is none, or none that proves itself.
fn read_sum(
    disk: &dyn Disk,
    paths: &CatalogPaths,
    current: &Current,
) -> Result<Option<Sum>, DiskError> {
    let Some(name) = &current.measured else { return Ok(None) };
    let file = match disk.open(&paths.file(name), Access::Read) {
        Err(error) if is_absent(&error) => return Ok(None),
        file => file?,
    };
    let len = usize::try_from(file.info()?.len).unwrap_or(usize::MAX);
    if len > SUM_BYTES_MAX {
        return Ok(None);
    }
    let mut bytes = vec![0; len];
    let read = file.read_at(0, &mut bytes)?;
    bytes.truncate(read);
    Ok(Sum::decode(&bytes))
}

/// Figures are whole between any two of their changes, so a panic elsewhere does not spoil them.
fn held<T>(figures: &Mutex<T>) -> MutexGuard<'_, T> {
    figures.lock().unwrap_or_else(PoisonError::into_inner)
}
