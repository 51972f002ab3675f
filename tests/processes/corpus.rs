//! Transcripts recorded by other programs, which lie beside the repository and not in it.

use std::path::PathBuf;

/// Where the corpus is, if not beside the repository.
const CORPUS_VARIABLE: &str = "ANNALS_CORPUS";
/// The largest transcript, of 2.7 MB.
pub(crate) const LARGEST: &str = "ae4a77f8-aedd-4bc1-888f-c94edc91af04";

/// The corpus; without one, a test says so and is over.
pub(crate) fn corpus() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let path = std::env::var_os(CORPUS_VARIABLE).map_or_else(beside, PathBuf::from);
    let found = path.canonicalize().ok();
    if found.is_none() {
        println!("skipped: no transcripts at {} (set {CORPUS_VARIABLE})", path.display());
    }
    found
}

/// The file of the largest transcript.
pub(crate) fn largest() -> Option<PathBuf> {
    let mut folders = vec![corpus()?.join("claude-code")];
    let name = format!("{LARGEST}.jsonl");
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().is_some_and(|found| *found == *name) {
                return Some(path);
            }
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    panic!("the corpus has no {name}");
}
