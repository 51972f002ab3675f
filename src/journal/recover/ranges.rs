//! Ranges of records.

use crate::vocabulary::{Link, LostRange};

/// A range that an earlier recovery has named, with the record that does so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    pub(super) seq: u64,
    pub(super) link: Link,
    pub(super) range: LostRange,
}

impl Named {
    /// What of it lies before the record that names it: none can speak of what came later.
    pub(super) fn standing(&self) -> Option<LostRange> {
        let last_seq = self.range.last_seq.min(self.seq.checked_sub(1)?);
        (self.range.first_seq <= last_seq).then_some(LostRange { last_seq, ..self.range })
    }
}

/// What is left of a range without the parts that others cover.
pub(super) fn without(range: LostRange, covered: &[LostRange]) -> Vec<LostRange> {
    let mut left = vec![range];
    for cover in covered {
        left = left.into_iter().flat_map(|part| without_one(part, cover)).collect();
    }
    left
}

fn without_one(range: LostRange, cover: &LostRange) -> Vec<LostRange> {
    if cover.last_seq < range.first_seq || cover.first_seq > range.last_seq {
        return vec![range];
    }
    let mut left = Vec::new();
    if cover.first_seq > range.first_seq {
        left.push(LostRange { last_seq: cover.first_seq - 1, ..range });
    }
    if cover.last_seq < range.last_seq {
        left.push(LostRange { first_seq: cover.last_seq + 1, ..range });
    }
    left
}
