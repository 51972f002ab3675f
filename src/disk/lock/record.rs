//! What a lock file says.
//!
//! One line of JSON whose first two fields have a fixed width, so that giving a lock back is one
//! write of a few bytes over them:
//!
//! ```text
//! {"state":"held","suspect":false,"by":{…},"since":"…"}⏎
//! {"state":"free","suspect":true ,"by":{…},"since":"…"}⏎
//! ```
//!
//! A shorter line is padded with spaces over the longer one before it.

use crate::disk::{DiskError, DiskFile};
use crate::vocabulary::Holder;

/// As much as is read of a lock file: four bounded parts of an author, each character escaped,
/// stay below half of it.
const RECORD_BYTES_MAX: usize = 8 * 1024;

const HELD: &[u8] = br#"{"state":"held","#;
const FREE: &[u8] = br#"{"state":"free","#;
const SUSPECT: &[u8] = br#""suspect":true ,"#;
const SOUND: &[u8] = br#""suspect":false,"#;

/// What a lock file says. One that is empty or damaged says nothing, which is not an error.
#[derive(Debug, Default)]
pub(super) struct LockRecord {
    /// The holder has not given the lock back.
    held: bool,
    /// A sync has failed under this lock.
    pub(super) suspect: bool,
    /// Who has, or last had, the lock.
    holder: Option<Holder>,
    /// How long the line is, without its line feed: as much must be written over.
    line_bytes: usize,
}

impl LockRecord {
    /// Reads what a lock file says.
    pub(super) fn read(file: &dyn DiskFile) -> Result<Self, DiskError> {
        let mut buffer = [0; RECORD_BYTES_MAX];
        let count = file.read_at(0, &mut buffer)?;
        Ok(Self::decode(buffer.get(..count).unwrap_or_default()))
    }

    fn decode(content: &[u8]) -> Self {
        let line = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
        // The marks are read apart from the rest: they hold even where a full disk cut the name.
        let after_state = HELD.len();
        Self {
            held: line.starts_with(HELD),
            suspect: line.get(after_state..).is_some_and(|rest| rest.starts_with(SUSPECT)),
            holder: decode_holder(line),
            line_bytes: line.len(),
        }
    }

    /// The holder, if it has not given the lock back.
    pub(super) fn into_holder(self) -> Option<Holder> {
        self.holder.filter(|_| self.held)
    }

    /// Writes that somebody holds the lock, over what the file said last, keeping its warning.
    pub(super) fn write_held(
        file: &dyn DiskFile,
        holder: &Holder,
        last: &Self,
    ) -> Result<(), DiskError> {
        let holder = Holder { by: holder.by.clone().bounded(), since: holder.since };
        let mut line = marks(true, last.suspect);
        // A holder is an object; without its brace it continues the one that the marks began.
        let fields = serde_json::to_vec(&holder).unwrap_or_default();
        line.extend(fields.strip_prefix(b"{").unwrap_or_default());
        line.resize(line.len().max(last.line_bytes), b' ');
        line.push(b'\n');
        file.write_at(0, &line)
    }

    /// Writes over the marks alone.
    pub(super) fn write_marks(
        file: &dyn DiskFile,
        held: bool,
        suspect: bool,
    ) -> Result<(), DiskError> {
        file.write_at(0, &marks(held, suspect))
    }
}

fn marks(held: bool, suspect: bool) -> Vec<u8> {
    [if held { HELD } else { FREE }, if suspect { SUSPECT } else { SOUND }].concat()
}

fn decode_holder(line: &[u8]) -> Option<Holder> {
    let Holder { by, since } = serde_json::from_slice(line).ok()?;
    Some(Holder { by: by.bounded(), since })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::{Author, Timestamp};

    fn record(held: bool, suspect: bool, holder: &Holder) -> Vec<u8> {
        let fields = serde_json::to_vec(holder).unwrap();
        [marks(held, suspect), fields[1..].to_vec(), b"    \n".to_vec()].concat()
    }

    fn holder(user: &str) -> Holder {
        let by = Author {
            user: user.to_owned(),
            host: "mill".to_owned(),
            pid: 7,
            program: "agent".to_owned(),
            version: "1.0".to_owned(),
        };
        Holder { by, since: Timestamp::EPOCH }
    }

    #[test]
    fn every_pair_of_marks_has_one_width_and_makes_json() {
        for (held, suspect) in [(true, true), (true, false), (false, true), (false, false)] {
            let line = record(held, suspect, &holder("ann"));

            let json: serde_json::Value = serde_json::from_slice(&line).unwrap();
            let decoded = LockRecord::decode(&line);

            assert_eq!(marks(held, suspect).len(), marks(false, false).len());
            assert_eq!(json["state"], if held { "held" } else { "free" });
            assert_eq!(json["suspect"], suspect);
            assert_eq!((decoded.held, decoded.suspect), (held, suspect));
            assert_eq!(decoded.into_holder(), held.then(|| holder("ann")));
        }
    }

    #[test]
    fn a_line_cut_short_keeps_its_marks_and_loses_its_name() {
        let line = record(true, true, &holder("ann"));

        let decoded = LockRecord::decode(&line[..60]);

        assert!(decoded.held && decoded.suspect);
        assert_eq!(decoded.into_holder(), None);
    }

    #[test]
    fn content_that_is_no_record_says_nothing() {
        for content in [&b""[..], b"\n", b"\0\0\0\0", b"4711\n", b"{}", &[0xff; 64]] {
            let decoded = LockRecord::decode(content);
            assert!(!decoded.held && !decoded.suspect, "{content:?}");
            assert_eq!(decoded.into_holder(), None);
        }
    }

    #[test]
    fn the_longest_author_fits_what_is_read() {
        let by = Author { program: "\"".repeat(256), version: "\"".repeat(256), ..holder("").by };
        let by = Author { user: "\\".repeat(256), host: "\\".repeat(256), pid: u32::MAX, ..by };

        let line = record(true, true, &Holder { by, since: Timestamp::EPOCH });

        assert!(line.len() < RECORD_BYTES_MAX / 2, "{}", line.len());
    }
}
