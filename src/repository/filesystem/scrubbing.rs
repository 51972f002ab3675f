//! Verifying a store a bounded part at a time: what looks different than when it was verified last,
//! and a share of what does not.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use sha2::{Digest as _, Sha256};
use tracing::debug;

use super::{FileSystemRepository, Inner};
use crate::disk::{Disk, DiskError, EntryInfo, EntryKind};
use crate::format::catalog::{Checked, Verified};
use crate::format::layout::SessionPaths;
use crate::journal::catalog::{RACY_NS, remember, remembered};
use crate::repository::{Depth, Effort, RepositoryError, Scrub, SessionRepository as _};
use crate::vocabulary::SessionId;

/// A session as it looks from outside.
#[derive(Debug)]
struct Seen {
    session: SessionId,
    /// What its files look like; `None` where a later change could look the same.
    look: Option<u64>,
    /// The length of its history.
    bytes: u64,
}

/// What a scrub is to do, and what that leaves.
#[derive(Debug, Default)]
struct Plan {
    to_verify: Vec<Seen>,
    /// Verified earlier, and unchanged since.
    earlier: u64,
    /// Changed since they were verified, if they ever were.
    never: u64,
}

impl FileSystemRepository {
    /// Scrubs, with one hop for each session that is verified.
    pub(super) async fn scrub_incrementally(
        &self,
        effort: &Effort,
    ) -> Result<Scrub, RepositoryError> {
        let (mut verified, seen) = self.blocking(Inner::begin_scrub).await?;
        let bytes = seen.iter().map(|seen| seen.bytes).sum();
        let plan = plan(&verified, seen, effort);
        let mut scrub = Scrub { bytes, ..Scrub::default() };
        let depth = Depth { quick: true, ..Depth::default() };
        for Seen { session, look, .. } in plan.to_verify {
            match self.verify(&session, &depth).await {
                Ok(verification) => {
                    let look = look.filter(|_| verification.findings.is_empty());
                    let is_damaged = verification.is_corrupted();
                    let checked = Checked { look, round: verified.round, is_damaged };
                    verified.sessions.insert(session, checked);
                    scrub.take(verification);
                }
                // Deleted since it was seen.
                Err(RepositoryError::NotFound { .. }) => drop(verified.sessions.remove(&session)),
                Err(error) => return Err(error),
            }
        }
        scrub.verified.earlier = plan.earlier;
        scrub.verified.never = plan.never;
        scrub.sessions = scrub.verified.now + plan.earlier + plan.never;
        self.blocking(move |inner| {
            inner.end_scrub(verified);
            Ok(())
        })
        .await?;
        Ok(scrub)
    }
}

impl Inner {
    /// What is known from earlier scrubs of the sessions that there are, and how they look now.
    fn begin_scrub(&self) -> Result<(Verified, Vec<Seen>), RepositoryError> {
        let mut sessions = self.store.entries()?.sessions;
        sessions.sort();
        let seen: Vec<Seen> = sessions.into_iter().map(|session| self.see(session)).collect();
        let kept = self.verified.lock().unwrap_or_else(PoisonError::into_inner).take();
        let paths = self.store.feed.paths();
        let known = match kept {
            None if self.settings.catalog => remembered(&*self.store.disk, paths),
            kept => kept,
        };
        let mut verified = known.unwrap_or_default();
        verified.round += 1;
        let is_there: BTreeSet<&SessionId> = seen.iter().map(|seen| &seen.session).collect();
        verified.sessions.retain(|session, _| is_there.contains(session));
        Ok((verified, seen))
    }

    fn end_scrub(&self, verified: Verified) {
        if self.settings.catalog {
            let remembered = remember(&*self.store.disk, self.store.feed.paths(), &verified);
            if let Err(error) = remembered {
                debug!(%error, "what was verified is not remembered for other processes");
            }
        }
        *self.verified.lock().unwrap_or_else(PoisonError::into_inner) = Some(verified);
    }

    /// Looks at a session's files without opening any. What cannot be looked at is verified.
    fn see(&self, session: SessionId) -> Seen {
        let disk = &*self.store.disk;
        let paths = self.store.feed.paths().session(&session);
        let now = disk.now_ns();
        match files_of(disk, &paths) {
            Ok(files) => {
                let bytes = files.iter().filter(|file| file.kind == EntryKind::File);
                let bytes = bytes.map(|file| file.len).sum();
                let is_at_rest =
                    files.iter().all(|file| file.changed_ns.saturating_add(RACY_NS) < now);
                Seen { session, look: is_at_rest.then(|| digest(&files)), bytes }
            }
            Err(_) => Seen { session, look: None, bytes: 0 },
        }
    }
}

/// The folder of a session, its journal, and its sealed segments: what a quick verification reads,
/// and the folder in which snapshots come and go.
fn files_of(disk: &dyn Disk, paths: &SessionPaths) -> Result<Vec<EntryInfo>, DiskError> {
    let mut files = Vec::with_capacity(2);
    files.extend(disk.info(paths.root())?);
    // Through a link nothing is looked at.
    if files.iter().all(|folder| folder.kind == EntryKind::Directory) {
        files.extend(disk.info(&paths.journal())?);
        if let Some(folder) = disk.info(&paths.segments())? {
            files.push(folder);
            if folder.kind == EntryKind::Directory {
                let mut names = disk.list_dir(&paths.segments())?;
                names.sort_by(|(a, _), (b, _)| a.cmp(b));
                for (name, _) in names {
                    files.extend(disk.info(&paths.segment(&name))?);
                }
            }
        }
    }
    Ok(files)
}

/// Tells looks apart: inodes, lengths and times of changes, which copying tools cannot set.
fn digest(files: &[EntryInfo]) -> u64 {
    let mut hash = Sha256::new();
    for EntryInfo { len, identity, changed_ns, .. } in files {
        hash.update(identity.inode.to_le_bytes());
        hash.update(len.to_le_bytes());
        hash.update(changed_ns.to_le_bytes());
    }
    hash.finalize().iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// Which sessions are verified: all that were damaged, and then, as far as the effort goes, those
/// verified longest ago among the changed ones and the share of the unchanged ones.
fn plan(verified: &Verified, seen: Vec<Seen>, effort: &Effort) -> Plan {
    if effort.full {
        return Plan { to_verify: seen, ..Plan::default() };
    }
    let mut plan = Plan::default();
    let (mut changed, mut unchanged) = (Vec::new(), Vec::new());
    for seen in seen {
        match verified.sessions.get(&seen.session) {
            Some(checked) if checked.is_damaged => plan.to_verify.push(seen),
            Some(Checked { look: Some(look), round, .. }) if seen.look == Some(*look) => {
                unchanged.push((*round, seen));
            }
            Some(checked) => changed.push((checked.round, seen)),
            None => changed.push((0, seen)),
        }
    }
    // Sorting keeps the order of sessions among those of one round.
    unchanged.sort_by_key(|(round, _)| *round);
    let share = (unchanged.len() as u64).div_ceil(effort.rotation.max(1));
    let rest = unchanged.split_off(usize::try_from(share).unwrap_or(usize::MAX));
    plan.earlier = rest.len() as u64;

    let of_kind = |is_changed| move |(round, seen)| (round, is_changed, seen);
    let mut due: Vec<(u64, bool, Seen)> = changed.into_iter().map(of_kind(true)).collect();
    due.extend(unchanged.into_iter().map(of_kind(false)));
    due.sort_by_key(|(round, ..)| *round);
    let mut left = effort.bytes_max;
    let mut is_first = true;
    for (_, is_changed, seen) in due {
        if is_first || seen.bytes <= left {
            left = left.saturating_sub(seen.bytes);
            is_first = false;
            plan.to_verify.push(seen);
        } else if is_changed {
            left = 0;
            plan.never += 1;
        } else {
            left = 0;
            plan.earlier += 1;
        }
    }
    plan
}
