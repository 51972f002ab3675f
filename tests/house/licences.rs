//! The licences of what is linked or used to build, test and measure, held against `deny.toml`.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::tree::root;

/// The ids that a `deny.toml` allows.
fn allowed(path: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(path)).unwrap();
    let line = text.lines().find(|line| line.starts_with("allow = [")).unwrap();
    line.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The packages that have a lock file of their own, each with what it may be built from: the crate
/// itself, and what measures it.
const PACKAGES: [(&str, &str); 3] = [
    ("Cargo.toml", "deny.toml"),
    ("tools/bench/Cargo.toml", "tools/bench/deny.toml"),
    ("tools/bench/starts/Cargo.toml", "deny.toml"),
];

/// The packages that this machine builds for one of them, with their licences.
fn packages(manifest: &str) -> Vec<(String, String)> {
    let cargo = |arguments: &[&str]| {
        let output =
            Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let version = cargo(&["version", "--verbose"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata = cargo(&[
        "metadata",
        "--locked",
        "--format-version=1",
        "--filter-platform",
        host,
        "--manifest-path",
        manifest,
    ]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().map(|package| (text(&package["name"]), text(&package["license"]))).collect()
}

/// Whether a licence expression can be met with allowed licences alone.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let met = alternatives(&mut words, allowed);
    met && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn alternatives(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut met = conjunction(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= conjunction(words, allowed);
    }
    met
}

fn conjunction(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut met = term(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= term(words, allowed);
    }
    met
}

fn term(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let met = alternatives(words, allowed);
        return words.next() == Some(")") && met;
    }
    let met = words.next().is_some_and(|id| allowed.contains(id));
    // An exception only ever allows more, and is not counted on.
    if words.next_if_eq(&"WITH").is_some() {
        words.next();
    }
    met
}

#[test]
fn every_package_can_be_used_under_the_licences_that_are_allowed() {
    let mut refused = Vec::new();
    for (manifest, deny) in PACKAGES {
        let allowed = allowed(deny);
        let packages = packages(manifest).into_iter();
        refused.extend(
            packages
                .filter(|(_, licence)| !is_met(licence, &allowed))
                .map(|(name, licence)| format!("{manifest}: {name}: {licence:?}")),
        );
    }

    assert!(refused.is_empty(), "\n{}", refused.join("\n"));
}

#[test]
fn expressions_are_met_as_spdx_means_them() {
    let allowed = BTreeSet::from(["MIT".to_owned(), "Unicode-3.0".to_owned()]);

    for met in ["MIT", "MIT/GPL-3.0", "GPL-3.0 OR MIT", "(MIT OR GPL-3.0) AND Unicode-3.0"] {
        assert!(is_met(met, &allowed), "{met}");
    }
    for refused in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR GPL-3.0) AND Zlib", "MIT MIT"] {
        assert!(!is_met(refused, &allowed), "{refused}");
    }
}
