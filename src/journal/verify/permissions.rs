//! Whether others than the owner can get at a session, and whether it leads out of the store.

use crate::disk::{Disk, DiskError, EntryInfo, EntryKind};
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
    let root = disk.info(paths.root())?;
    let mut objections: Vec<String> = objection(root, "the session's folder").into_iter().collect();
    if root.is_some_and(|info| info.kind == EntryKind::Directory) {
        let mut entries = disk.list_dir(paths.root())?;
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (name, _) in entries {
            objections.extend(objection(disk.info(&paths.root().join(&name))?, &name));
        }
    }
    for message in objections {
        findings.push(Finding::new(session, FindingClass::Permissions, message));
    }
    Ok(findings)
}

fn objection(info: Option<EntryInfo>, name: &str) -> Option<String> {
    let info = info?;
    match info.kind {
        EntryKind::Link => Some(format!("{name} is a link and may lead out of the store")),
        EntryKind::Other => Some(format!("{name} is neither a file nor a folder")),
        _ if info.mode & OTHERS != 0 => {
            Some(format!("{name} has mode {:o}: others than its owner can get at it", info.mode))
        }
        _ => None,
    }
}
