//! Bringing in transcripts that other programs wrote.
//!
//! [`discover`] finds transcripts; [`SessionManager::import_transcript`](crate::manager::SessionManager::import_transcript)
//! makes a session of each. Every event has a key made of what it stands for, so an import can be
//! run again at any time and adds only what is new. A transcript is read line by line, and damage
//! in it is reported line by line: never fatal, never silent.

mod amazon_q;
mod claude_code;
mod codex;
mod content;
mod discover;
mod draft;
mod error;
mod lines;
mod reading;
mod records;
mod report;
mod run;
mod thread_names;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Serialize, Serializer};

pub use discover::{Discovery, Skipped, discover};
pub use error::ImportError;
pub use report::{ImportProgress, ImportReport, Note, Tally};

use crate::vocabulary::SessionId;

/// A program whose transcripts can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TranscriptSource {
    /// Claude Code: `~/.claude/projects/<project>/<session>.jsonl`.
    ClaudeCode,
    /// Codex: `~/.codex/sessions/<year>/<month>/<day>/rollout-<time>-<session>.jsonl`.
    Codex,
    /// Amazon Q, as sessions were kept per project: `.amazonq/sessions/<session>/metadata.json`.
    AmazonQ,
}

impl TranscriptSource {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::ClaudeCode, Self::Codex, Self::AmazonQ];

    /// The source's name: `claude-code`, `codex` or `amazon-q`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
            Self::AmazonQ => "amazon-q",
        }
    }

    /// The folders in which the program keeps its transcripts, whether they exist or not.
    #[must_use]
    pub fn default_folders(self, home: &Path, cwd: &Path) -> Vec<PathBuf> {
        match self {
            Self::ClaudeCode => vec![home.join(".claude/projects")],
            Self::Codex => {
                vec![home.join(".codex/sessions"), home.join(".codex/archived_sessions")]
            }
            Self::AmazonQ => vec![cwd.join(".amazonq/sessions")],
        }
    }
}

impl fmt::Display for TranscriptSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl Serialize for TranscriptSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The text names no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no source of transcripts: write claude-code, codex or amazon-q")]
pub struct UnknownSource {
    /// What was read.
    pub text: String,
}

impl FromStr for TranscriptSource {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        Self::ALL
            .into_iter()
            .find(|source| source.as_str() == text)
            .ok_or_else(|| UnknownSource { text: text.to_owned() })
    }
}

/// A transcript that can be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript {
    /// The program that wrote it.
    pub source: TranscriptSource,
    /// The file.
    pub path: PathBuf,
    /// The session that it becomes.
    pub session: SessionId,
    /// The session whose sub-agent it is.
    pub parent: Option<SessionId>,
    /// The name that the program's own index gives it.
    pub index_name: Option<IndexName>,
    /// Whether the program has put it away.
    pub is_archived: bool,
}

/// A name out of Codex's `session_index.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexName {
    /// The name, as it stands there.
    pub name: String,
    /// When it was given, as it stands there.
    pub updated_at: Option<String>,
}
