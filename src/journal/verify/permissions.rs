//! Whether others than the owner can get at a session, and whether it leads out of the store.

use crate::disk::{EntryKind, Folder, Look};
use crate::vocabulary::{Finding, FindingClass, SessionId};

/// Permission bits that nobody but the owner should have.
const OTHERS: u32 = 0o077;

/// What is to be said against a session's folder and everything directly in it.
pub(super) fn objections(folder: &Folder, session: &SessionId) -> Vec<Finding> {
    let mut entries: Vec<_> = folder.entries.iter().collect();
    entries.sort_by_key(|(name, _)| name);
    let entries = entries.into_iter().map(|(name, look)| (name.as_str(), *look));
    std::iter::once(("the session's folder", folder.itself))
        .chain(entries)
        .filter_map(|(name, look)| objection(name, look))
        .map(|message| Finding::new(session, FindingClass::Permissions, message))
        .collect()
}

fn objection(name: &str, look: Look) -> Option<String> {
    match look.kind {
        EntryKind::Link => Some(format!("{name} is a link and may lead out of the store")),
        EntryKind::Other => Some(format!("{name} is neither a file nor a folder")),
        _ if look.mode & OTHERS != 0 => {
            Some(format!("{name} has mode {:o}: others than its owner can get at it", look.mode))
        }
        _ => None,
    }
}
