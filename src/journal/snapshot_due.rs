//! When a writer writes a snapshot.

use tracing::{debug, warn};

use super::files::Durability;
use super::snapshots;
use super::writer::{Core, snapshot_of};

impl Core {
    /// A snapshot is derived: one that cannot be written is written another time.
    pub(super) fn write_snapshot_if_due(&mut self) {
        let every = self.settings.snapshot_every;
        let replay = &self.journal.replay;
        // A snapshot proves that the journal had come this far, so the journal has to have.
        if every == 0
            || self.poisoned.is_some()
            || self.durable_to < replay.end_offset
            || replay.seq < self.journal.snapshot_seq.saturating_add(every)
        {
            return;
        }
        let snapshot = snapshot_of(&self.journal, self.settings.durability == Durability::Sync);
        match snapshots::write(&*self.journal.disk, &self.journal.paths, &snapshot) {
            Ok(()) => {
                debug!(session_id = %self.journal.session, seq = snapshot.seq, "wrote a snapshot");
            }
            Err(error) => {
                warn!(session_id = %self.journal.session, %error, "cannot write a snapshot");
            }
        }
        self.journal.snapshot_seq = snapshot.seq;
    }
}
