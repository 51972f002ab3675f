//! Who makes a change.

use serde::{Deserialize, Serialize};

use super::bounds::AUTHOR_PART_BYTES_MAX;

/// Who makes a change: the `by` of a record, and the holder of a lock.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Author {
    /// The account's name.
    pub user: String,
    /// The machine's name.
    pub host: String,
    /// The process id.
    pub pid: u32,
    /// The program's name, without its folder.
    pub program: String,
    /// The program's version.
    pub version: String,
}

impl Author {
    /// The same author with every part cut to 256 bytes and its control characters replaced,
    /// so that it fits any record and is safe to show.
    #[must_use]
    pub fn bounded(self) -> Self {
        Self {
            user: bounded(self.user),
            host: bounded(self.host),
            pid: self.pid,
            program: bounded(self.program),
            version: bounded(self.version),
        }
    }
}

fn bounded(part: String) -> String {
    if part.len() <= AUTHOR_PART_BYTES_MAX && !part.contains(char::is_control) {
        return part;
    }
    let mut kept = String::new();
    for character in part.chars() {
        let character = if character.is_control() { '\u{fffd}' } else { character };
        if kept.len() + character.len_utf8() > AUTHOR_PART_BYTES_MAX {
            break;
        }
        kept.push(character);
    }
    kept
}
