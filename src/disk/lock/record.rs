//! What a lock file says.
//!
//! One line of JSON whose first three fields have a fixed width, so that giving a lock back is one
//! write of a few bytes over them:
//!
//! ```text
//! {"state":"held","suspect":false,"announced":true ,"by":{…},"since":"…"}⏎
//! {"state":"free","suspect":true ,"announced":false,"by":{…},"since":"…"}⏎
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
const ANNOUNCED: &[u8] = br#""announced":true ,"#;
const SILENT: &[u8] = br#""announced":false,"#;

/// The fields of fixed width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Marks {
    /// The holder has not given the lock back.
    pub(super) held: bool,
    /// A sync has failed under this lock.
    pub(super) suspect: bool,
    /// Somebody has been told that what the lock protects may change without a word.
    pub(super) announced: bool,
}

impl Marks {
    fn decode(line: &[u8]) -> Self {
        let has = |offset: usize, mark| {
            line.get(offset..).is_some_and(|rest: &[u8]| rest.starts_with(mark))
        };
        Self {
            held: has(0, HELD),
            suspect: has(HELD.len(), SUSPECT),
            announced: has(HELD.len() + SUSPECT.len(), ANNOUNCED),
        }
    }

    fn to_bytes(self) -> Vec<u8> {
        let Self { held, suspect, announced } = self;
        [
            if held { HELD } else { FREE },
            if suspect { SUSPECT } else { SOUND },
            if announced { ANNOUNCED } else { SILENT },
        ]
        .concat()
    }

    /// Writes them over those that are there.
    pub(super) fn write(self, file: &dyn DiskFile) -> Result<(), DiskError> {
        file.write_at(0, &self.to_bytes())
    }
}

/// What a lock file says. One that is empty or damaged says nothing, which is not an error.
#[derive(Debug, Default)]
pub(super) struct LockRecord {
    pub(super) marks: Marks,
    /// Who has the lock, if it was not given back.
    pub(super) holder: Option<Holder>,
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
        let end = memchr::memchr(b'\n', content).unwrap_or(content.len());
        let line = content.get(..end).unwrap_or_default();
        // The marks are read apart from the rest: they hold even where a full disk cut the name.
        let marks = Marks::decode(line);
        let holder = if marks.held { decode_holder(line) } else { None };
        Self { marks, holder, line_bytes: line.len() }
    }

    /// Writes that somebody holds the lock, over what the file said last, keeping its other marks.
    pub(super) fn write_held(
        file: &dyn DiskFile,
        holder: &Holder,
        last: &Self,
    ) -> Result<(), DiskError> {
        let holder = Holder { by: holder.by.clone().bounded(), since: holder.since };
        let mut line = Marks { held: true, ..last.marks }.to_bytes();
        // A holder is an object; without its brace it continues the one that the marks began.
        let fields = serde_json::to_vec(&holder).unwrap_or_default();
        line.extend(fields.strip_prefix(b"{").unwrap_or_default());
        line.resize(line.len().max(last.line_bytes), b' ');
        line.push(b'\n');
        file.write_at(0, &line)
    }
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
        let fields = serde_json::to_vec(&holder).unwrap();
        let marks = Marks { held, suspect, announced: suspect };
        [marks.to_bytes(), fields[1..].to_vec(), b"    \n".to_vec()].concat()
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
    fn marks_have_one_width_and_make_json() {
        for (held, suspect) in [(true, true), (true, false), (false, true), (false, false)] {
            let line = record(held, suspect, &holder("ann"));

            let json: serde_json::Value = serde_json::from_slice(&line).unwrap();
            let decoded = LockRecord::decode(&line);

            let announced = suspect;
            assert_eq!(decoded.marks, Marks { held, suspect, announced });
            assert_eq!(decoded.marks.to_bytes().len(), Marks::default().to_bytes().len());
            assert_eq!(json["state"], if held { "held" } else { "free" });
            assert_eq!(json["suspect"], suspect);
            assert_eq!(json["announced"], announced);
            assert_eq!(decoded.holder, held.then(|| holder("ann")));
        }
    }

    #[test]
    fn a_line_cut_short_keeps_its_marks_and_loses_its_name() {
        let line = record(true, true, &holder("ann"));

        let decoded = LockRecord::decode(&line[..70]);

        assert_eq!(decoded.marks, Marks { held: true, suspect: true, announced: true });
        assert_eq!(decoded.holder, None);
    }

    #[test]
    fn content_that_is_no_record_says_nothing() {
        for content in [&b""[..], b"\n", b"\0\0\0\0", b"4711\n", b"{}", &[0xff; 64]] {
            let decoded = LockRecord::decode(content);
            assert_eq!(decoded.marks, Marks::default(), "{content:?}");
            assert_eq!(decoded.holder, None);
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
