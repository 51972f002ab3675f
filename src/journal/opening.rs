//! Opening a journal: its header, the best snapshot, and what has been appended since.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use memchr::memmem;

use super::JournalError;
use super::reader::{Position, Reader};
use super::replay::{Condition, Replay};
use super::scan::RECORD_START;
use super::segments;
use super::snapshots::{Snapshots, agrees};
use super::whole::{WholeJournal, parts_of};
use crate::disk::{
    Access, Disk, DiskError, DiskFile, DiskOperation, EntryKind, FileIdentity, FileLock,
};
use crate::format::bounds::{FORMAT_SEALED, LINE_BYTES_MAX, PADDING};
use crate::format::layout::SessionPaths;
use crate::format::{Header, JournalId, Seed, Snapshot, parse_prefix, seed_of};
use crate::vocabulary::{Digest, Finding, FindingClass, Projection, SessionId, Timestamp};

/// Bytes in which a header is looked for first; few are longer.
const HEADER_BYTES_USUAL: usize = 2048;

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
}

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
        let file = open_file(&**disk, &paths, &session)?;
        let Opened { file, first, snapshots, id } = open_history(disk, &paths, &session, file)?;
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
        };
        journal.start(&first, &snapshots)?;
        journal.read_on()?;
        let floor = snapshots.floor();
        journal.replay.check_floor(&journal.session, floor);
        Ok(journal)
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

    /// The last place at or before a record from which it can be reached, without reading the
    /// sealed history before it.
    #[must_use]
    pub fn position_before(&self, seq: u64) -> Position {
        self.file.position_before(seq)
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

/// A journal's file with all that has to be known before its records are read.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: WholeJournal,
    pub(super) first: First,
    pub(super) snapshots: Snapshots,
    pub(super) id: JournalId,
}

/// Reads what comes before the records of a journal.
///
/// # Errors
///
/// [`JournalError::NewerFormat`], [`JournalError::Corrupted`] where the journal's id cannot be
/// proved, and those of the medium.
pub(super) fn open_history(
    disk: &Arc<dyn Disk>,
    paths: &SessionPaths,
    session: &SessionId,
    file: Box<dyn DiskFile>,
) -> Result<Opened, JournalError> {
    let first = read_header(&*file)?;
    let header = first.header();
    if let Some(header) = header.filter(|header| header.format > FORMAT_SEALED) {
        return Err(JournalError::NewerFormat { path: paths.journal(), found: header.format });
    }
    // That of another session may have come on top of records that are the session's own.
    let own = header.filter(|header| header.session == *session);
    let named = own.map(|header| header.journal);
    let snapshots = Snapshots::read(&**disk, paths, named)?;
    let id = identify(&*file, session, named, &snapshots)?;
    let (parts, header_bytes) = match own {
        Some(header) => (parts_of(paths, header.sealed.as_ref()), first.header_bytes()),
        None => (segments::find_parts(&**disk, paths, &*file, Seed::of(id))?, 0),
    };
    let file = WholeJournal::new(disk, file, parts, header_bytes);
    Ok(Opened { file, first, snapshots, id })
}

/// What the first line of a journal is.
#[derive(Debug)]
pub(super) enum First {
    /// A header, written at this moment.
    Header {
        /// What it says.
        header: Header,
        /// When it was written.
        at: Timestamp,
        /// How long its line is, line feed included.
        bytes: u64,
    },
    /// Something else.
    Unreadable,
}

impl First {
    pub(super) fn header(&self) -> Option<&Header> {
        match self {
            Self::Header { header, .. } => Some(header),
            Self::Unreadable => None,
        }
    }

    fn header_bytes(&self) -> u64 {
        match self {
            Self::Header { bytes, .. } => *bytes,
            Self::Unreadable => 0,
        }
    }
}

pub(super) fn read_header(file: &dyn DiskFile) -> Result<First, DiskError> {
    let mut bytes = vec![0; HEADER_BYTES_USUAL];
    let mut read = file.read_at(0, &mut bytes)?;
    if read == bytes.len() && !bytes.contains(&b'\n') {
        bytes = vec![0; LINE_BYTES_MAX];
        read = file.read_at(0, &mut bytes)?;
    }
    let held = bytes.get(..read).unwrap_or_default();
    // Its line feed may be damaged: like any record it ends where its last brace closes.
    let line = parse_prefix(held).ok().and_then(|spans| held.get(..spans.len()));
    let line = line.unwrap_or_default();
    let line_feed = u64::from(held.get(line.len()) == Some(&b'\n'));
    Ok(match Header::decode(line) {
        Ok((header, view)) => {
            First::Header { header, at: view.at, bytes: line.len() as u64 + line_feed }
        }
        Err(_) => First::Unreadable,
    })
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

/// The journal's file, for those who never write.
pub(super) fn open_to_read(
    disk: &dyn Disk,
    paths: &SessionPaths,
    session: &SessionId,
) -> Result<Box<dyn DiskFile>, JournalError> {
    stay_inside(disk, paths)?;
    disk.open(&paths.journal(), Access::Read).map_err(|error| match error.kind() {
        ErrorKind::NotFound => missing(disk, paths, session),
        _ => error.into(),
    })
}

/// A medium refuses to open a file through a link; the session's folder could still be one, and
/// lead out of the store.
fn stay_inside(disk: &dyn Disk, paths: &SessionPaths) -> Result<(), DiskError> {
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

/// Lines that a lost id is inferred from at most, and how many of them have to agree.
const WITNESSES: std::ops::RangeInclusive<usize> = 2..=64;

/// A journal's id: the one that its header has `named`, otherwise a snapshot's, otherwise one that
/// its lines agree on.
pub(super) fn identify(
    file: &dyn DiskFile,
    session: &SessionId,
    named: Option<JournalId>,
    snapshots: &Snapshots,
) -> Result<JournalId, JournalError> {
    let stored = || snapshots.readable.first().map(|snapshot| snapshot.journal);
    if let Some(id) = named.or_else(stored) {
        return Ok(id);
    }
    let mut bytes = vec![0; LINE_BYTES_MAX];
    let read = file.read_at(0, &mut bytes)?;
    bytes.truncate(read);
    let lines = bytes.split(|&byte| byte == b'\n').filter_map(last_record);
    let mut seeds: Vec<Seed> = lines.filter_map(seed_of).take(*WITNESSES.end()).collect();
    seeds.sort_unstable();
    let agreeing = seeds.chunk_by(|a, b| a == b).max_by_key(|agreeing| agreeing.len());
    let agreeing = agreeing.filter(|agreeing| agreeing.len() >= *WITNESSES.start());
    let seed = agreeing.and_then(|agreeing| agreeing.first());
    Ok(seed.ok_or_else(|| unprovable(session))?.to_journal_id())
}

/// The last record that a line may hold, behind whatever came before it.
fn last_record(line: &[u8]) -> Option<&[u8]> {
    line.get(memmem::rfind(line, RECORD_START)?..)
}

fn unprovable(session: &SessionId) -> JournalError {
    JournalError::Corrupted {
        finding: Box::new(
            Finding::new(
                session,
                FindingClass::Header,
                "the header is damaged, no snapshot names the journal's id, and no two records \
                 agree on one: nothing can be proved",
            )
            .at_seq(0)
            .at_offset(0),
        ),
    }
}

pub(super) fn other_session(session: &SessionId, found: &SessionId) -> Finding {
    let message = format!("the header is that of another session: {found}");
    Finding::new(session, FindingClass::Header, message).at_seq(0).at_offset(0)
}
