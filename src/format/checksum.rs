//! The checksum that lets every line prove itself.

use super::JournalId;

/// CRC-32 of a journal's id: where the checksum of each of its lines starts from.
///
/// CRC-32 is the IEEE polynomial, as crc32fast computes it. It finds every single flipped bit and
/// every burst of up to 32 bits; it is no protection against an author, which is the chain's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    if text.len() != 8 {
        return None;
    }
    text.iter().try_fold(0_u32, |number, &digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u32::from(value))
    })
}
