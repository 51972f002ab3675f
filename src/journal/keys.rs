//! Which idempotency keys a journal holds.

use std::collections::HashMap;

use super::reader::Position;
use crate::vocabulary::{Digest, Key};

/// The first record of each key. Keys are held by the first 128 bits of their SHA-256: two
/// different keys do not meet by accident.
#[derive(Debug)]
pub(super) struct KeyIndex {
    first_seqs: HashMap<u128, u64>,
    /// Where the records begin whose keys may not be known yet: other processes append too.
    pub(super) known_to: Position,
}

impl KeyIndex {
    /// An index that knows nothing yet.
    pub(super) fn new() -> Self {
        Self { first_seqs: HashMap::new(), known_to: Position::START }
    }

    pub(super) fn insert(&mut self, key: &str, seq: u64) {
        self.first_seqs.entry(fingerprint(key)).or_insert(seq);
    }

    pub(super) fn first_seq(&self, key: &Key) -> Option<u64> {
        self.first_seqs.get(&fingerprint(key.as_str())).copied()
    }
}

fn fingerprint(key: &str) -> u128 {
    let digest = Digest::of(key.as_bytes());
    let (half, _) = digest.as_bytes().split_at(16);
    half.iter().fold(0, |number, &byte| number << 8 | u128::from(byte))
}
