//! A store, a home and a clean environment for one test.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A place where nothing of the machine's own settings reaches the command.
pub struct Sandbox {
    dir: TempDir,
}

/// What a command came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join(relative)
    }

    /// The store that commands use unless they name another.
    pub fn store(&self) -> PathBuf {
        self.path("data/annals")
    }

    pub fn journal(&self, session: &str) -> PathBuf {
        self.store().join("sessions").join(session).join("journal.jsonl")
    }

    /// Writes a file beside the store and returns its path as an argument.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_annals"));
        command
            .env_clear()
            .env("HOME", self.path("home"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("USER", "ada")
            .env("TZ", "UTC")
            .env("NO_COLOR", "1")
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        run(self.command(arguments), b"")
    }

    pub fn run_with_input(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> Ran {
        run(self.command(arguments), input.as_ref())
    }

    /// The standard output of a command that must go through.
    pub fn ok(&self, arguments: &[&str]) -> String {
        self.run(arguments).expect(0).stdout
    }

    /// The JSON lines of a command that must go through.
    pub fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let arguments: Vec<_> = ["--json"].iter().chain(arguments).copied().collect();
        self.run(&arguments).expect(0).json()
    }

    /// The state of a session.
    pub fn show(&self, session: &str) -> Value {
        self.json(&["show", session]).remove(0)
    }
}

/// Runs a command, feeding it from a file so that a command that reads nothing blocks nobody.
pub fn run(mut command: Command, input: &[u8]) -> Ran {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(input).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    let output = command.stdin(file).output().unwrap();
    Ran {
        code: output.status.code().expect("no signal ended it"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ran {
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        assert!(!self.stderr.contains("panicked"), "{self:#?}");
        self
    }

    /// Standard output as JSON lines.
    pub fn json(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The error on standard error as JSON.
    pub fn error(&self) -> Value {
        let line = self.stderr.lines().last().unwrap_or_else(|| panic!("no error in {self:#?}"));
        serde_json::from_str::<Value>(line).unwrap()["error"].take()
    }
}

/// Changes one byte of a file.
pub fn flip_byte(path: &Path, offset: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[offset] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

/// Where the record of a sequence number begins in a journal, and the whole of its line.
pub fn line_of(path: &Path, seq: usize) -> (usize, String) {
    let text = std::fs::read_to_string(path).unwrap();
    let before: usize = text.split_inclusive('\n').take(seq).map(str::len).sum();
    (before, text.split_inclusive('\n').nth(seq).unwrap().to_owned())
}

/// Holds a session's lock as another process would, until the file is dropped.
pub fn hold_lock(path: &Path) -> File {
    let mut options = File::options();
    let file =
        options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path).unwrap();
    file.lock().unwrap();
    file
}
