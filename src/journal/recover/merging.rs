//! Records of one journal from several files.

use std::collections::BTreeMap;

use crate::format::{Header, JournalId};
use crate::vocabulary::{Link, LostRange, SessionId};

/// A record to keep.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    /// Which of the files holds it.
    pub(super) source: usize,
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) prev: Link,
    pub(super) link: Link,
}

/// Every record that was found, by sequence number. Where one stands twice, the chain decides.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    by_seq: BTreeMap<u64, Vec<Kept>>,
}

/// What another file had to offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Merged {
    /// Records that were missing, and the first and the last of them.
    pub(super) added: Option<(u64, u64, u64)>,
    /// The record from which on the file tells another history.
    pub(super) diverges_at: Option<u64>,
}

impl Candidates {
    /// Takes a record of the journal itself.
    pub(super) fn insert(&mut self, seq: u64, kept: Kept) {
        self.by_seq.entry(seq).or_default().push(kept);
    }

    /// Takes from another file, whose records come in order, those that are missing here, as long
    /// as the two tell the same history: where they part, what the session has stands.
    pub(super) fn merge(&mut self, records: &[(u64, Kept)]) -> Merged {
        let mut merged = Merged::default();
        for (seq, kept) in records {
            let standing = self.by_seq.get(seq);
            if standing.is_some_and(|all| *seq == 0 || all.iter().any(|one| one.link == kept.link))
            {
                continue;
            }
            if standing.is_some() || !self.connects(*seq, kept) {
                merged.diverges_at = Some(*seq);
                break;
            }
            self.insert(*seq, *kept);
            if *seq > 0 {
                let (count, first, _) = merged.added.unwrap_or((0, *seq, *seq));
                merged.added = Some((count + 1, first, *seq));
            }
        }
        merged
    }

    /// Whether a record follows from the one before it, and the one behind follows from it, as far
    /// as these are there. What record 1 follows may have been replaced.
    fn connects(&self, seq: u64, kept: &Kept) -> bool {
        let before = seq.checked_sub(1).filter(|before| *before > 0);
        let before = before.and_then(|before| self.by_seq.get(&before));
        let behind = self.by_seq.get(&(seq + 1)).filter(|_| seq > 0);
        before.is_none_or(|all| all.iter().any(|one| one.link == kept.prev))
            && behind.is_none_or(|all| all.iter().any(|one| one.prev == kept.link))
    }

    /// How many records there are, the header not counted.
    pub(super) fn count(&self) -> u64 {
        self.by_seq.keys().filter(|&&seq| seq > 0).count() as u64
    }

    /// The last record.
    pub(super) fn last(&self) -> Option<u64> {
        self.by_seq.last_key_value().map(|(seq, _)| *seq)
    }

    /// One record for each sequence number: where there are several, the one that the next record
    /// follows from, or the first.
    pub(super) fn chosen(&self) -> Vec<(u64, Kept)> {
        let chosen = self.by_seq.iter().filter_map(|(&seq, standing)| {
            let next = self.by_seq.get(&(seq + 1));
            let is_followed = |kept: &&Kept| {
                next.is_some_and(|next| next.iter().any(|record| record.prev == kept.link))
            };
            let kept = standing.iter().find(is_followed).or_else(|| standing.first())?;
            Some((seq, *kept))
        });
        chosen.collect()
    }

    /// The ranges up to `reached` that no record is of.
    pub(super) fn missing(&self, reached: u64) -> Vec<LostRange> {
        let mut missing = Vec::new();
        let mut expected = 0;
        let range = |first_seq, last_seq| LostRange { first_seq, last_seq, bytes: 0 };
        for &seq in self.by_seq.keys() {
            if seq > expected {
                missing.push(range(expected, seq - 1));
            }
            expected = seq + 1;
        }
        if reached >= expected {
            missing.push(range(expected, reached));
        }
        missing
    }
}

/// Whether a line 0 can begin a journal that holds the whole of its history.
pub(super) fn begins_a_whole_journal(line: &[u8], session: &SessionId, id: JournalId) -> bool {
    Header::decode(line).is_ok_and(|(header, _)| {
        header.sealed.is_none() && header.session == *session && header.journal == id
    })
}
