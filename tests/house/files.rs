//! Sizes, names and contents of files.

use std::fs;
use std::path::Path;

use crate::tree::{files, relative, root, rust_files};

/// Longest file of code, in lines.
const LINES_MAX: usize = 450;

/// Names of modules that say nothing about what is in them.
const EMPTY_NAMES: [&str; 6] = ["util", "utils", "helper", "helpers", "common", "misc"];

/// What only a path of somebody's machine begins with; in two parts, so that this file has none.
const MACHINE_PATHS: [(&str, &str); 3] = [("/ro", "ot/"), ("/wo", "rk/"), ("/Us", "ers/")];

#[test]
fn no_file_of_code_is_longer_than_a_reader_can_hold() {
    let too_long: Vec<String> = ["src", "tests", "benches", "tools"]
        .into_iter()
        .flat_map(rust_files)
        .map(|(file, text)| (file, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(file, lines)| format!("{file}: {lines} lines"))
        .collect();

    assert!(too_long.is_empty(), "over {LINES_MAX} lines:\n{}", too_long.join("\n"));
}

#[test]
fn no_file_or_folder_has_a_name_that_says_nothing() {
    let empty: Vec<String> = files()
        .iter()
        .map(|path| relative(path))
        .filter(|path| {
            path.split('/').any(|part| EMPTY_NAMES.contains(&part.split('.').next().unwrap()))
        })
        .collect();

    assert!(empty.is_empty(), "\n{}", empty.join("\n"));
}

#[test]
fn no_file_names_a_path_of_the_machine_it_was_written_on() {
    let mut beginnings: Vec<String> =
        MACHINE_PATHS.iter().map(|(first, second)| format!("{first}{second}")).collect();
    // A short path to the repository, such as /src, may stand anywhere for other reasons.
    if root().components().count() > 3 {
        beginnings.push(root().to_str().unwrap().to_owned());
    }

    let found: Vec<String> =
        files().iter().flat_map(|path| naming_lines(path, &beginnings)).collect();

    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

fn naming_lines(path: &Path, beginnings: &[String]) -> Vec<String> {
    let bytes = fs::read(path).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let named = |line: &str| beginnings.iter().any(|beginning| line.contains(beginning.as_str()));
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| named(line))
        .map(|(number, line)| format!("{}:{number}: {}", relative(path), line.trim()))
        .collect()
}

#[test]
fn tools_can_be_run() {
    use std::os::unix::fs::PermissionsExt as _;

    for path in files().iter().filter(|path| {
        let path = relative(path);
        path.starts_with("tools/") && !path.contains('.') || path == ".ci/run"
    }) {
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert!(mode & 0o100 != 0, "{} has mode {mode:o}", path.display());
    }
}
