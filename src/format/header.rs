//! Record 0: what journal this is.

use serde::{Deserialize, Serialize};

use super::bounds::FORMAT;
use super::{
    Canonical, DataView, Encoded, Envelope, JournalId, LineFault, LineView, Seed, encode, parse,
    verify_checksum,
};
use crate::vocabulary::{Author, Digest, Key, SessionId, Timestamp};

/// The data of a journal's first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The format of the journal.
    pub format: u64,
    /// Its id.
    pub journal: JournalId,
    /// The session whose history it is.
    pub session: SessionId,
}

impl Header {
    /// The kind of the first line.
    pub const KIND: &'static str = "journal";

    /// The header of a new journal.
    #[must_use]
    pub fn new(journal: JournalId, session: SessionId) -> Self {
        Self { format: FORMAT, journal, session }
    }

    /// Writes the first line.
    ///
    /// # Errors
    ///
    /// Never for a header within the bounds of its parts.
    pub fn encode(&self, at: Timestamp, by: &Author, key: &Key) -> Result<Encoded, LineFault> {
        let envelope =
            Envelope { seq: 0, prev: Digest::ZERO, at, by, key, batch: None, kind: Self::KIND };
        let data = serde_json::to_string(self)
            .map_err(|_| LineFault::Form { what: "a header", offset: 0 })?;
        encode(Seed::of(self.journal), &envelope, &Canonical::of(&data))
    }

    /// Reads the first line (without its line feed) and checks it against the journal id that it
    /// names itself. A newer format is returned as it is, for the caller to refuse.
    ///
    /// # Errors
    ///
    /// Whatever keeps the line from being a header.
    pub fn decode(line: &[u8]) -> Result<(Self, LineView<'_>), LineFault> {
        let view = parse(line)?;
        let form = |what| LineFault::Form { what, offset: 0 };
        let DataView::Present(data) = view.data else { return Err(form("a header with data")) };
        if view.seq != 0 || view.kind != Self::KIND || view.prev != Digest::ZERO {
            return Err(form("the header of a journal"));
        }
        let header: Self = serde_json::from_str(data).map_err(|_| form("the data of a header"))?;
        if header.format == 0 {
            return Err(form("a format of 1 or above"));
        }
        verify_checksum(Seed::of(header.journal), line)?;
        Ok((header, view))
    }
}
