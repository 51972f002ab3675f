//! Changes to inputs, the same in every run.

/// What readers give a meaning to.
const TOKENS: [&[u8]; 12] = [
    b"\n",
    b"{\"crc\":\"########\",",
    b"{\"crc\":\"",
    b"18446744073709551615",
    b"\"batch\":1,",
    b"null",
    b"[[[[[[",
    b"\\ud800",
    b"\0\0\0\0",
    b"\xff",
    b"        ",
    b"}",
];

/// A source of changes.
pub struct Mutations {
    state: u64,
}

impl Mutations {
    pub fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A changed copy of an input; others lend parts of theirs.
    pub fn of(&mut self, input: &[u8], others: &[&[u8]]) -> Vec<u8> {
        let mut changed = input.to_vec();
        for _ in 0..=self.below(3) {
            self.change(&mut changed, others);
        }
        changed
    }

    fn change(&mut self, bytes: &mut Vec<u8>, others: &[&[u8]]) {
        let place = self.below(bytes.len() + 1);
        let end = (place + self.below(64)).min(bytes.len());
        match self.below(8) {
            0 | 1 if place < bytes.len() => bytes[place] ^= 1 << self.below(8),
            2 => drop(bytes.drain(place..end)),
            3 => bytes.truncate(place),
            4 => {
                let again = bytes[place..end].to_vec();
                bytes.splice(place..place, again);
            }
            5 => {
                let other = others[self.below(others.len())];
                let from = self.below(other.len() + 1);
                let to = (from + self.below(600)).min(other.len());
                bytes.splice(place..end, other[from..to].iter().copied());
            }
            6 => {
                let fill = [b' ', 0][self.below(2)];
                bytes.splice(place..end, std::iter::repeat_n(fill, self.below(700)));
            }
            _ => {
                let token = TOKENS[self.below(TOKENS.len())];
                bytes.splice(place..place, token.iter().copied());
            }
        }
    }

    /// A number below `bound`, by SplitMix64.
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }
}
