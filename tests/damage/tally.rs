//! What all cases of a kind came to.

use std::collections::BTreeMap;

use crate::bystander::Alibi;

/// Where in a journal the first byte is that damage has changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Region {
    Header,
    Middle,
    LastWrite,
    Padding,
}

impl Region {
    pub fn name(self) -> &'static str {
        match self {
            Self::Header => "the header",
            Self::Middle => "before the last write",
            Self::LastWrite => "the last write",
            Self::Padding => "the padding",
        }
    }
}

/// A way to read a log that stands beside annals.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Rival {
    /// Cases in which other records than the sound ones were delivered, and nothing was said.
    pub not_noticed: u64,
    /// Cases in which acknowledged records were taken for an unfinished write.
    pub called_torn: u64,
    /// Intact records that were not delivered, over all cases.
    pub intact_lost: u64,
}

/// What the cases of one kind in one region came to.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    pub cases: u64,
    /// Cases by the classes that `verify` found.
    pub verdicts: BTreeMap<String, u64>,
    /// Cases in which nothing can tell the damage from an unfinished write, and those of them in
    /// which a head that was written down elsewhere tells it.
    pub alibis: BTreeMap<Alibi, [u64; 2]>,
    /// Records changed, nothing found, and no alibi.
    pub not_noticed: u64,
    /// An unfinished write that was called anything worse.
    pub torn_called_corrupt: u64,
    /// Acknowledged records changed, called an unfinished write, and no alibi.
    pub corrupt_called_torn: u64,
    /// Intact records that the reader did not deliver.
    pub intact_lost: u64,
    pub json_lines: Rival,
    pub first_bad: Rival,
    /// Cases that were recovered as well, or healed by the next writer.
    pub mended: u64,
}

impl Rival {
    fn add(&mut self, other: &Self) {
        self.not_noticed += other.not_noticed;
        self.called_torn += other.called_torn;
        self.intact_lost += other.intact_lost;
    }
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.cases += other.cases;
        for (verdict, count) in &other.verdicts {
            *self.verdicts.entry(verdict.clone()).or_default() += count;
        }
        for (alibi, [cases, told]) in &other.alibis {
            let sum = self.alibis.entry(*alibi).or_default();
            *sum = [sum[0] + cases, sum[1] + told];
        }
        self.not_noticed += other.not_noticed;
        self.torn_called_corrupt += other.torn_called_corrupt;
        self.corrupt_called_torn += other.corrupt_called_torn;
        self.intact_lost += other.intact_lost;
        self.json_lines.add(&other.json_lines);
        self.first_bad.add(&other.first_bad);
        self.mended += other.mended;
    }
}
