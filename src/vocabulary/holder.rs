//! Who holds a lock.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Author, Timestamp};

/// Who holds a lock, and since when. Written into the lock file for people to read; the lock
/// itself is the kernel's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Who.
    pub by: Author,
    /// Since when.
    pub since: Timestamp,
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Author { user, host, pid, program, .. } = &self.by;
        write!(formatter, "{program} (pid {pid} of {user} on {host}) since {}", self.since)
    }
}
