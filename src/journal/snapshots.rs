//! Snapshots: written by the writer once enough records have passed, used when a journal is
//! opened, thrown away when they are stale or bad.

use std::io::ErrorKind;
use std::path::Path;

use super::files::{Durability, read_bounded, remove_leftover, write_new};
use crate::disk::{Disk, DiskError, DiskFile, Folder};
use crate::format::bounds::{LINE_BYTES_MAX, SNAPSHOT_BYTES_MAX};
use crate::format::layout::SessionPaths;
use crate::format::{JournalId, Seed, Snapshot, SnapshotFault, parse, verify_checksum};

/// A snapshot file that could not be used.
#[derive(Debug)]
pub struct BadSnapshot {
    /// Which of the two files.
    pub name: &'static str,
    /// What is wrong with it.
    pub fault: SnapshotFault,
}

/// What the two snapshot files of a session hold.
#[derive(Debug, Default)]
pub struct Snapshots {
    /// Those that can be read, the newest first.
    pub readable: Vec<Snapshot>,
    /// Those that cannot.
    pub bad: Vec<BadSnapshot>,
}

impl Snapshots {
    /// Reads both files, as snapshots of one journal where its id is known. One that was not in the
    /// folder when that was looked into is not asked for.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    pub fn read(
        disk: &dyn Disk,
        paths: &SessionPaths,
        journal: Option<JournalId>,
        folder: Option<&Folder>,
    ) -> Result<Self, DiskError> {
        let mut snapshots = Self::default();
        let files = [
            (paths.snapshot(), "snapshot.json"),
            (paths.snapshot_previous(), "snapshot.previous.json"),
        ];
        for (path, name) in files {
            if folder.is_none_or(|folder| folder.holds(name)) {
                snapshots.read_one(disk, &path, name, journal)?;
            }
        }
        snapshots.readable.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.seq));
        Ok(snapshots)
    }

    fn read_one(
        &mut self,
        disk: &dyn Disk,
        path: &Path,
        name: &'static str,
        journal: Option<JournalId>,
    ) -> Result<(), DiskError> {
        let bytes = match read_bounded(disk, path, SNAPSHOT_BYTES_MAX) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::FileTooLarge => {
                self.bad.push(BadSnapshot { name, fault: SnapshotFault::TooLarge });
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let decoded = Snapshot::decode(&bytes).and_then(|snapshot| match journal {
            Some(id) if id != snapshot.journal => {
                Err(SnapshotFault::Journal { journal: snapshot.journal })
            }
            _ => Ok(snapshot),
        });
        match decoded {
            Ok(snapshot) => self.readable.push(snapshot),
            Err(fault) => self.bad.push(BadSnapshot { name, fault }),
        }
        Ok(())
    }

    /// The sequence number that the journal is known to have reached.
    #[must_use]
    pub fn floor(&self) -> u64 {
        let durable = self.readable.iter().filter(|snapshot| snapshot.durable);
        durable.map(|snapshot| snapshot.seq).max().unwrap_or(0)
    }
}

/// Whether the journal still holds, where the snapshot says, the record that it was folded to.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn agrees(
    snapshot: &Snapshot,
    file: &dyn DiskFile,
    seed: Seed,
) -> Result<bool, DiskError> {
    let length = snapshot.end_offset.checked_sub(snapshot.last_offset);
    let Some(length) = length.filter(|length| (1..=LINE_BYTES_MAX as u64).contains(length)) else {
        return Ok(false);
    };
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    let read = file.read_at(snapshot.last_offset, &mut bytes)?;
    let line = bytes.get(..read).and_then(|bytes| bytes.strip_suffix(b"\n"));
    let Some(line) = line.filter(|line| verify_checksum(seed, line).is_ok()) else {
        return Ok(false);
    };
    Ok(parse(line).is_ok_and(|view| view.seq == snapshot.seq && view.link() == snapshot.head))
}

/// Puts a snapshot in the place of the newest one, which becomes the previous one.
///
/// # Errors
///
/// Those of the medium. The older snapshots stay usable whatever fails.
pub(super) fn write(
    disk: &dyn Disk,
    paths: &SessionPaths,
    snapshot: &Snapshot,
) -> Result<(), DiskError> {
    let Ok(bytes) = snapshot.encode() else {
        // A state too large for a snapshot is replayed instead.
        return Ok(());
    };
    let durability = if snapshot.durable { Durability::Sync } else { Durability::Buffered };
    let successor = paths.snapshot_successor();
    remove_leftover(disk, &successor)?;
    write_new(disk, &successor, &bytes, durability)?;
    match disk.rename(&paths.snapshot(), &paths.snapshot_previous()) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    disk.rename(&successor, &paths.snapshot())?;
    match durability {
        Durability::Sync => disk.sync_dir(paths.root()),
        Durability::Buffered => Ok(()),
    }
}

/// Removes both snapshots, which a rewritten journal has made worthless.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn discard(disk: &dyn Disk, paths: &SessionPaths) -> Result<(), DiskError> {
    remove_leftover(disk, &paths.snapshot())?;
    remove_leftover(disk, &paths.snapshot_previous())
}
