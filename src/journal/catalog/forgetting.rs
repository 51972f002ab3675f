//! Making the catalog forget a session: what is to be gone for good is gone from its files too.

use std::sync::Arc;
use std::time::Duration;

use tracing::debug;

use super::feed::Feed;
use super::files::has_folder;
use super::folding::fold_without;
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
    let forgotten = match lock.exclusive(holder, timeout) {
        Ok(_alone) => fold_without(disk, feed, session),
        // Whoever is folding stands still.
        Err(_) => Ok(false),
    };
    match forgotten {
        Ok(true) => return Ok(()),
        Ok(false) => {}
        Err(error) => debug!(session_id = %session, %error, "the whole catalog is removed"),
    }
    feed.erase(&**disk, holder, timeout)
}
