//! What is fuzzed: ordinary functions of bytes, which panic where something is not as it should be.
//!
//! The fuzzer calls them with whatever it makes up (`tools/fuzz/run`), the ordinary tests with the
//! kept corpus and seeded changes of it (`tests/fuzz`).

#![allow(dead_code, reason = "the fuzzer builds one target at a time")]

mod catalog;
mod importing;
mod journals;
mod sealing;
mod segments;

pub use catalog::catalog;
pub use importing::{amazon_q, claude_code, codex};
pub use journals::{opening, reader, snapshot};
pub use segments::segment;

use annals::format::anchor::Head;
use annals::format::{Header, StoreFile, parse, seed_of};

/// A target, by the name of its corpus.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const ALL: [Target; 9] = [
    ("reader", reader),
    ("opening", opening),
    ("snapshot", snapshot),
    ("segment", segment),
    ("catalog", catalog),
    ("small_files", small_files),
    ("claude_code", claude_code),
    ("codex", codex),
    ("amazon_q", amazon_q),
];

/// `store.json`, the header of a journal, a line of it, and a head written down elsewhere: what is
/// read is written back to something that is read alike.
pub fn small_files(bytes: &[u8]) {
    if let Ok(store) = StoreFile::decode(bytes) {
        assert_eq!(StoreFile::decode(&store.encode()).unwrap(), store);
    }
    let line = sealing::sealed(bytes);
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    if let Ok((header, view)) = Header::decode(line) {
        assert_eq!((view.seq, view.kind), (0, Header::KIND));
        assert_eq!(header.journal.to_string().parse(), Ok(header.journal));
    }
    if let Ok(view) = parse(line) {
        assert!(seed_of(line).is_some());
        if let Ok(record) = view.to_record() {
            assert_eq!(record.link, view.link());
            let _any_event = record.event();
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(head) = text.parse::<Head>()
    {
        assert_eq!(head.to_string().parse(), Ok(head));
    }
}
