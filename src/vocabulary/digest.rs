//! SHA-256 values: digests of data, and links of the hash chain.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// A SHA-256 value, written as 43 characters of base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

/// A link of a journal's hash chain: the digest that the next record names as its `prev`.
pub type Link = Digest;

/// The text is not 43 characters of base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is written as 43 characters of base64url without padding")]
pub struct DigestError;

impl Digest {
    /// Length of the text form, in characters.
    pub const TEXT_LEN: usize = 43;

    /// What the header of a journal names as its predecessor: 32 zero bytes.
    pub const ZERO: Self = Self([0; 32]);

    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A digest from its bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A digest from its text form, of which it is not known yet that it is a text.
    ///
    /// # Errors
    ///
    /// It is not 43 characters of base64url.
    pub fn from_text(text: &[u8]) -> Result<Self, DigestError> {
        decode(text).map(Self).ok_or(DigestError)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        Self::from_text(text.as_bytes())
    }
}

/// What a byte stands for in base64url; [`NO_DIGIT`] for what stands for nothing.
static DIGITS: [u8; 256] = digits();

const NO_DIGIT: u8 = 0xff;

#[allow(clippy::indexing_slicing, reason = "a constant: what is out of bounds does not compile")]
const fn digits() -> [u8; 256] {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut digits = [NO_DIGIT; 256];
    let mut value: u8 = 0;
    while value < 64 {
        digits[ALPHABET[value as usize] as usize] = value;
        value += 1;
    }
    digits
}

/// Reads the text form. A journal has one in each line, of a length that never changes.
fn decode(text: &[u8]) -> Option<[u8; 32]> {
    let (fours, [a, b, c]) = text.as_chunks::<4>() else { return None };
    let mut bytes = [0; 32];
    let (threes, last) = bytes.as_chunks_mut::<3>();
    if fours.len() != threes.len() {
        return None;
    }
    let mut seen = 0;
    let mut digit = |byte: &u8| {
        let value = DIGITS.get(usize::from(*byte)).copied().unwrap_or(NO_DIGIT);
        seen |= value;
        u32::from(value)
    };
    for ([a, b, c, d], three) in fours.iter().zip(threes) {
        let number = digit(a) << 18 | digit(b) << 12 | digit(c) << 6 | digit(d);
        let [_, high, middle, low] = number.to_be_bytes();
        *three = [high, middle, low];
    }
    let number = digit(a) << 12 | digit(b) << 6 | digit(c);
    // Two bits are left over, and are zero in the one text that a digest has.
    let [_, _, high, low] = (number >> 2).to_be_bytes();
    last.copy_from_slice(&[high, low]);
    (seen & 0x80 == 0 && number & 0b11 == 0).then_some(bytes)
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; Self::TEXT_LEN];
        let written = URL_SAFE_NO_PAD.encode_slice(self.0, &mut text).map_err(|_| fmt::Error)?;
        let text = text.get(..written).and_then(|text| std::str::from_utf8(text).ok());
        formatter.write_str(text.ok_or(fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_digest_is_read_as_another_reader_does(text in "[-_A-Za-z0-9+/=]{42,44}") {
            let read = URL_SAFE_NO_PAD.decode(&text).ok().and_then(|bytes| bytes.try_into().ok());
            prop_assert_eq!(decode(text.as_bytes()), read);
        }

        #[test]
        fn a_digest_is_read_as_it_was_written(bytes: [u8; 32]) {
            let digest = Digest::from_bytes(bytes);
            prop_assert_eq!(digest.to_string().parse(), Ok(digest));
        }
    }
}
