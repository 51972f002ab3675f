//! What an import tells of itself: while it runs, and when it is done.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::TranscriptSource;
use crate::vocabulary::SessionId;

/// Most entries of each list of a report; what goes beyond is counted and not listed.
const NOTES_LISTED_MAX: usize = 1000;

/// Most kinds of ignored line that are counted apart.
const KINDS_MAX: usize = 128;

/// Longest name of a kind, in characters.
const KIND_CHARS_MAX: usize = 64;

/// What the import of one transcript came to.
///
/// Its JSON form is the line of a session that `annals import --json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// The session that the transcript became.
    pub session: SessionId,
    /// The session whose sub-agent it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<SessionId>,
    /// The program that wrote the transcript.
    pub source: TranscriptSource,
    /// The transcript.
    pub path: PathBuf,
    /// Events that this run added, the closing `imported` event not counted.
    pub events_added: u64,
    /// Events that an earlier run had added, and changes whose outcome was there already.
    pub events_present: u64,
    /// Why the session took no more events: it was archived or deleted in annals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Note>,
    /// Leftover lock files that were removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cleared: Vec<PathBuf>,
    /// What the transcript held.
    #[serde(flatten)]
    pub tally: Tally,
}

/// What a transcript held, counted while it was read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Lines of the file, empty ones too.
    pub lines: u64,
    /// Messages by role, added or present.
    pub messages: BTreeMap<String, u64>,
    /// Lines that make no event, by kind.
    pub ignored: BTreeMap<String, u64>,
    /// What could not be read, at most 1000 places.
    pub unreadable: Vec<Note>,
    /// How many places could not be read.
    pub unreadable_count: u64,
    /// What is worth knowing and lost nothing, at most 1000 places: records that shared a line, a last line that
    /// is not finished yet, files left alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// Something about a place in a transcript. It never quotes the transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The line, counted from 1; 0 is the file as a whole.
    pub line: u64,
    /// What is to be said of it.
    pub why: String,
}

impl ImportReport {
    pub(super) fn new(transcript: &super::Transcript) -> Self {
        Self {
            session: transcript.session.clone(),
            parent: transcript.parent.clone(),
            source: transcript.source,
            path: transcript.path.clone(),
            events_added: 0,
            events_present: 0,
            refused: None,
            cleared: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// Whether everything in the transcript was read and taken.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.tally.unreadable_count == 0 && self.refused.is_none()
    }
}

impl Tally {
    pub(super) fn unreadable(&mut self, line: u64, why: impl Into<String>) {
        self.unreadable_count += 1;
        list(&mut self.unreadable, line, why.into());
    }

    pub(super) fn note(&mut self, line: u64, why: impl Into<String>) {
        list(&mut self.notes, line, why.into());
    }

    /// Counts a line of a kind. The kind comes from the transcript, so it is cut and cleaned.
    pub(super) fn ignore(&mut self, kind: &str) {
        if let Some(count) = self.ignored.get_mut(kind) {
            *count += 1;
            return;
        }
        let printable =
            |character: char| if character.is_control() { '\u{fffd}' } else { character };
        let name = match self.ignored.len() {
            KINDS_MAX.. => "other kinds".to_owned(),
            _ => kind.chars().take(KIND_CHARS_MAX).map(printable).collect(),
        };
        *self.ignored.entry(name).or_default() += 1;
    }
}

fn list(notes: &mut Vec<Note>, line: u64, why: String) {
    if notes.len() < NOTES_LISTED_MAX {
        notes.push(Note { line, why });
    }
}

/// Watches an import, as a progress bar does. `()` watches nothing.
pub trait ImportProgress: Send + Sync {
    /// A transcript of this many bytes is about to be read.
    fn begin(&self, path: &Path, bytes_total: u64);

    /// This many more of its bytes have been read and their events appended.
    fn advance(&self, bytes: u64);

    /// The import of this transcript is over, whether it succeeded or not.
    fn finish(&self);
}

impl ImportProgress for () {
    fn begin(&self, _path: &Path, _bytes_total: u64) {}
    fn advance(&self, _bytes: u64) {}
    fn finish(&self) {}
}
