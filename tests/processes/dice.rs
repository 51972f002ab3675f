//! Chance that can be repeated.

use std::hash::{BuildHasher, RandomState};

/// Names the seed of an earlier run.
const SEED_VARIABLE: &str = "ANNALS_TEST_SEED";

/// A SplitMix64 generator. Its seed is printed, so a failed test shows it.
pub(crate) struct Dice {
    state: u64,
}

impl Dice {
    /// Dice with the seed that the environment names, or one of their own.
    pub(crate) fn new() -> Self {
        let named = std::env::var(SEED_VARIABLE).ok().map(|seed| seed.parse().unwrap());
        let seed = named.unwrap_or_else(|| RandomState::new().hash_one(0));
        println!("to repeat this: {SEED_VARIABLE}={seed}");
        Self { state: seed }
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
