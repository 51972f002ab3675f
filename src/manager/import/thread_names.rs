//! The names that Codex keeps beside its transcripts, in `session_index.jsonl`.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::IndexName;
use super::discover::Skipped;
use super::lines::{Line, LineReader};
use super::reading::FileReader;
use super::records::{Met, visit_line};
use crate::disk::{Access, Disk};

/// The index's name in Codex's folder.
const INDEX_NAME: &str = "session_index.jsonl";

/// Longest index that is read: some hundred thousand names.
const INDEX_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Names by session. The last line of a session wins.
#[derive(Debug, Default)]
pub(super) struct ThreadNames(HashMap<String, IndexName>);

#[derive(Deserialize)]
struct Row {
    id: String,
    thread_name: Option<String>,
    updated_at: Option<String>,
}

impl ThreadNames {
    /// Reads the index of a Codex folder, if there is one. What cannot be read is added to
    /// `skipped`: names are no reason to leave sessions behind.
    pub(super) fn read(disk: &dyn Disk, folder: &Path, skipped: &mut Vec<Skipped>) -> Self {
        let path = folder.join(INDEX_NAME);
        let mut names = Self::default();
        let mut skip = |why: String| skipped.push(Skipped { path: path.clone(), why });
        let file = match disk.info(&path) {
            Ok(None) => return names,
            Ok(Some(_)) => disk.open(&path, Access::Read),
            Err(error) => Err(error),
        };
        let reader = match file {
            Ok(file) => LineReader::new(FileReader::new(file).take(INDEX_BYTES_MAX)),
            Err(error) => {
                skip(error.source.to_string());
                return names;
            }
        };
        names.read_lines(reader, &mut skip);
        names
    }

    /// The name of a session.
    pub(super) fn get(&self, session: &str) -> Option<IndexName> {
        self.0.get(session).cloned()
    }

    fn read_lines(&mut self, mut reader: LineReader<impl Read>, skip: &mut impl FnMut(String)) {
        for line in 1_u64.. {
            let (bytes, ended) = match reader.next_line() {
                Ok(None) => return,
                Ok(Some(Line::Whole(bytes))) => (bytes, true),
                Ok(Some(Line::Unended(bytes))) => (bytes, false),
                Ok(Some(Line::TooLong { .. })) => {
                    skip(format!("line {line} is too long"));
                    continue;
                }
                Err(error) => return skip(format!("line {line}: {error}")),
            };
            visit_line(bytes, line == 1, ended, |met| match met {
                Met::Damage(why) => skip(format!("line {line}: {why}")),
                Met::Record(record) => match serde_json::from_str::<Row>(record) {
                    Ok(row) => self.take(row),
                    Err(_) => skip(format!("line {line} is of an unexpected shape")),
                },
            });
        }
    }

    fn take(&mut self, row: Row) {
        match row.thread_name {
            Some(name) => {
                self.0.insert(row.id, IndexName { name, updated_at: row.updated_at });
            }
            None => {
                self.0.remove(&row.id);
            }
        }
    }
}
