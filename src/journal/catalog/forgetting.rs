//! Making the catalog forget a session: what is to be gone for good is gone from its files too.

use std::sync::Arc;
use std::time::Duration;

use tracing::debug;

use super::feed::Feed;
use super::files::has_folder;
use super::folding::{fold_without, remove_others};
use super::remembering::forget_verified;
use crate::disk::{Disk, DiskError, FileLock};
use crate::vocabulary::{Holder, SessionId};

/// Writes the catalog anew without a session, and removes every file that may say something of it,
/// durably. The next listing looks at its journal, which must not hold that any more. Where this
/// cannot be done, the whole catalog goes: see [`Feed::erase`].
///
/// # Errors
///
/// Those of the medium; some of it may still be there.
pub fn forget(
    disk: &Arc<dyn Disk>,
    feed: &Feed,
    session: &SessionId,
    holder: &Holder,
    timeout: Duration,
) -> Result<(), DiskError> {
    if !has_folder(&**disk, feed.paths())? {
        return Ok(());
    }
    let lock = FileLock::open(&**disk, &feed.paths().lock())?;
    let alone = lock.exclusive(holder, timeout);
    let forgotten = match &alone {
        Ok(_) => fold_without(disk, feed, session),
        // Whoever is folding stands still.
        Err(_) => Ok(None),
    };
    match forgotten {
        // From here on a failure is one to tell of: a sync that failed is not tried again.
        Ok(Some(current)) => {
            remove_others(&**disk, feed.paths(), &current)?;
            forget_verified(&**disk, feed.paths())?;
            return disk.sync_dir(&feed.paths().root());
        }
        Ok(None) => {}
        Err(error) => debug!(session_id = %session, %error, "the whole catalog is removed"),
    }
    drop(alone);
    feed.erase(&**disk, holder, timeout)
}
