//! Reads of the file system with and without what annals keeps in memory.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::page::{self, number, table};
use crate::traced::{Counts, Doing, LISTED, SESSIONS, prepare};

/// The calls that ask the file system for something, by what they do.
const READS: [(&str, &[&str]); 4] = [
    ("opens", &["open", "openat", "openat2"]),
    ("reads", &["read", "pread64", "readv", "preadv", "mmap"]),
    (
        "looks",
        &["stat", "lstat", "fstat", "newfstatat", "statx", "access", "faccessat2", "readlink"],
    ),
    ("listings of folders", &["getdents64"]),
];

/// How a store is opened, from the one that keeps nothing on.
const REPOSITORIES: [(&str, &str); 3] = [
    ("`FileSystemRepository`, no catalog", "opening"),
    ("`FileSystemRepository`", "plain"),
    ("`CachedRepository`", "cached"),
];

/// Counts them, and writes the part of the page.
pub fn run(folder: &Path) -> Result<ExitCode> {
    let place = folder.join("store");
    prepare(&place)?;
    let mut heading = vec!["operation", "repository"];
    heading.extend(READS.map(|(what, _)| what));
    heading.extend(["all", "fewer calls", "fewer but looks"]);
    let mut rows = vec![heading.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    for (title, operation) in [
        (format!("get one of {SESSIONS}"), "get"),
        (format!("list the newest {LISTED} of {SESSIONS}"), "list"),
    ] {
        let mut without = None;
        for (repository_title, repository) in REPOSITORIES {
            let place = place.clone();
            let doing = Doing { repository, durability: "sync", operation, place };
            let counts = doing.calls_of_one()?;
            let kinds = READS.map(|(_, names)| sum(&counts, names));
            let all = kinds.iter().fold(0.0, |sum, calls| sum + calls);
            // A look asks for a length or a time; the others fetch something.
            let fetched =
                sum(&counts, READS[0].1) + sum(&counts, READS[1].1) + sum(&counts, READS[3].1);
            let (first, first_fetched) = *without.get_or_insert((all, fetched));
            let fewer = |now: f64, first: f64| format!("{:.0} %", 100.0 * (1.0 - now / first));
            let mut row = vec![title.clone(), repository_title.to_owned()];
            row.extend(kinds.map(number));
            row.extend([number(all), fewer(all, first), fewer(fetched, first_fetched)]);
            rows.push(row);
        }
    }
    let text = table(&rows);
    println!("{text}");
    page::put("reads", &text)?;
    Ok(ExitCode::SUCCESS)
}

fn sum(counts: &Counts, names: &[&str]) -> f64 {
    names.iter().filter_map(|name| counts.get(*name)).fold(0.0, |sum, calls| sum + calls)
}
