//! Whether others than the owner can get at a session, and whether it leads out of the store.

use std::path::Path;

use crate::disk::{Disk, DiskError, EntryKind};
use crate::format::layout::SessionPaths;
use crate::vocabulary::{Finding, FindingClass, SessionId};

/// Permission bits that nobody but the owner should have.
const OTHERS: u32 = 0o077;

/// Looks at the session's folder and everything directly in it.
pub(super) fn check(
    disk: &dyn Disk,
    paths: &SessionPaths,
    session: &SessionId,
) -> Result<Vec<Finding>, DiskError> {
    let mut findings = Vec::new();
    let mut objections = objection(disk, paths.root(), "the session's folder")?;
    if disk.info(paths.root())?.is_some_and(|info| info.kind == EntryKind::Directory) {
        let mut entries = disk.list_dir(paths.root())?;
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (name, _) in entries {
            objections.extend(objection(disk, &paths.root().join(&name), &name)?);
        }
    }
    for message in objections {
        findings.push(Finding::new(session, FindingClass::Permissions, message));
    }
    Ok(findings)
}

fn objection(disk: &dyn Disk, path: &Path, name: &str) -> Result<Vec<String>, DiskError> {
    let Some(info) = disk.info(path)? else { return Ok(Vec::new()) };
    Ok(match info.kind {
        EntryKind::Link => vec![format!("{name} is a link and may lead out of the store")],
        EntryKind::Other => vec![format!("{name} is neither a file nor a folder")],
        _ if info.mode & OTHERS != 0 => {
            vec![format!("{name} has mode {:o}: others than its owner can get at it", info.mode)]
        }
        _ => Vec::new(),
    })
}
