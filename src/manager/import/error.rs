//! Why an import could not go on.

use std::path::PathBuf;

use crate::disk::DiskError;

/// Why a transcript could not be imported at all. Damage inside one is no error: the report lists
/// it line by line.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The medium failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// There is nothing at the path.
    #[error("there is nothing at {}", path.display())]
    Missing {
        /// The path asked for.
        path: PathBuf,
    },
    /// The path leads to something that is no transcript.
    #[error("{} is no transcript: {why}", path.display())]
    NotATranscript {
        /// The path asked for.
        path: PathBuf,
        /// What speaks against it.
        why: String,
    },
}

impl ImportError {
    /// What kind of error this is, as a name that stays the same over versions.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Disk(_) => "storage",
            Self::Missing { .. } | Self::NotATranscript { .. } => "invalid-input",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Disk(_) => "check that the file exists and that you may read it",
            Self::Missing { .. } => "check the path, or leave it out to search the usual folders",
            Self::NotATranscript { .. } => {
                "name a transcript or a folder of them, and the program they come from with --from"
            }
        }
    }
}
