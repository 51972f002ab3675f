//! The shell examples of the pages, run as they stand.
//!
//! A block marked `console` holds commands after `$ ` and below each what it prints on both
//! streams. In what is printed, `…` stands for anything within a line, and a line of nothing but
//! `…` for any number of lines. A command succeeds, unless the next one is `echo $?`. The blocks
//! of a page follow each other in one sealed home, with `docs/example` beside it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::tree::{files, pages, relative, root};

/// One command of a page.
#[derive(Debug, PartialEq)]
struct Example {
    line: usize,
    command: String,
    printed: Vec<String>,
}

fn examples(page: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut inside = false;
    for (line, text) in (1..).zip(page.lines()) {
        if text.starts_with("```") {
            inside = text == "```console";
        } else if inside && let Some(command) = text.strip_prefix("$ ") {
            examples.push(Example { line, command: command.to_owned(), printed: Vec::new() });
        } else if inside && let Some(example) = examples.last_mut() {
            example.printed.push(text.trim_end().to_owned());
        }
    }
    examples
}

/// A home of nobody's, and a shell that knows nothing but it.
struct Sealed {
    folder: TempDir,
}

impl Sealed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        for path in files().iter().filter(|path| relative(path).starts_with("docs/example/")) {
            let copy = folder.path().join(path.strip_prefix(root()).unwrap());
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(path, copy).unwrap();
        }
        Self { folder }
    }

    /// What a command prints, and its exit status; `status` is that of the command before.
    fn run(&self, command: &str, status: i32) -> (Vec<String>, i32) {
        let programs = Path::new(env!("CARGO_BIN_EXE_annals")).parent().unwrap();
        let system = std::env::var("PATH").unwrap_or_default();
        let output = Command::new("bash")
            .args(["-c", &format!("exec 2>&1; (exit {status}); {command}")])
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", format!("{}:{system}", programs.display()))
            .env("HOME", self.folder.path().join("home"))
            .env("USER", "ann")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = text.lines().map(|line| line.trim_end().to_owned()).collect();
        (lines, output.status.code().unwrap())
    }
}

/// Whether lines are as a pattern of lines says.
fn match_lines(pattern: &[String], lines: &[String]) -> bool {
    match pattern.split_first() {
        None => lines.is_empty(),
        Some((any, rest)) if any.trim() == "…" => {
            (0..=lines.len()).any(|skipped| match_lines(rest, &lines[skipped..]))
        }
        Some((first, rest)) => lines
            .split_first()
            .is_some_and(|(line, others)| match_line(first, line) && match_lines(rest, others)),
    }
}

fn match_line(pattern: &str, line: &str) -> bool {
    match pattern.split_once('…') {
        None => pattern == line,
        Some((before, after)) => line.strip_prefix(before).is_some_and(|rest| {
            rest.char_indices()
                .map(|(offset, _)| offset)
                .chain([rest.len()])
                .any(|offset| match_line(after, &rest[offset..]))
        }),
    }
}

/// What is wrong with the examples of a page.
fn objections(name: &str, page: &str) -> Vec<String> {
    let sealed = Sealed::new();
    let examples = examples(page);
    let mut objections = Vec::new();
    let mut status = 0;
    for (index, example) in examples.iter().enumerate() {
        let (lines, now) = sealed.run(&example.command, status);
        let place = format!("{name}:{}: $ {}", example.line, example.command);
        if !match_lines(&example.printed, &lines) {
            objections.push(format!(
                "{place}\n--- the page says\n{}\n--- it prints\n{}\n",
                example.printed.join("\n"),
                lines.join("\n")
            ));
        }
        let is_told = examples.get(index + 1).is_some_and(|next| next.command == "echo $?");
        if now != 0 && !is_told {
            objections.push(format!("{place}\n--- exit status {now}\n{}\n", lines.join("\n")));
        }
        status = now;
    }
    objections
}

#[test]
fn every_shell_example_prints_what_its_page_says() {
    let objections: Vec<String> =
        pages().iter().flat_map(|(name, page)| objections(name, page)).collect();

    assert!(objections.is_empty(), "\n{}", objections.join("\n"));
}

#[test]
fn a_page_that_says_something_else_is_found() {
    let page = "```console\n$ echo one\ntwo\n$ false\n$ false\n$ echo $?\n1\n```\n";

    let objections = objections("page.md", page);

    assert_eq!(objections.len(), 2, "{objections:?}");
    assert!(objections[0].starts_with("page.md:2: $ echo one\n"));
    assert!(objections[1].starts_with("page.md:4: $ false\n--- exit status 1"));
}

#[test]
fn an_ellipsis_stands_for_anything_within_a_line_or_for_lines() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();

    assert!(match_lines(&lines("a … c\n…\nz"), &lines("a b c\nx\ny\nz")));
    assert!(match_lines(&lines("…\nz"), &lines("z")));
    assert!(!match_lines(&lines("a … c"), &lines("a b d")));
    assert!(!match_lines(&lines("a"), &lines("a\nb")));
    assert!(!match_lines(&lines("a"), &[]));
}
