//! The files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// The top of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file that is, or is meant to be, under version control: all but build products and
/// hidden folders other than `.ci`.
pub(crate) fn files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut pending = vec![root().to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            let is_hidden = name.starts_with('.') && name != ".ci";
            let kind = entry.file_type().unwrap();
            if kind.is_dir() && name != "target" && !is_hidden {
                pending.push(entry.path());
            } else if kind.is_file() && name != ".git" && !name.ends_with(".snap.new") {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}

/// A file's path from the top of the repository, with `/` between folders.
pub(crate) fn relative(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap();
    path.iter().map(|part| part.to_str().unwrap()).collect::<Vec<_>>().join("/")
}

/// Rust files of a folder, relative to the top, with their contents.
pub(crate) fn rust_files(folder: &str) -> Vec<(String, String)> {
    let inside = format!("{folder}/");
    let all = files().into_iter().map(|path| (relative(&path), path));
    all.filter(|(name, _)| name.starts_with(&inside) && name.ends_with(".rs"))
        .map(|(name, path)| (name, fs::read_to_string(path).unwrap()))
        .collect()
}

/// The pages for people, relative to the top, with their contents.
pub(crate) fn pages() -> Vec<(String, String)> {
    let all = files().into_iter().map(|path| (relative(&path), path));
    all.filter(|(name, _)| name.ends_with(".md"))
        .map(|(name, path)| (name, fs::read_to_string(path).unwrap()))
        .collect()
}
