//! Sessions of Amazon Q as the folder `.amazonq/sessions/<id>/` holds them: what becomes which
//! events.
//!
//! | in `metadata.json` | becomes |
//! |---|---|
//! | `created`, `status` `background` | `created` (`occurred`, `source` `amazon-q`, in the background), with the project's folder as `cwd` |
//! | `first_message` | `message_recorded`, role `user`, at the time of `created` |
//! | `name` | `renamed` |
//! | `message_count`, `file_count`, `last_active` | `field_set` of `legacy_message_count`, `legacy_file_count`, `legacy_last_active`: the messages and files themselves are not in the file, so they cannot be counted as events |
//! | each of `custom_fields` | `field_set`; a name or value that annals does not take is reported |
//! | `status` `archived` | `archived`, after everything else |
//!
//! A file that changed since the last import adds its new name, fields and status. A leftover
//! `.lock` is removed once the session is imported: it says nothing about who holds what, because
//! nothing removed it when its process died. A leftover `.metadata.json.tmp` is reported and left
//! alone.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::content::describe;
use super::draft::{Draft, key, short_hash};
use super::report::Tally;
use super::{ImportError, Transcript};
use crate::disk::{Access, Disk, EntryKind};
use crate::vocabulary::{Command, NewMessage, Role, SessionStatus};

/// Longest `metadata.json` that is read.
const METADATA_BYTES_MAX: u64 = 1024 * 1024;

/// What an interrupted save leaves behind.
pub(super) const TEMPORARY_NAME: &str = ".metadata.json.tmp";

/// What a process that died leaves behind.
const LOCK_NAME: &str = ".lock";

#[derive(Deserialize)]
struct Metadata {
    id: Option<String>,
    status: Option<String>,
    created: Option<String>,
    last_active: Option<String>,
    first_message: Option<String>,
    name: Option<String>,
    file_count: Option<u64>,
    message_count: Option<u64>,
    custom_fields: Option<Map<String, Value>>,
}

/// Drafts what a session's file becomes, and returns the file's length in bytes.
pub(super) fn read(
    disk: &dyn Disk,
    transcript: &Transcript,
    draft: &mut Draft,
) -> Result<u64, ImportError> {
    let Some(bytes) = read_whole(disk, &transcript.path, &mut draft.tally)? else { return Ok(0) };
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    draft.tally.lines = memchr::memchr_iter(b'\n', text).count() as u64
        + u64::from(text.last().is_some_and(|last| *last != b'\n'));
    match serde_json::from_slice::<Metadata>(text) {
        Ok(metadata) => interpret(metadata, transcript, draft),
        Err(error) => draft.tally.unreadable(error.line() as u64, describe(&error)),
    }
    Ok(bytes.len() as u64)
}

fn read_whole(
    disk: &dyn Disk,
    path: &Path,
    tally: &mut Tally,
) -> Result<Option<Vec<u8>>, ImportError> {
    if disk.info(path)?.is_none() {
        tally.unreadable(0, "there is no metadata.json in this folder");
        return Ok(None);
    }
    let file = disk.open(path, Access::Read)?;
    let len = file.info()?.len;
    if len > METADATA_BYTES_MAX {
        tally.unreadable(0, format!("{len} bytes, over the bound of {METADATA_BYTES_MAX}"));
        return Ok(None);
    }
    let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
    let read = file.read_at(0, &mut bytes)?;
    bytes.truncate(read);
    Ok(Some(bytes))
}

fn interpret(metadata: Metadata, transcript: &Transcript, draft: &mut Draft) {
    if metadata.id.as_deref().is_some_and(|id| id != transcript.session.as_str()) {
        draft.tally.note(0, "the id in the file is not the folder's name, which is used");
    }
    let cwd = project_of(&transcript.path).map(|project| project.to_string_lossy());
    draft.see(0, metadata.created.as_deref(), cwd.as_deref());
    let status = known_status(metadata.status.as_deref(), &mut draft.tally);
    if let (Some(SessionStatus::Background), Some(beginning)) = (status, draft.beginning()) {
        beginning.status = SessionStatus::Background;
    }
    draft.begin(0);
    if let Some(text) = metadata.first_message.filter(|text| !text.trim().is_empty()) {
        draft.message(0, key("amazon-q:first-message"), NewMessage::new(Role::user(), text));
    }
    if let Some(name) = metadata.name {
        draft.rename(0, key(&format!("amazon-q:name:{}", short_hash(&name))), &name);
    }
    let legacy = [
        ("legacy_message_count", metadata.message_count.map(Value::from)),
        ("legacy_file_count", metadata.file_count.map(Value::from)),
        ("legacy_last_active", metadata.last_active.map(Value::from)),
    ];
    for (name, value) in legacy {
        if let Some(value) = value {
            set_field(draft, name, value);
        }
    }
    for (name, value) in metadata.custom_fields.unwrap_or_default() {
        set_field(draft, &name, value);
    }
    if status == Some(SessionStatus::Archived) {
        draft.status(key("amazon-q:archived"), Command::Archive);
    }
}

fn known_status(status: Option<&str>, tally: &mut Tally) -> Option<SessionStatus> {
    let known = status?.parse().ok().filter(|status| *status != SessionStatus::Deleted);
    if known.is_none() {
        tally.unreadable(0, "its status is none of active, background and archived");
    }
    known
}

fn set_field(draft: &mut Draft, name: &str, value: Value) {
    let hash = short_hash(&format!("{name}={value}"));
    draft.field(0, key(&format!("amazon-q:field:{hash}")), name, value);
}

/// `<project>` of `<project>/.amazonq/sessions/<id>/metadata.json`.
fn project_of(path: &Path) -> Option<&Path> {
    let amazonq = path.ancestors().nth(3)?;
    (amazonq.file_name()? == ".amazonq").then(|| amazonq.parent())?
}

/// Removes a leftover lock file and reports a leftover temporary file; returns what was removed.
pub(super) fn clear_leftovers(
    disk: &dyn Disk,
    transcript: &Transcript,
    tally: &mut Tally,
) -> Result<Option<PathBuf>, ImportError> {
    let Some(folder) = transcript.path.parent() else { return Ok(None) };
    if disk.info(&folder.join(TEMPORARY_NAME))?.is_some() {
        tally.note(0, format!("{TEMPORARY_NAME}, left by an interrupted save, is left alone"));
    }
    let lock = folder.join(LOCK_NAME);
    match disk.info(&lock)?.map(|info| info.kind) {
        Some(EntryKind::File) => {
            disk.remove_file(&lock)?;
            Ok(Some(lock))
        }
        Some(_) => {
            tally.note(0, format!("{LOCK_NAME} is no regular file, and is left alone"));
            Ok(None)
        }
        None => Ok(None),
    }
}
