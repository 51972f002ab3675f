//! The hash chain: each record names the link of the one before it.

use sha2::{Digest as _, Sha256};

use crate::vocabulary::{Digest, Link};

/// The link of a record: SHA-256 over its envelope as written (from `"seq":` up to the comma after
/// `"type"`) followed by the 32 bytes of its data's digest. The data themselves do not enter, so
/// they can be removed later without breaking the chain.
#[must_use]
pub fn link_of(envelope: &[u8], data: &Digest) -> Link {
    let mut hasher = Sha256::new();
    hasher.update(envelope);
    hasher.update(data.as_bytes());
    Digest::from_bytes(hasher.finalize().into())
}
