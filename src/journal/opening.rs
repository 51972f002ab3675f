//! Opening a journal: the best snapshot, and what has been appended since.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use super::JournalError;
use super::history::{First, Opened, open_history, other_session};
use super::reader::{Position, Reader};
use super::replay::{Condition, Replay};
use super::snapshots::{Snapshots, agrees};
use super::whole::WholeJournal;
use crate::disk::{
    Access, Disk, DiskError, DiskFile, DiskOperation, EntryKind, FileIdentity, FileLock,
};
use crate::format::bounds::PADDING;
use crate::format::layout::SessionPaths;
use crate::format::{JournalId, Seed, Snapshot};
use crate::vocabulary::{Digest, Finding, FindingClass, Projection, SessionId, Timestamp};

/// A journal that was opened and replayed. It is a cache: [`refresh`](Journal::refresh) brings it
/// up to what is on the medium.
#[derive(Debug)]
pub struct Journal {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) paths: SessionPaths,
    pub(super) session: SessionId,
    pub(super) file: WholeJournal,
    pub(super) identity: FileIdentity,
    /// When its header says that the session was made.
    pub(super) began: Timestamp,
    pub(super) id: JournalId,
    pub(super) seed: Seed,
    pub(super) replay: Replay,
    /// The record that the newest snapshot was folded to.
    pub(super) snapshot_seq: u64,
    /// Where reading went on of late, oldest first.
    places: VecDeque<Position>,
}

/// Most places that are remembered: whoever follows a journal asks for what came since one of the
/// last few looks at it.
const PLACES_MAX: usize = 32;

/// How often a reader who cannot have the lock looks again: writers need to be in the middle of
/// another write each time, for so short a time that a few looks are enough.
const LOOKS_MAX: usize = 8;

impl Journal {
    /// Opens and replays a session's journal. It takes no lock and changes nothing; damage is in
    /// the findings.
    ///
    /// # Errors
    ///
    /// [`JournalError::Missing`], [`JournalError::NewerFormat`], [`JournalError::Corrupted`] where
    /// not even the journal's id can be proved, and the errors of the medium.
    pub fn open(
        disk: &Arc<dyn Disk>,
        paths: SessionPaths,
        session: SessionId,
    ) -> Result<Self, JournalError> {
        let (mut journal, floor) = Self::begin(disk, paths, session)?;
        journal.read_on()?;
        journal.replay.check_floor(&journal.session, floor);
        Ok(journal)
    }

    /// The same without reading the records, for those who read them themselves: until it is
    /// [refreshed](Self::refresh), its state is that of its newest snapshot.
    ///
    /// # Errors
    ///
    /// As of [`open`](Self::open).
    pub fn open_unread(
        disk: &Arc<dyn Disk>,
        paths: SessionPaths,
        session: SessionId,
    ) -> Result<Self, JournalError> {
        Self::begin(disk, paths, session).map(|(journal, _)| journal)
    }

    /// A journal as of its newest snapshot, and the record that it is known to have reached.
    fn begin(
        disk: &Arc<dyn Disk>,
        paths: SessionPaths,
        session: SessionId,
    ) -> Result<(Self, u64), JournalError> {
        let file = open_file(&**disk, &paths, &session)?;
        let Opened { file, first, snapshots, id } =
            open_history(disk, &paths, &session, file, None)?;
        let mut journal = Self {
            disk: Arc::clone(disk),
            replay: Replay::before_the_header(&session),
            paths,
            session,
            identity: file.info()?.identity,
            file,
            began: Timestamp::EPOCH,
            id,
            seed: Seed::of(id),
            snapshot_seq: 0,
            places: VecDeque::new(),
        };
        journal.start(&first, &snapshots)?;
        Ok((journal, snapshots.floor()))
    }

    /// Starts from the newest snapshot that the journal agrees with, or from the beginning.
    fn start(&mut self, first: &First, snapshots: &Snapshots) -> Result<(), JournalError> {
        if let First::Header { header, at, .. } = first {
            self.began = *at;
            self.replay.projection = Projection::blank(self.session.clone(), *at);
            if header.session != self.session {
                self.replay.damaged(other_session(&self.session, &header.session));
            }
            for snapshot in &snapshots.readable {
                if agrees(snapshot, &self.file, self.seed)? {
                    self.replay.start_from(snapshot);
                    self.snapshot_seq = snapshot.seq;
                    break;
                }
            }
        }
        Ok(())
    }

    fn read_on(&mut self) -> Result<(), JournalError> {
        let position =
            if self.replay.end_offset == 0 { Position::START } else { self.replay.position() };
        if self.places.len() == PLACES_MAX {
            self.places.pop_front();
        }
        self.places.push_back(position);
        let reader = Reader::new(&self.file, &self.session, self.seed, position);
        self.replay.continue_with(reader, |_| {})?;
        Ok(())
    }

    /// Brings the state up to what is on the medium now: nothing to do, records that others have
    /// appended, or another file altogether after a recovery.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn refresh(&mut self) -> Result<(), JournalError> {
        let info = self.disk.info(&self.paths.journal())?;
        let info = info.ok_or_else(|| missing(&*self.disk, &self.paths, &self.session))?;
        let len = info.len.saturating_add(self.file.shift());
        let replaced = info.identity != self.identity || len < self.replay.end_offset;
        // What looked like damage may have been a write in progress, of which only a part was to
        // be seen: it is not believed without a second look at all of it.
        if replaced || self.replay.condition != Condition::Sound {
            *self = Self::open(&self.disk, self.paths.clone(), self.session.clone())?;
            return Ok(());
        }
        self.replay.file_len = len;
        let mut next = [PADDING];
        self.file.read_at(self.replay.end_offset, &mut next)?;
        if next == [PADDING] { Ok(()) } else { self.read_on() }
    }

    /// The session.
    #[must_use]
    pub fn session(&self) -> &SessionId {
        &self.session
    }

    /// What its records come to.
    #[must_use]
    pub fn replay(&self) -> &Replay {
        &self.replay
    }

    /// The seed of its checksums.
    #[must_use]
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// Which file it is.
    #[must_use]
    pub fn identity(&self) -> FileIdentity {
        self.identity
    }

    /// The journal's id.
    #[must_use]
    pub fn id(&self) -> JournalId {
        self.id
    }

    /// The last known place at or before a record from which it can be reached, without reading the
    /// history before it: the beginning of something sealed, or where this has read on itself.
    #[must_use]
    pub fn position_before(&self, seq: u64) -> Position {
        let sealed = self.file.position_before(seq);
        let own = self.places.iter().rev().find(|place| place.seq <= seq);
        own.copied().into_iter().chain([sealed]).max_by_key(|place| place.seq).unwrap_or(sealed)
    }

    /// Whether another file has taken this one's place, as a recovery and a compaction do.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    pub fn is_replaced(&self) -> Result<bool, DiskError> {
        let now = self.disk.info(&self.paths.journal())?;
        Ok(now.is_none_or(|info| info.identity != self.identity))
    }

    /// A reader from a position on.
    #[must_use]
    pub fn reader_from(&self, position: Position) -> Reader<'_> {
        Reader::new(&self.file, &self.session, self.seed, position)
    }

    /// The same as [`refresh`](Self::refresh), and where that meets an unfinished write, it waits
    /// for the writer before it believes it.
    ///
    /// # Errors
    ///
    /// As of [`refresh`](Self::refresh).
    pub fn refresh_settled(&mut self, timeout: Duration) -> Result<(), JournalError> {
        self.refresh()?;
        self.settle(timeout)
    }

    /// Looks again under a shared lock at what may be a write in progress. That the writer could
    /// not be waited for is no error: what is seen twice is then the best there is.
    ///
    /// # Errors
    ///
    /// As of [`refresh`](Self::refresh).
    pub fn settle(&mut self, timeout: Duration) -> Result<(), JournalError> {
        if self.replay.condition == Condition::Sound {
            return Ok(());
        }
        let Ok(lock) = FileLock::open(&*self.disk, &self.paths.lock()) else { return Ok(()) };
        match lock.shared(timeout) {
            Ok(_guard) => self.refresh(),
            Err(_) => self.refresh_until_still(),
        }
    }

    /// Looks again without a lock until the same is seen twice. A holder that stands still leaves
    /// its write as it is; writers that follow each other never leave the same half of one.
    fn refresh_until_still(&mut self) -> Result<(), JournalError> {
        for _ in 0..LOOKS_MAX {
            let seen = (self.replay.end_offset, self.replay.condition.clone());
            self.refresh()?;
            let is_same = seen == (self.replay.end_offset, self.replay.condition.clone());
            if is_same || self.replay.condition == Condition::Sound {
                break;
            }
        }
        Ok(())
    }
}

impl Replay {
    fn before_the_header(session: &SessionId) -> Self {
        Self {
            projection: Projection::blank(session.clone(), Timestamp::EPOCH),
            seq: 0,
            head: Digest::ZERO,
            last_offset: 0,
            end_offset: 0,
            file_len: 0,
            condition: Condition::Sound,
            findings: Vec::new(),
        }
    }

    fn start_from(&mut self, snapshot: &Snapshot) {
        self.projection = snapshot.state.clone();
        self.seq = snapshot.seq;
        self.head = snapshot.head;
        self.last_offset = snapshot.last_offset;
        self.end_offset = snapshot.end_offset;
    }
}

pub(super) fn open_file(
    disk: &dyn Disk,
    paths: &SessionPaths,
    session: &SessionId,
) -> Result<Box<dyn DiskFile>, JournalError> {
    stay_inside(disk, paths)?;
    match disk.open(&paths.journal(), Access::Write) {
        Ok(file) => Ok(file),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(missing(disk, paths, session)),
        // A store that can only be read is still read.
        Err(error) if is_read_only(error.kind()) => Ok(disk.open(&paths.journal(), Access::Read)?),
        Err(error) => Err(error.into()),
    }
}

/// The journal's file, for those who never write and have seen to it that they
/// [stay inside](stay_inside).
pub(super) fn open_to_read(
    disk: &dyn Disk,
    paths: &SessionPaths,
    session: &SessionId,
) -> Result<Box<dyn DiskFile>, JournalError> {
    disk.open(&paths.journal(), Access::Read).map_err(|error| match error.kind() {
        ErrorKind::NotFound => missing(disk, paths, session),
        _ => error.into(),
    })
}

/// A medium refuses to open a file through a link; the session's folder could still be one, and
/// lead out of the store.
///
/// # Errors
///
/// It is one, and those of the medium.
pub(super) fn stay_inside(disk: &dyn Disk, paths: &SessionPaths) -> Result<(), DiskError> {
    match disk.info(paths.root())? {
        Some(info) if info.kind == EntryKind::Link => {
            let why = "it is a symbolic link, and links are not followed: put the folder there";
            let refused = io::Error::new(ErrorKind::InvalidInput, why);
            Err(DiskError::new(DiskOperation::Open, paths.root(), refused))
        }
        _ => Ok(()),
    }
}

fn is_read_only(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

/// No journal: no session at all, or one that has lost its journal.
fn missing(disk: &dyn Disk, paths: &SessionPaths, session: &SessionId) -> JournalError {
    match disk.info(paths.root()) {
        Ok(None) => JournalError::Missing { path: paths.root().to_owned() },
        Ok(Some(_)) => JournalError::Corrupted {
            finding: Box::new(Finding::new(
                session,
                FindingClass::Header,
                "the session's folder is there, and its journal is gone",
            )),
        },
        Err(error) => error.into(),
    }
}
