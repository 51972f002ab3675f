//! Verifying a whole store, a bounded part of it at a time.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Depth, RepositoryError, SessionRepository};
use crate::vocabulary::{Finding, FindingClass, Verification};

/// Most findings that a scrub keeps whole; of those beyond, only the class is counted.
pub const FINDINGS_MAX: usize = 100;

/// How much of a store one scrub verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Verify every session, whatever is known of it; false by default.
    pub full: bool,
    /// Most bytes of histories that are verified, 256 MiB by default. Sessions that were found
    /// damaged before do not count, and one other session is verified however long it is.
    pub bytes_max: u64,
    /// In how many scrubs every session that has not changed is verified again, because bits flip
    /// at rest; 100 by default, at least 1.
    pub rotation: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Self { full: false, bytes_max: 256 * 1024 * 1024, rotation: 100 }
    }
}

/// When the sessions of a store were verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct VerifiedSessions {
    /// By this scrub.
    pub now: u64,
    /// By an earlier one, and they have not changed since.
    pub earlier: u64,
    /// Not since they were changed last: there was more to do than one scrub may.
    pub never: u64,
}

/// What a scrub came to.
#[derive(Debug, Clone, Default)]
pub struct Scrub {
    /// Sessions in the store, whatever state they are in.
    pub sessions: u64,
    /// Bytes of their histories: journals with their padding, and sealed segments.
    pub bytes: u64,
    /// When they were verified.
    pub verified: VerifiedSessions,
    /// Sessions whose history is damaged.
    pub corrupted: u64,
    /// What was found, at most [`FINDINGS_MAX`] of it.
    pub findings: Vec<Finding>,
    /// How often each class was found.
    pub classes: BTreeMap<FindingClass, u64>,
}

impl Scrub {
    /// Takes in what the verification of one more session came to.
    pub fn take(&mut self, verification: Verification) {
        self.verified.now += 1;
        self.corrupted += u64::from(verification.is_corrupted());
        for finding in verification.findings {
            *self.classes.entry(finding.class).or_default() += 1;
            if self.findings.len() < FINDINGS_MAX {
                self.findings.push(finding);
            }
        }
    }
}

/// Verifies every session of a repository that does not know what has changed.
pub(super) async fn verify_all<R: SessionRepository + ?Sized>(
    repository: &R,
) -> Result<Scrub, RepositoryError> {
    let depth = Depth { quick: true, ..Depth::default() };
    let mut scrub = Scrub::default();
    for session in repository.ids().await? {
        match repository.verify(&session, &depth).await {
            Ok(verification) => {
                scrub.sessions += 1;
                scrub.bytes += verification.bytes;
                scrub.take(verification);
            }
            // Deleted since the ids were read.
            Err(RepositoryError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(scrub)
}
