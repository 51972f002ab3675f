//! What is read of a journal before its records: the header, the id, and where sealed history is.

use std::ops::RangeInclusive;
use std::sync::Arc;

use memchr::memmem;

use super::JournalError;
use super::scan::RECORD_START;
use super::segments;
use super::snapshots::Snapshots;
use super::whole::{WholeJournal, parts_of};
use crate::disk::{Access, Disk, DiskError, DiskFile, Folder};
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

/// Reads what comes before the records of a journal. Whoever has just looked into the session's
/// folder says so: what is not there is not asked for.
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
    folder: Option<&Folder>,
) -> Result<Opened, JournalError> {
    let unnamed = |foreign: Option<&_>| Err(unprovable(session, foreign));
    open_history_or(disk, paths, session, file, folder, unnamed)
}

/// The same where something else may name the id of a journal that does not prove it itself.
///
/// # Errors
///
/// As of [`open_history`].
pub(super) fn open_history_or(
    disk: &Arc<dyn Disk>,
    paths: &SessionPaths,
    session: &SessionId,
    file: Box<dyn DiskFile>,
    folder: Option<&Folder>,
    otherwise: impl FnOnce(Option<&Header>) -> Result<JournalId, JournalError>,
) -> Result<Opened, JournalError> {
    let first = read_header(&*file)?;
    let header = first.header();
    if let Some(header) = header.filter(|header| header.format > FORMAT_SEALED) {
        return Err(JournalError::NewerFormat { path: paths.journal(), found: header.format });
    }
    // That of another session may have come on top of records that are the session's own.
    let own = header.filter(|header| header.session == *session);
    let named = own.map(|header| header.journal);
    let snapshots = own_snapshots(&**disk, paths, session, named, folder)?;
    let known = named.or_else(|| snapshots.readable.first().map(|snapshot| snapshot.journal));
    let id = match known {
        Some(id) => Some(id),
        None => identify(&**disk, paths, &*file, session, first.header())?,
    };
    let id = match id {
        Some(id) => id,
        None => otherwise(header)?,
    };
    let (parts, header_bytes) = match own {
        Some(header) => (parts_of(paths, header.sealed.as_ref()), first.header_bytes()),
        None => (segments::find_parts(&**disk, paths, &*file, Seed::of(id))?, 0),
    };
    let file = WholeJournal::new(disk, file, parts, header_bytes);
    Ok(Opened { file, first, snapshots, id })
}

/// The snapshots of a session. One of another session, put here by mistake, must not say what
/// journal this is.
fn own_snapshots(
    disk: &dyn Disk,
    paths: &SessionPaths,
    session: &SessionId,
    named: Option<JournalId>,
    folder: Option<&Folder>,
) -> Result<Snapshots, DiskError> {
    let mut snapshots = Snapshots::read(disk, paths, named, folder)?;
    snapshots.readable.retain(|snapshot| snapshot.state.metadata.id == *session);
    Ok(snapshots)
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
pub(super) const WITNESSES: RangeInclusive<usize> = 2..=64;

/// Segments that are asked for a lost id at most: the first of them has a header.
const SEGMENTS_ASKED_MAX: usize = 4;

/// The id of a journal whose first line and snapshots do not tell it: that of a header further
/// on, which may be in a segment, otherwise one that its lines agree on. Those that another
/// session's header vouches for are that one's.
fn identify(
    disk: &dyn Disk,
    paths: &SessionPaths,
    file: &dyn DiskFile,
    session: &SessionId,
    foreign: Option<&Header>,
) -> Result<Option<JournalId>, JournalError> {
    let bytes = beginning_of(file)?;
    if let Some(header) = own_header_in(&bytes, session) {
        return Ok(Some(header.journal));
    }
    let mut seeds = seeds_in(&bytes);
    for name in segments::names(disk, paths)?.iter().take(SEGMENTS_ASKED_MAX) {
        let Some(lines) = segments::read_lines(disk, &paths.segment(name))? else { continue };
        if let Some(header) = own_header_in(&lines, session) {
            return Ok(Some(header.journal));
        }
        seeds.extend(seeds_in(lines.get(..LINE_BYTES_MAX).unwrap_or(&lines)));
    }
    if let Some(foreign) = foreign {
        seeds.retain(|seed| *seed != Seed::of(foreign.journal));
    }
    let agreed = most_common(seeds).filter(|(_, witnesses)| WITNESSES.contains(witnesses));
    Ok(agreed.map(|(seed, _)| seed.to_journal_id()))
}

/// Whether a journal that begins with the header of another session has records of this one all
/// the same: that header came on top of them, or over the first of them.
///
/// # Errors
///
/// Those of the medium.
pub(super) fn holds_records_of(
    disk: &dyn Disk,
    paths: &SessionPaths,
    session: &SessionId,
) -> Result<bool, DiskError> {
    let file = disk.open(&paths.journal(), Access::Read)?;
    let First::Header { header: foreign, .. } = read_header(&*file)? else { return Ok(true) };
    let snapshots = own_snapshots(disk, paths, session, None, None)?;
    let known = snapshots.readable.first().map(|snapshot| Seed::of(snapshot.journal));
    let bytes = beginning_of(&*file)?;
    if own_header_in(&bytes, session).is_some() {
        return Ok(true);
    }
    let mut seeds = seeds_in(&bytes);
    seeds.retain(|seed| *seed != Seed::of(foreign.journal));
    let are_many = most_common(seeds.clone()).is_some_and(|(_, many)| WITNESSES.contains(&many));
    Ok(match known {
        Some(seed) => seeds.contains(&seed),
        None => are_many,
    })
}

/// What a file begins with, as far as it is looked at for an id.
fn beginning_of(file: &dyn DiskFile) -> Result<Vec<u8>, DiskError> {
    let mut bytes = vec![0; LINE_BYTES_MAX];
    let read = file.read_at(0, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// The last record of each line among some bytes.
fn records_in(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&byte| byte == b'\n').filter_map(last_record)
}

/// The header of a session's own among some lines.
fn own_header_in(bytes: &[u8], session: &SessionId) -> Option<Header> {
    let mut headers = records_in(bytes).filter_map(|line| Some(Header::decode(line).ok()?.0));
    headers.find(|header| header.session == *session)
}

/// The seeds that the first lines among some bytes were written with.
pub(super) fn seeds_in(bytes: &[u8]) -> Vec<Seed> {
    records_in(bytes).filter_map(seed_of).take(*WITNESSES.end()).collect()
}

/// The last record that a line may hold, behind whatever came before it.
fn last_record(line: &[u8]) -> Option<&[u8]> {
    line.get(memmem::rfind(line, RECORD_START)?..)
}

/// The seed that most agree on, and how many do; of several, the greatest.
pub(super) fn most_common(mut seeds: Vec<Seed>) -> Option<(Seed, usize)> {
    seeds.sort_unstable();
    let agreeing = seeds.chunk_by(|a, b| a == b).max_by_key(|agreeing| agreeing.len())?;
    Some((*agreeing.first()?, agreeing.len().min(*WITNESSES.end())))
}

/// The header that some lines begin with.
pub(super) fn header_in(lines: &[u8]) -> Option<Header> {
    let first = lines.split(|&byte| byte == b'\n').next()?;
    Header::decode(first).ok().map(|(header, _)| header)
}

fn unprovable(session: &SessionId, foreign: Option<&Header>) -> JournalError {
    let finding = foreign.map_or_else(
        || {
            let message = "the header is damaged, no snapshot names the journal's id, and no two \
                           records agree on one: nothing can be proved";
            Finding::new(session, FindingClass::Header, message).at_seq(0).at_offset(0)
        },
        |header| other_session(session, &header.session),
    );
    JournalError::Corrupted { finding: Box::new(finding) }
}

pub(super) fn other_session(session: &SessionId, found: &SessionId) -> Finding {
    let message = format!("the header is that of another session: {found}");
    Finding::new(session, FindingClass::Header, message).at_seq(0).at_offset(0)
}
