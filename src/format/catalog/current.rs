//! `current`: which files make the catalog.

use serde::{Deserialize, Serialize};

use super::{seal, unseal};
use crate::format::bounds::{CATALOG_FEEDS_MAX, CATALOG_FORMAT, CURRENT_BYTES_MAX, PROJECTION};

/// Which files make the catalog: rows in the base, those of the run on top of them, then what the
/// feeds tell, one after the other. Writers tell the last feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Current {
    /// The format of the catalog's files.
    pub format: u64,
    /// The version of the projection that rows hold.
    pub projection: u64,
    /// The start of the machine that the feeds can be believed for.
    pub boot: String,
    /// When the folder of sessions was changed last as the base knows it; `None` where that is not
    /// known for sure.
    pub looked: Option<i64>,
    /// Names in the folder of sessions that no session can have.
    pub strangers: Vec<String>,
    /// The rows; `None` where they have yet to be read from the journals.
    pub base: Option<BaseFile>,
    /// What was folded since the base was made, in the form of one: of a session that has a row
    /// here, this row counts.
    pub run: Option<BaseFile>,
    /// The file with the sum of what was measured until then; `None` where nothing was told.
    pub measured: Option<String>,
    /// The names of the feeds that were folded last, of which the sum knows what it has of them.
    pub folded: Vec<String>,
    /// The names of the feeds, in order.
    pub feeds: Vec<String>,
}

/// A file of rows, and where its index is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseFile {
    /// Its name.
    pub name: String,
    /// How many rows it holds.
    pub rows: u64,
    /// Where the blocks end and the index begins.
    pub index_at: u64,
    /// How long the index is, in bytes.
    pub index_bytes: u64,
    /// The CRC-32 of the index.
    pub index_crc: u32,
}

impl Current {
    /// A catalog that tells of nothing yet.
    #[must_use]
    pub fn unbuilt(boot: String, feeds: Vec<String>) -> Self {
        let (format, projection) = (CATALOG_FORMAT, PROJECTION);
        let (looked, strangers, base, run) = (None, Vec::new(), None, None);
        let (measured, folded) = (None, Vec::new());
        Self { format, projection, boot, looked, strangers, base, run, measured, folded, feeds }
    }

    /// The files of rows, freshest first.
    pub fn bases(&self) -> impl Iterator<Item = &BaseFile> {
        self.run.iter().chain(&self.base)
    }

    /// Every file that it names, but for feeds that were folded and are gone.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.feeds.iter().chain(self.bases().map(|base| &base.name)).chain(&self.measured)
    }

    /// The content of the file, or `None` where it would be over its bound.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        let mut bytes = seal(self)?;
        bytes.push(b'\n');
        (bytes.len() <= CURRENT_BYTES_MAX).then_some(bytes)
    }

    /// Reads the file; `None` for one that is damaged or of another version.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let current: Self = unseal(bytes.strip_suffix(b"\n")?)?;
        let is_ours = current.format == CATALOG_FORMAT && current.projection == PROJECTION;
        let feeds_fit = (1..=CATALOG_FEEDS_MAX).contains(&current.feeds.len());
        let folded_fit = current.folded.len() <= CATALOG_FEEDS_MAX;
        let names_fit =
            current.feeds.iter().chain(&current.folded).all(|name| is_name("feed", name))
                && current.measured.iter().all(|name| is_name("measured", name))
                && current.bases().all(|base| is_name("base", &base.name));
        (is_ours && feeds_fit && folded_fit && names_fit).then_some(current)
    }
}

/// A name that no file of this kind has had.
#[must_use]
pub fn file_name(kind: &str) -> String {
    format!("{kind}-{}", uuid::Uuid::now_v7())
}

/// Whether a name is one of those that [`file_name`] makes, and leads nowhere else.
fn is_name(kind: &str, name: &str) -> bool {
    let id = name.strip_prefix(kind).and_then(|rest| rest.strip_prefix('-'));
    id.is_some_and(|id| id.parse::<uuid::Uuid>().is_ok())
}
