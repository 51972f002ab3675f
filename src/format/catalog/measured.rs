//! What processes have measured: as each tells it, and summed up.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{Entry, seal, unseal};
use crate::format::bounds::{ENTRY_BYTES_MAX, SUM_BYTES_MAX, SUM_IDS_MAX};
use crate::vocabulary::Figures;

/// What a process has measured since it told last. It may be told twice, if the first time was to a
/// feed that was being folded: by its number, which no other has, it is counted once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// A number at random.
    pub id: u64,
    /// What was measured.
    pub figures: Figures,
}

impl Measured {
    /// Figures under a number of their own.
    #[must_use]
    pub fn new(figures: Figures) -> Self {
        // A counter that begins at random each millisecond, and 32 bits that are random.
        let (_, id) = uuid::Uuid::now_v7().as_u64_pair();
        Self { id, figures }
    }

    /// The entries that tell figures, one after the other: a single one, unless that would be over
    /// its bound.
    #[must_use]
    pub fn entries(figures: Figures) -> Vec<u8> {
        let measured = Self::new(figures);
        let json = serde_json::to_string(&measured).ok();
        if let Some(entry) = json.and_then(|json| Entry::Measured(json.into()).encode()) {
            return entry;
        }
        let mut half = measured.figures;
        let middle = half.operations.keys().nth(half.operations.len() / 2).cloned();
        let Some(middle) = middle.filter(|_| half.operations.len() > 1) else {
            // A single operation is far within the bound.
            return Vec::new();
        };
        let operations = half.operations.split_off(&middle);
        let other = Figures { operations, ..Figures::default() };
        [Self::entries(half), Self::entries(other)].concat()
    }

    /// Reads what an entry holds; `None` for what cannot be figures.
    #[must_use]
    pub fn read(json: &str) -> Option<Self> {
        let measured: Self = serde_json::from_str(json).ok()?;
        (json.len() <= ENTRY_BYTES_MAX && measured.figures.is_within_bounds()).then_some(measured)
    }
}

/// What all processes have measured, as far as it was folded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sum {
    /// All of it.
    pub figures: Figures,
    /// The numbers of what was folded last.
    pub ids: HashSet<u64>,
}

impl Sum {
    /// Adds what a process has told, unless it is in the sum already.
    pub fn add(&mut self, measured: &Measured) {
        if self.ids.insert(measured.id) {
            self.figures.merge(&measured.figures);
        }
    }

    /// The content of a file of its own, or `None` where it would be over its bound.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        let mut bytes = seal(self)?;
        bytes.push(b'\n');
        let fits = bytes.len() <= SUM_BYTES_MAX && self.ids.len() <= SUM_IDS_MAX;
        (fits && self.figures.is_within_bounds()).then_some(bytes)
    }

    /// Reads the file; `None` for one that is damaged.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > SUM_BYTES_MAX {
            return None;
        }
        let sum: Self = unseal(bytes.strip_suffix(b"\n")?)?;
        (sum.ids.len() <= SUM_IDS_MAX && sum.figures.is_within_bounds()).then_some(sum)
    }
}
