//! What pages say about the repository is true.

use std::path::Path;
use std::process::Command;

use crate::tree::{pages, root, rust_files};

/// The targets of a page's links, with the lines they are on.
fn links(page: &str) -> Vec<(usize, &str)> {
    let mut links = Vec::new();
    for (number, line) in (1..).zip(page.lines()) {
        for rest in line.split("](").skip(1) {
            links.push((number, rest.split(')').next().unwrap()));
        }
    }
    links
}

/// A heading as what follows `#` in a link to it.
pub(crate) fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars()
        .filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_'))
        .map(|character| if character == ' ' { '-' } else { character })
        .collect()
}

/// The headings of a page, without what looks like one inside a block of code.
pub(crate) fn headings(page: &str) -> Vec<&str> {
    let mut inside = false;
    page.lines()
        .filter(|line| {
            inside ^= line.starts_with("```");
            !inside && line.starts_with('#')
        })
        .collect()
}

#[test]
fn every_relative_link_leads_somewhere() {
    let pages = pages();
    let mut broken = Vec::new();
    for (name, page) in &pages {
        let folder = root().join(name).parent().unwrap().to_owned();
        for (line, link) in links(page).into_iter().filter(|(_, link)| !link.contains("://")) {
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { root().join(name) } else { folder.join(path) };
            let is_there = target.exists() && (heading.is_empty() || has(&target, heading));
            if !is_there {
                broken.push(format!("{name}:{line}: {link}"));
            }
        }
    }

    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

fn has(target: &Path, heading: &str) -> bool {
    let page = std::fs::read_to_string(target).unwrap();
    headings(&page).into_iter().any(|line| anchor(line) == heading)
}

#[test]
fn the_headings_of_the_architecture_are_folders() {
    let page = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let folders: Vec<&str> = headings(&page)
        .into_iter()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| heading.trim_matches('`'))
        .filter(|heading| heading.contains('/'))
        .collect();

    for folder in &folders {
        assert!(root().join(folder).is_dir(), "docs/architecture.md: {folder} is no folder");
    }
    for layer in
        ["vocabulary", "format", "disk", "journal", "repository", "manager", "config", "cli"]
    {
        let folder = format!("src/{layer}/");
        assert!(folders.contains(&folder.as_str()), "docs/architecture.md has no {folder}");
    }
}

/// The commands that the program has.
fn commands() -> Vec<String> {
    let help = Command::new(env!("CARGO_BIN_EXE_annals")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| !line.trim().is_empty());
    let lines: Vec<&str> = listed.collect();
    let names = lines.iter().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names = names.filter(|name| !name.is_empty());
    let aliases = lines.iter().filter_map(|line| line.split_once("[alias: ")?.1.split(']').next());
    names.chain(aliases).map(str::to_owned).collect()
}

/// The commands that a page names, in code or in text that is set as code.
fn named_commands(page: &str) -> Vec<(usize, &str)> {
    let mut named = Vec::new();
    for (number, line) in (1..).zip(page.lines()) {
        for beginning in ["`annals ", "$ annals "] {
            for rest in line.split(beginning).skip(1) {
                let code = rest.split('`').next().unwrap();
                let mut words = code.split_whitespace();
                let mut word = words.next();
                while let Some(option) = word.filter(|word| word.starts_with('-')) {
                    if option == "--store" {
                        words.next();
                    }
                    word = words.next();
                }
                named.extend(word.map(|word| (number, word)));
            }
        }
    }
    named
}

#[test]
fn every_command_that_a_page_names_exists() {
    let commands = commands();
    assert!(commands.iter().any(|command| command == "verify"), "{commands:?}");
    let unknown: Vec<String> = pages()
        .iter()
        .flat_map(|(name, page)| {
            let named = named_commands(page).into_iter();
            let unknown = named.filter(|(_, word)| {
                word.starts_with(|first: char| first.is_ascii_lowercase())
                    && !commands.iter().any(|command| command == word)
            });
            unknown.map(|(line, word)| format!("{name}:{line}: annals {word}")).collect::<Vec<_>>()
        })
        .collect();

    assert!(unknown.is_empty(), "\n{}", unknown.join("\n"));
}

#[test]
fn the_guide_shows_every_command() {
    let guide = std::fs::read_to_string(root().join("docs/guide.md")).unwrap();
    let named = named_commands(&guide);
    let missing: Vec<String> = commands()
        .into_iter()
        .filter(|command| command != "help" && !named.iter().any(|(_, word)| word == command))
        .collect();

    assert!(missing.is_empty(), "docs/guide.md does not show {missing:?}");
}

#[test]
fn commands_are_found_behind_options_and_in_both_kinds_of_code() {
    let page = "run `annals --store DIR --json list`\n$ annals verify x\n`annals --version`\n";

    assert_eq!(named_commands(page), [(1, "list"), (2, "verify")]);
}

#[test]
fn the_guide_says_what_the_importers_say_of_themselves() {
    let guide = std::fs::read_to_string(root().join("docs/guide.md")).unwrap();
    let importers = ["claude_code", "codex", "amazon_q"].map(|name| format!("{name}.rs"));
    let mut missing = Vec::new();
    for (file, text) in rust_files("src/manager/import") {
        if importers.iter().any(|name| file.ends_with(name.as_str())) {
            let rows = text.lines().filter_map(|line| line.strip_prefix("//! "));
            let rows: Vec<&str> = rows.filter(|line| line.starts_with("| ")).collect();
            assert!(rows.len() > 3, "{file} has no table of what becomes what");
            let absent = rows.into_iter().filter(|row| !guide.lines().any(|line| line == *row));
            missing.extend(absent.map(|row| format!("{file}: {row}")));
        }
    }

    assert!(missing.is_empty(), "not in docs/guide.md:\n{}", missing.join("\n"));
}
