//! What is read of a journal before its records: the header, the id, and where sealed history is.

use std::sync::Arc;

use memchr::memmem;

use super::JournalError;
use super::scan::RECORD_START;
use super::segments;
use super::snapshots::Snapshots;
use super::whole::{WholeJournal, parts_of};
use crate::disk::{Disk, DiskError, DiskFile};
use crate::format::bounds::{FORMAT_SEALED, LINE_BYTES_MAX};
use crate::format::layout::SessionPaths;
use crate::format::{Header, JournalId, Seed, parse_prefix, seed_of};
use crate::vocabulary::{Finding, FindingClass, SessionId, Timestamp};

/// Bytes in which a header is looked for first; few are longer.
const HEADER_BYTES_USUAL: usize = 2048;

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

/// Lines that a lost id is inferred from at most, and how many of them have to agree.
const WITNESSES: std::ops::RangeInclusive<usize> = 2..=64;

/// A journal's id: the one that its header has `named`, otherwise a snapshot's, otherwise one that
/// its lines agree on.
fn identify(
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
