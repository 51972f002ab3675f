//! Finding transcripts by their names and places.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::amazon_q::TEMPORARY_NAME;
use super::thread_names::ThreadNames;
use super::{ImportError, IndexName, Transcript, TranscriptSource};
use crate::disk::{Disk, EntryKind};
use crate::vocabulary::SessionId;

/// How deep a folder is searched: the deepest transcript known lies eight folders below a home.
const DEPTH_MAX: usize = 12;

/// Length of a UUID in its usual form.
const UUID_CHARS: usize = 36;

/// What a search found.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    /// The transcripts, parents before their sub-agents, otherwise in the order of their paths.
    pub transcripts: Vec<Transcript>,
    /// What looked like a transcript, or might have held some, and was left out.
    pub skipped: Vec<Skipped>,
}

/// Something that a search left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Where it is.
    pub path: PathBuf,
    /// Why it was left out.
    pub why: String,
}

/// Finds the transcripts of a program at a path: the file itself, or every transcript in a folder
/// and the folders below it, to a depth of 12. Links are not followed. A file that is named
/// expressly is taken whatever it is called, as long as its name can be a session's id.
///
/// # Errors
///
/// There is nothing at the path, it is no transcript, or the medium fails on it. What fails below
/// it is listed as skipped.
pub fn discover(
    disk: &dyn Disk,
    source: TranscriptSource,
    path: &Path,
) -> Result<Discovery, ImportError> {
    let missing = || ImportError::Missing { path: path.to_owned() };
    let info = disk.info(path)?.ok_or_else(missing)?;
    let mut search = Search { disk, source, found: Discovery::default(), names: BTreeMap::new() };
    match info.kind {
        EntryKind::File => search.take_named_file(path)?,
        EntryKind::Directory => search.walk(path)?,
        EntryKind::Link | EntryKind::Other => {
            let why = "neither a file nor a folder; links are not followed".to_owned();
            return Err(ImportError::NotATranscript { path: path.to_owned(), why });
        }
    }
    let mut found = search.found;
    found
        .transcripts
        .sort_by(|a, b| (a.parent.is_some(), &a.path).cmp(&(b.parent.is_some(), &b.path)));
    found.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

struct Search<'a> {
    disk: &'a dyn Disk,
    source: TranscriptSource,
    found: Discovery,
    /// The thread names of each Codex home met, read once.
    names: BTreeMap<PathBuf, ThreadNames>,
}

impl Search<'_> {
    fn take_named_file(&mut self, path: &Path) -> Result<(), ImportError> {
        let not_a_transcript =
            |why: String| ImportError::NotATranscript { path: path.to_owned(), why };
        let id = match self.source {
            TranscriptSource::AmazonQ if file_name(path) != "metadata.json" => {
                return Err(not_a_transcript(
                    "Amazon Q's sessions are in metadata.json".to_owned(),
                ));
            }
            TranscriptSource::AmazonQ => file_name(path.parent().unwrap_or(path)).to_owned(),
            _ => usual_id(self.source, path).unwrap_or_else(|| stem(path).to_owned()),
        };
        let transcript = self.transcript(path, &id).map_err(not_a_transcript)?;
        self.found.transcripts.push(transcript);
        Ok(())
    }

    fn walk(&mut self, root: &Path) -> Result<(), ImportError> {
        let mut pending = vec![(root.to_owned(), 0)];
        while let Some((folder, depth)) = pending.pop() {
            let entries = match self.disk.list_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if depth == 0 => return Err(error.into()),
                Err(error) => {
                    self.skip(&folder, &error.source.to_string());
                    continue;
                }
            };
            for (name, kind) in entries {
                let path = folder.join(&name);
                match kind {
                    EntryKind::Directory if depth == DEPTH_MAX => {
                        self.skip(&path, "deeper than a search goes");
                    }
                    EntryKind::Directory => pending.push((path, depth + 1)),
                    EntryKind::File => self.take_found_file(&path),
                    EntryKind::Link => self.skip(&path, "a link; links are not followed"),
                    EntryKind::Other => {}
                }
            }
        }
        Ok(())
    }

    fn take_found_file(&mut self, path: &Path) {
        if file_name(path) == TEMPORARY_NAME {
            return self.take_interrupted_save(path);
        }
        let Some(id) = usual_id(self.source, path) else {
            if self.source == TranscriptSource::ClaudeCode && has_extension(path, "jsonl") {
                self.skip(path, "its name is not a session's id");
            }
            return;
        };
        match self.transcript(path, &id) {
            Ok(transcript) => self.found.transcripts.push(transcript),
            Err(why) => self.skip(path, &why),
        }
    }

    /// A session of Amazon Q whose first save never came to its end has the temporary file alone.
    fn take_interrupted_save(&mut self, path: &Path) {
        let saved = path.with_file_name("metadata.json");
        if self.source == TranscriptSource::AmazonQ && matches!(self.disk.info(&saved), Ok(None)) {
            self.skip(path, "an interrupted save without the metadata.json that it was to become");
        }
    }

    fn transcript(&mut self, path: &Path, id: &str) -> Result<Transcript, String> {
        let parent = match self.source {
            TranscriptSource::ClaudeCode => parent_of_agent(path),
            _ => None,
        };
        let id = match parent {
            Some(parent) => format!("{parent}.{id}"),
            None => id.to_owned(),
        };
        let session: SessionId = id.parse().map_err(|error| format!("{error}"))?;
        let parent = parent.and_then(|parent| parent.parse().ok());
        let index_name = match self.source {
            TranscriptSource::Codex => self.index_name(path, &session),
            _ => None,
        };
        let is_archived = self.source == TranscriptSource::Codex
            && path.ancestors().any(|folder| file_name(folder) == "archived_sessions");
        let (source, path) = (self.source, path.to_owned());
        Ok(Transcript { source, path, session, parent, index_name, is_archived })
    }

    fn index_name(&mut self, path: &Path, session: &SessionId) -> Option<IndexName> {
        let is_sessions =
            |folder: &&Path| matches!(file_name(folder), "sessions" | "archived_sessions");
        let home = path.ancestors().find(is_sessions)?.parent()?;
        if !self.names.contains_key(home) {
            let names = ThreadNames::read(self.disk, home, &mut self.found.skipped);
            self.names.insert(home.to_owned(), names);
        }
        self.names.get(home)?.get(session.as_str())
    }

    fn skip(&mut self, path: &Path, why: &str) {
        self.found.skipped.push(Skipped { path: path.to_owned(), why: why.to_owned() });
    }
}

/// The id in the name that the program gives its transcripts, or `None` for any other name.
fn usual_id(source: TranscriptSource, path: &Path) -> Option<String> {
    match source {
        TranscriptSource::ClaudeCode => {
            let is_usual = is_uuid(stem(path)) || stem(path).starts_with("agent-");
            (has_extension(path, "jsonl") && is_usual).then(|| stem(path).to_owned())
        }
        TranscriptSource::Codex => {
            let is_transcript =
                has_extension(path, "jsonl") || file_name(path).ends_with(".jsonl.zst");
            let rest = stem(path).strip_prefix("rollout-").filter(|_| is_transcript)?;
            let id = rest.get(rest.len().checked_sub(UUID_CHARS)?..)?;
            is_uuid(id).then(|| id.to_owned())
        }
        TranscriptSource::AmazonQ => {
            let folder = path.parent()?;
            let is_session = file_name(path) == "metadata.json"
                && folder.parent().is_some_and(|above| file_name(above) == "sessions");
            is_session.then(|| file_name(folder).to_owned())
        }
    }
}

/// `<uuid>` of `<uuid>/subagents/…/agent-x.jsonl`.
fn parent_of_agent(path: &Path) -> Option<&str> {
    let subagents = path.ancestors().find(|folder| file_name(folder) == "subagents")?;
    subagents.parent().map(file_name).filter(|name| !name.is_empty())
}

fn is_uuid(text: &str) -> bool {
    text.len() == UUID_CHARS && uuid::Uuid::try_parse(text).is_ok()
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension == wanted)
}

fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// The file's name without `.jsonl`, `.jsonl.zst` or any other last extension.
fn stem(path: &Path) -> &str {
    let name = file_name(path);
    let name = name.strip_suffix(".zst").unwrap_or(name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
