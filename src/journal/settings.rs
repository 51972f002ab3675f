//! How journals are written.

use std::sync::Arc;
use std::time::Duration;

use super::Durability;
use crate::vocabulary::{Author, Clock, SystemClock};

/// How journals are written.
#[derive(Clone)]
pub struct Settings {
    /// What an acknowledgement promises.
    pub durability: Durability,
    /// How long a writer waits for a session's lock.
    pub lock_timeout: Duration,
    /// After how many records a snapshot is due; 0 for never. With the default, 256, opening
    /// replays at most that many, and a snapshot's two syncs are shared by 256 records.
    pub snapshot_every: u64,
    /// Whether listing goes through the catalog, which is made where there is none. Writers keep
    /// one true that others have made even if not.
    pub catalog: bool,
    /// What stamps records.
    pub clock: Arc<dyn Clock>,
    /// Who is named as the holder of locks and the author of repairs.
    pub by: Author,
}

impl Settings {
    /// The defaults, in somebody's name.
    #[must_use]
    pub fn new(by: Author) -> Self {
        Self {
            durability: Durability::Sync,
            lock_timeout: Duration::from_secs(30),
            snapshot_every: 256,
            catalog: true,
            clock: Arc::new(SystemClock),
            by,
        }
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("durability", &self.durability)
            .field("lock_timeout", &self.lock_timeout)
            .field("snapshot_every", &self.snapshot_every)
            .field("catalog", &self.catalog)
            .field("by", &self.by)
            .finish_non_exhaustive()
    }
}
