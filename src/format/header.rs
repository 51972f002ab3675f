//! Record 0: what journal this is.

use serde::{Deserialize, Serialize};

use super::bounds::{FORMAT, FORMAT_SEALED};
use super::{
    Canonical, DataView, Encoded, Envelope, JournalId, LineFault, LineView, Sealed, Seed, encode,
    parse, verify_checksum,
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
    /// Where its older history is, if that was sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// What a header of every format keeps.
#[derive(Deserialize)]
struct Mark {
    format: u64,
    journal: JournalId,
    session: SessionId,
}

impl Header {
    /// The kind of the first line.
    pub const KIND: &'static str = "journal";

    /// The header of a new journal.
    #[must_use]
    pub fn new(journal: JournalId, session: SessionId) -> Self {
        Self { format: FORMAT, journal, session, sealed: None }
    }

    /// The header of a journal whose older history is elsewhere.
    #[must_use]
    pub fn of_sealed(journal: JournalId, session: SessionId, sealed: Sealed) -> Self {
        Self { format: FORMAT_SEALED, journal, session, sealed: Some(sealed) }
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
        let header = read_data(data).ok_or_else(|| form("the data of a header"))?;
        verify_checksum(Seed::of(header.journal), line)?;
        Ok((header, view))
    }
}

fn read_data(data: &str) -> Option<Header> {
    let Mark { format, journal, session } = serde_json::from_str(data).ok()?;
    if format > FORMAT_SEALED {
        // What else is in it may have any shape.
        return Some(Header { format, journal, session, sealed: None });
    }
    let header: Header = serde_json::from_str(data).ok()?;
    let is_sound = match &header.sealed {
        None => format == FORMAT,
        Some(sealed) => format == FORMAT_SEALED && sealed.is_whole(),
    };
    is_sound.then_some(header)
}
