//! What repositories answer.

use serde::Serialize;

use crate::vocabulary::{Finding, Holder, Link, SessionId, SessionMetadata};

/// A session's state, with what came to light while it was read.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The state.
    pub state: SessionMetadata,
    /// The link of its last record.
    pub head: Link,
    /// Damage met on the way; empty for a sound session.
    pub findings: Vec<Finding>,
}

/// The answer to a listing.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// The sessions admitted, in order.
    pub sessions: Vec<SessionMetadata>,
    /// Damage met in sessions that are listed as far as they prove themselves.
    pub findings: Vec<Finding>,
    /// Sessions of which nothing could be read.
    pub unreadable: Vec<Unreadable>,
}

/// A session that cannot be listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// The session, or the name of a folder that is none.
    pub session: String,
    /// Why, and what to do.
    pub why: String,
}

/// A lock that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLock {
    /// The session that is locked.
    pub session: SessionId,
    /// The holder's own record of itself, where it is readable.
    pub holder: Option<Holder>,
}
