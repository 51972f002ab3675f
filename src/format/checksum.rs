//! The checksum that lets every line prove itself.

use super::JournalId;

/// CRC-32 of a journal's id: where the checksum of each of its lines starts from.
///
/// CRC-32 is the IEEE polynomial, as crc32fast computes it. It finds every single flipped bit and
/// every burst of up to 32 bits; it is no protection against an author, which is the chain's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seed(u32);

impl Seed {
    /// The seed of a journal.
    #[must_use]
    pub fn of(journal: JournalId) -> Self {
        Self(crc32fast::hash(journal.as_bytes()))
    }

    /// CRC-32 over the journal's id followed by `covered`.
    #[must_use]
    pub fn checksum(self, covered: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.0);
        hasher.update(covered);
        hasher.finalize()
    }
}

impl Seed {
    /// The one seed with which `covered` has this checksum. It proves nothing by itself; lines
    /// that agree on it are of one journal, even if that journal's id is lost.
    #[must_use]
    pub fn of_line(covered: &[u8], checksum: u32) -> Self {
        Self(solve(checksum, |seed| Self(seed).checksum(covered)))
    }

    /// An id whose journal has this seed. It is another than the lost one, and every line of the
    /// lost one's journal verifies with it.
    #[must_use]
    pub fn to_journal_id(self) -> JournalId {
        let mut bytes = *JournalId::generate().as_bytes();
        let (kept, solved) = bytes.split_at_mut(12);
        let tail = solve(self.0, |tail| {
            let mut hasher = crc32fast::Hasher::new();
            hasher.update(kept);
            hasher.update(&tail.to_le_bytes());
            hasher.finalize()
        });
        solved.copy_from_slice(&tail.to_le_bytes());
        JournalId::from_bytes(bytes)
    }
}

/// The number that a CRC maps to `wanted`. As a function of 32 bits of its input, or of its
/// initial value, a CRC is affine and one to one: 33 evaluations and a Gaussian elimination over
/// GF(2) turn it around (Stigge et al., "Reversing CRC", HU Berlin 2006).
fn solve(wanted: u32, crc: impl Fn(u32) -> u32) -> u32 {
    let constant = crc(0);
    // Each row pairs what a combination of input bits changes with that combination.
    let mut rows: Vec<(u32, u32)> =
        (0..32).map(|bit| (crc(1 << bit) ^ constant, 1 << bit)).collect();
    let (mut remaining, mut input) = (wanted ^ constant, 0);
    for bit in (0..32).rev() {
        let Some(index) = rows.iter().position(|(image, _)| image >> bit & 1 == 1) else {
            continue;
        };
        let (image, combination) = rows.swap_remove(index);
        for row in rows.iter_mut().filter(|(other, _)| other >> bit & 1 == 1) {
            row.0 ^= image;
            row.1 ^= combination;
        }
        if remaining >> bit & 1 == 1 {
            remaining ^= image;
            input ^= combination;
        }
    }
    input
}

/// Eight lowercase hexadecimal digits, most significant first.
pub(super) fn to_hex(checksum: u32) -> [u8; 8] {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let mut text = [b'0'; 8];
    for (place, digit) in text.iter_mut().rev().enumerate() {
        let nibble = (checksum >> (4 * place)) & 0xf;
        *digit = DIGITS.get(nibble as usize).copied().unwrap_or(b'0');
    }
    text
}

/// The number that eight lowercase hexadecimal digits stand for; nothing else is read.
pub(super) fn from_hex(text: &[u8]) -> Option<u32> {
    let digits: [u8; 8] = text.try_into().ok()?;
    // Without a way out in the middle: which digits there are is chance, and not to be foreseen.
    let is_digit = |digit: &u8| digit.is_ascii_digit() | matches!(digit, b'a'..=b'f');
    let are_digits = digits.iter().fold(true, |are, digit| are & is_digit(digit));
    let number = digits.iter().fold(0, |number, digit| {
        let above_nine = digit >> 6;
        number << 4 | u32::from((digit & 0xf) + 9 * above_nine)
    });
    are_digits.then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_the_seed_that_it_was_written_with() {
        for number in 0..200_u32 {
            let seed = Seed(number.wrapping_mul(0x9e37_79b9));
            let line = format!("some line, {number} of them: {}", "x".repeat(number as usize));
            let checksum = seed.checksum(line.as_bytes());
            assert_eq!(Seed::of_line(line.as_bytes(), checksum), seed);
        }
    }

    #[test]
    fn an_id_can_be_made_for_every_seed() {
        for number in 0..200_u32 {
            let seed = Seed(number.wrapping_mul(0x85eb_ca6b));
            assert_eq!(Seed::of(seed.to_journal_id()), seed);
        }
    }
}
