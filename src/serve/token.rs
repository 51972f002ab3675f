//! The secret that a request must know where a server asks for one.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Shortest token, in bytes: what is shorter can be guessed.
const TOKEN_BYTES_MIN: usize = 16;

/// Longest token, in bytes.
const TOKEN_BYTES_MAX: usize = 1024;

/// What the cookie of a browser is derived with, so that it does not hold the token itself.
const COOKIE_PREFIX: &[u8] = b"annals serve cookie 1:";

/// The secret that a request must know. It is kept as a digest, compared in constant time, and
/// shown by nothing.
#[derive(Clone)]
pub struct Token {
    digest: [u8; 32],
    cookie: [u8; 32],
}

/// Why a text is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It has too few or too many bytes.
    #[error("a token has {TOKEN_BYTES_MIN} to {TOKEN_BYTES_MAX} bytes, and this one has {bytes}")]
    Length {
        /// How many it has.
        bytes: usize,
    },
    /// It could not be sent in a header.
    #[error("a token is made of visible ASCII characters alone")]
    Character,
}

impl Token {
    /// Reads a token, as a file or a variable holds it: white space around it does not count.
    ///
    /// # Errors
    ///
    /// It is too short, too long, or holds what no header can.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        let bytes = text.len();
        if !(TOKEN_BYTES_MIN..=TOKEN_BYTES_MAX).contains(&bytes) {
            return Err(TokenError::Length { bytes });
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Character);
        }
        let cookie = Sha256::new().chain_update(COOKIE_PREFIX).chain_update(text).finalize();
        Ok(Self { digest: Sha256::digest(text).into(), cookie: cookie.into() })
    }

    /// Whether a text is this token. How long that takes says nothing about it.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        let digest: [u8; 32] = Sha256::digest(text).into();
        digest.ct_eq(&self.digest).into()
    }

    /// What a browser keeps that has shown the token.
    pub(super) fn cookie(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.cookie)
    }

    /// Whether this is what a browser keeps.
    pub(super) fn is_cookie(&self, value: &str) -> bool {
        let decoded = URL_SAFE_NO_PAD.decode(value).unwrap_or_default();
        decoded.as_slice().ct_eq(&self.cookie).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token")
    }
}
