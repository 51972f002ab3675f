//! The known mistakes of `tools/mistakes` can be put back, and name who has to notice them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::tree::root;

/// Every patch, with its text.
fn patches() -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(root().join("tools/mistakes")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let patches = paths.filter(|path| path.extension().is_some_and(|end| end == "patch"));
    patches.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn there_are_at_least_fifteen_and_each_can_be_put_back() {
    let patches = patches();
    assert!(patches.len() >= 15, "{}", patches.len());
    for (path, _) in patches {
        let mut check = Command::new("git");
        check.current_dir(root()).args(["apply", "--check"]).arg(&path);
        let output = check.output().unwrap();
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {why}", path.display());
    }
}

#[test]
fn each_says_what_is_wrong_with_it_and_which_runners_have_to_notice() {
    for (path, patch) in patches() {
        let about = patch.split("\ndiff ").next().unwrap();
        let field = |name: &str| about.lines().find_map(|line| line.strip_prefix(name));
        assert!(field("Mistake: ").is_some_and(|text| text.ends_with('.')), "{}", path.display());
        let runners = field("Runners: ").unwrap_or_default();
        assert!(!runners.is_empty(), "{}", path.display());
        for runner in runners.split(' ') {
            let tests = root().join("tests").join(runner).join("main.rs");
            assert!(tests.exists(), "{}: {runner}", path.display());
        }
    }
}
