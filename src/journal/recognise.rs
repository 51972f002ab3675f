//! What a file is, by what it holds: names are not believed.

use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use super::files::read_bounded;
use super::history::{header_in, most_common, seeds_in};
use crate::disk::{Access, Disk, DiskError, DiskFile};
use crate::format::bounds::{LINE_BYTES_MAX, SEGMENT_FILE_BYTES_MAX, SNAPSHOT_BYTES_MAX};
use crate::format::frames::{Decompressed, decompress};
use crate::format::{JournalId, Seed, Segment, Snapshot, parse};
use crate::vocabulary::bounds::TEXT_BYTES_MAX;
use crate::vocabulary::{Digest, SessionId};

/// How every Zstandard frame begins (RFC 8878, section 3.1.1).
const FRAME_START: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];

/// How every line begins.
const LINE_START: &[u8] = b"{\"crc\":\"";

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognised {
    /// A journal whose header can be read.
    Journal {
        /// Whose history it is.
        session: SessionId,
        /// The journal's id.
        id: JournalId,
        /// Its format.
        format: u64,
    },
    /// Records of one journal without its header.
    Lines {
        /// What most of them were written with.
        seed: Seed,
        /// How many of the first ones agree on that.
        witnesses: usize,
    },
    /// A snapshot.
    Snapshot {
        /// Of which session.
        session: SessionId,
        /// Of which journal.
        id: JournalId,
        /// The record that it was folded to.
        seq: u64,
    },
    /// Sealed history.
    Segment {
        /// Whose, where it begins with the journal's header.
        owner: Option<(SessionId, JournalId)>,
        /// What most of its records were written with.
        seed: Seed,
        /// How many of the first ones agree on that.
        witnesses: usize,
        /// What a header would say of it; `None` where it is damaged.
        segment: Option<Segment>,
    },
    /// A text too long for a record.
    Text {
        /// Its digest, which is its name.
        digest: Digest,
    },
    /// Nothing of annals' that proves itself.
    Nothing {
        /// What it looks like.
        why: &'static str,
    },
}

impl Recognised {
    /// The session that it names itself.
    #[must_use]
    pub fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Journal { session, .. } | Self::Snapshot { session, .. } => Some(session),
            Self::Segment { owner, .. } => owner.as_ref().map(|(session, _)| session),
            Self::Lines { .. } | Self::Text { .. } | Self::Nothing { .. } => None,
        }
    }

    /// The seed of the journal that it is of, and how many of its lines say so: a header or a
    /// snapshot, which names the journal, counts as any number.
    #[must_use]
    pub fn seed(&self) -> Option<(Seed, usize)> {
        match self {
            Self::Journal { id, .. } | Self::Snapshot { id, .. } => {
                Some((Seed::of(*id), usize::MAX))
            }
            Self::Lines { seed, witnesses } | Self::Segment { seed, witnesses, .. } => {
                Some((*seed, *witnesses))
            }
            Self::Text { .. } | Self::Nothing { .. } => None,
        }
    }
}

/// Recognises a regular file by its content. No link is followed, and no more is read than the
/// largest file of each kind may hold.
///
/// # Errors
///
/// Those of the medium.
pub fn recognise(disk: &dyn Disk, path: &Path) -> Result<Recognised, DiskError> {
    let file = disk.open(path, Access::Read)?;
    let mut bytes = vec![0; LINE_BYTES_MAX];
    let read = file.read_at(0, &mut bytes)?;
    bytes.truncate(read);
    let named_sealed = path.to_str().is_some_and(|path| path.ends_with(".jsonl.zst"));
    if bytes.starts_with(FRAME_START) || named_sealed && !bytes.starts_with(b"{") {
        return recognise_compressed(disk, path);
    }
    if let Some(header) = header_in(&bytes) {
        let (session, id, format) = (header.session, header.journal, header.format);
        return Ok(Recognised::Journal { session, id, format });
    }
    if let Some(snapshot) = read_snapshot(disk, path, &bytes)? {
        let Snapshot { journal: id, seq, state, .. } = snapshot;
        return Ok(Recognised::Snapshot { session: state.metadata.id, id, seq });
    }
    Ok(match most_common(seeds_in(&bytes)) {
        Some((seed, witnesses)) => Recognised::Lines { seed, witnesses },
        None if bytes.iter().all(|byte| matches!(byte, 0 | b' ')) => {
            Recognised::Nothing { why: "it is empty" }
        }
        None => Recognised::Nothing { why: "nothing in it proves to be of annals" },
    })
}

fn read_snapshot(
    disk: &dyn Disk,
    path: &Path,
    beginning: &[u8],
) -> Result<Option<Snapshot>, DiskError> {
    if !beginning.starts_with(LINE_START) {
        return Ok(None);
    }
    match read_bounded(disk, path, SNAPSHOT_BYTES_MAX) {
        Ok(bytes) => Ok(bytes.and_then(|bytes| Snapshot::decode(&bytes).ok())),
        Err(error) if error.kind() == ErrorKind::FileTooLarge => Ok(None),
        Err(error) => Err(error),
    }
}

fn recognise_compressed(disk: &dyn Disk, path: &Path) -> Result<Recognised, DiskError> {
    const FILE_BYTES_MAX: usize = TEXT_BYTES_MAX + TEXT_BYTES_MAX / 64;
    let nothing = |why| Ok(Recognised::Nothing { why });
    let file = match read_bounded(disk, path, FILE_BYTES_MAX) {
        Ok(file) => file.unwrap_or_default(),
        Err(error) if error.kind() == ErrorKind::FileTooLarge => {
            return nothing("it is larger than any file of annals that is compressed");
        }
        Err(error) => return Err(error),
    };
    if file.len() <= SEGMENT_FILE_BYTES_MAX
        && let Some(segment) = segment_of(&decompress(&file, None))
    {
        return Ok(segment);
    }
    match digest_of_text(&file) {
        Ok(digest) => Ok(Recognised::Text { digest }),
        Err(_) => nothing("it is compressed, and nothing in it proves to be of annals"),
    }
}

fn segment_of(decompressed: &Decompressed) -> Option<Recognised> {
    let Decompressed { lines, intact } = decompressed;
    let (seed, witnesses) = most_common(seeds_in(lines))?;
    let owner = header_in(lines).map(|header| (header.session, header.journal));
    let mut seqs =
        lines.split(|&byte| byte == b'\n').filter_map(|line| Some(parse(line).ok()?.seq));
    let first_seq = seqs.next()?;
    let last_seq = seqs.next_back().unwrap_or(first_seq);
    let (bytes, digest) = (lines.len() as u64, Digest::of(lines));
    let segment = intact.then_some(Segment { first_seq, last_seq, bytes, digest });
    Some(Recognised::Segment { owner, seed, witnesses, segment })
}

/// The digest of the text that a file unpacks to.
fn digest_of_text(file: &[u8]) -> io::Result<Digest> {
    let mut text = Vec::new();
    zstd::Decoder::new(file)?.take(TEXT_BYTES_MAX as u64 + 1).read_to_end(&mut text)?;
    let is_text = text.len() <= TEXT_BYTES_MAX && std::str::from_utf8(&text).is_ok();
    if is_text { Ok(Digest::of(&text)) } else { Err(ErrorKind::InvalidData.into()) }
}

/// The first bytes that a file holds, unpacked where it is compressed.
fn peek(file: &dyn DiskFile) -> Result<Vec<u8>, DiskError> {
    const PEEKED_BYTES: usize = 256 * 1024;
    let mut bytes = vec![0; PEEKED_BYTES];
    let read = file.read_at(0, &mut bytes)?;
    bytes.truncate(read);
    if !bytes.starts_with(FRAME_START) {
        return Ok(bytes);
    }
    let mut unpacked = [0; 64];
    // One that cannot be unpacked begins with nothing.
    let unpacked_bytes = zstd::Decoder::new(bytes.as_slice())
        .and_then(|mut decoder| decoder.read(&mut unpacked))
        .unwrap_or(0);
    Ok(unpacked.get(..unpacked_bytes).unwrap_or_default().to_vec())
}

/// Whether a file in the folder of texts is what its name says. A text is looked into only if it
/// begins like a journal: somebody may have said that, or a segment was put in its place.
///
/// # Errors
///
/// Those of the medium.
pub fn is_text_in_place(disk: &dyn Disk, path: &Path, name: &str) -> Result<bool, DiskError> {
    let Some(digest) = name.strip_suffix(".zst").and_then(|name| name.parse::<Digest>().ok())
    else {
        return Ok(false);
    };
    let file = disk.open(path, Access::Read)?;
    if !peek(&*file)?.starts_with(LINE_START) {
        return Ok(true);
    }
    Ok(match recognise(disk, path)? {
        Recognised::Segment { segment: Some(segment), .. } => segment.digest == digest,
        Recognised::Text { digest: found } => found == digest,
        _ => false,
    })
}
