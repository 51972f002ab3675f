//! The licences of what is linked or used to build and test, held against `deny.toml`.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::tree::root;

/// The ids that `deny.toml` allows.
fn allowed() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("deny.toml")).unwrap();
    let line = text.lines().find(|line| line.starts_with("allow = [")).unwrap();
    line.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The packages that this machine builds, with their licences.
fn packages() -> Vec<(String, String)> {
    let cargo = |arguments: &[&str]| {
        let output =
            Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let version = cargo(&["version", "--verbose"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata =
        cargo(&["metadata", "--offline", "--format-version=1", "--filter-platform", host]);
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
    let allowed = allowed();
    let refused: Vec<String> = packages()
        .into_iter()
        .filter(|(_, licence)| !is_met(licence, &allowed))
        .map(|(name, licence)| format!("{name}: {licence:?}"))
        .collect();

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
