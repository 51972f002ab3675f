//! What is wrong with a configuration.

use std::path::PathBuf;

use super::Source;

/// A configuration says something that cannot be meant, or cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says, or what is wrong with its content.
        why: String,
    },
    /// The medium fails, or the system is out of something.
    #[error("cannot read the configuration file {}: {why}", path.display())]
    Medium {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// The file is no TOML.
    #[error("{}:{line}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// Nothing has this name.
    #[error("{}{name} is nothing that can be configured", origin.place())]
    Unknown {
        /// Where it was said.
        origin: Source,
        /// The name.
        name: String,
        /// What was probably meant.
        suggestion: Option<String>,
    },
    /// A key has no such value.
    #[error("{origin}: {key} {objection}")]
    Value {
        /// Where it was said.
        origin: Source,
        /// The key.
        key: &'static str,
        /// What is wrong with the value.
        objection: Objection,
    },
    /// This build has been made without what it asks for.
    #[error("{origin}: {key} asks for what this build of annals cannot do")]
    NotBuilt {
        /// Where it was said.
        origin: Source,
        /// The key.
        key: &'static str,
        /// The feature of the crate that can do it.
        feature: &'static str,
    },
    /// The file holds a token, or is one, and others than its owner can read it.
    #[error("{} holds {key}, and others can read it (mode {mode:03o})", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// What it holds: the key of the token, or the token alone.
        key: &'static str,
        /// The file's permission bits.
        mode: u32,
    },
}

impl ConfigError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Unreadable { .. } => {
                "name a readable UTF-8 file with --config FILE or ANNALS_CONFIG".to_owned()
            }
            Self::Medium { .. } => {
                "see what the system says of the disk; --config FILE names another file".to_owned()
            }
            Self::Syntax { .. } => "write `key = value`, one a line: it is TOML".to_owned(),
            Self::Unknown { suggestion: Some(meant), .. } => format!("did you mean {meant}?"),
            Self::Unknown { suggestion: None, .. } | Self::Value { .. } => {
                "docs/configuration.md lists every key with its bounds, and so does `annals config \
                 --json` without it"
                    .to_owned()
            }
            Self::NotBuilt { key, feature, .. } => {
                format!("build annals with `--features {feature}`, or do without {key}")
            }
            Self::Exposed { path, .. } => {
                format!("make it private (chmod 600 {}), then change the token", path.display())
            }
        }
    }
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Objection {
    /// It is of another kind.
    #[error("must be {expected}, and is {found:?}")]
    Kind {
        /// What is wanted.
        expected: String,
        /// What was written; not of a secret.
        found: String,
    },
    /// It is a number beyond the bounds.
    #[error("must be from {min} to {max}, and is {found}")]
    Bounds {
        /// The least.
        min: String,
        /// The most.
        max: String,
        /// What was written.
        found: String,
    },
    /// It is not UTF-8.
    #[error("must be UTF-8")]
    NotUtf8,
}
