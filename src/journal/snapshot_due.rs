//! When a writer writes a snapshot.

use tracing::{debug, warn};

use super::files::Durability;
use super::snapshots::{self, Snapshots};
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
        if let Some(seq) = self.newest_of_others().filter(|seq| replay.seq < seq + every) {
            self.journal.snapshot_seq = seq;
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

    /// The record that the newest snapshot was folded to, where another writer has written it: of
    /// several, each would write one for the same records.
    fn newest_of_others(&self) -> Option<u64> {
        let journal = &self.journal;
        let snapshots =
            Snapshots::read(&*journal.disk, &journal.paths, Some(journal.id), None).ok()?;
        let newest = snapshots.readable.first()?.seq;
        (journal.snapshot_seq < newest && newest <= journal.replay.seq).then_some(newest)
    }
}
