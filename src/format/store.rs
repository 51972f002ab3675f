//! `store.json`: what makes a directory a store.

use serde::{Deserialize, Serialize};

use super::JournalId;
use super::bounds::{FORMAT, STORE_FILE_BYTES_MAX};

/// The content of `store.json`, written once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreFile {
    /// Always `annals`: what kind of store this is.
    pub store: String,
    /// The format of the store.
    pub format: u64,
    /// The store's id, 32 hexadecimal digits.
    pub id: JournalId,
}

/// Why a file is not that of a store which this version reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreFault {
    /// It is something else.
    #[error("its store.json is not that of an annals store")]
    Form,
    /// It was written by a newer version.
    #[error("the store has format {found}")]
    NewerFormat {
        /// The format it names.
        found: u64,
    },
}

impl StoreFile {
    /// The file of a new store.
    #[must_use]
    pub fn generate() -> Self {
        Self { store: "annals".to_owned(), format: FORMAT, id: JournalId::generate() }
    }

    /// Writes the file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let Self { store, format, id } = self;
        format!("{{\"store\":\"{store}\",\"format\":{format},\"id\":\"{id}\"}}\n").into_bytes()
    }

    /// Reads the file.
    ///
    /// # Errors
    ///
    /// It is no store's, or that of a newer format.
    pub fn decode(bytes: &[u8]) -> Result<Self, StoreFault> {
        /// What every format must keep: enough to tell a newer store from something else.
        #[derive(Deserialize)]
        struct Mark {
            store: String,
            format: u64,
        }

        if bytes.len() > STORE_FILE_BYTES_MAX {
            return Err(StoreFault::Form);
        }
        let mark: Mark = serde_json::from_slice(bytes).map_err(|_| StoreFault::Form)?;
        if mark.store != "annals" || mark.format == 0 {
            return Err(StoreFault::Form);
        }
        if mark.format > FORMAT {
            return Err(StoreFault::NewerFormat { found: mark.format });
        }
        serde_json::from_slice(bytes).map_err(|_| StoreFault::Form)
    }
}
