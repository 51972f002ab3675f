//! A store of its own for each test, and the command that works on it with nothing of the
//! developer's environment but the path to programs.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A home with a store in it, which is made by the first write.
pub(crate) struct Scene {
    home: TempDir,
    store: PathBuf,
}

/// What became of one command.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let store = home.path().join("store");
        Self { home, store }
    }

    /// A scene with one session.
    pub(crate) fn with_session(session: &str) -> Self {
        let scene = Self::new();
        scene.does(["create", "--id", session]);
        scene
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn store(&self) -> &Path {
        &self.store
    }

    /// The same home with another store, which the caller has to keep.
    pub(crate) fn set_store(&mut self, store: PathBuf) {
        self.store = store;
    }

    pub(crate) fn session_folder(&self, session: &str) -> PathBuf {
        self.store.join("sessions").join(session)
    }

    pub(crate) fn journal(&self, session: &str) -> PathBuf {
        self.session_folder(session).join("journal.jsonl")
    }

    /// The command, ready for arguments. It speaks JSON.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_annals"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .env("USER", "tester")
            .env("ANNALS_STORE", &self.store)
            .current_dir(self.home())
            .arg("--json")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Answer {
        self.command().args(arguments).output().unwrap().into()
    }

    /// Runs a command that must succeed; what it printed.
    pub(crate) fn does<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> String {
        self.run(arguments).expect(0)
    }

    /// Runs a batch of lines to its end.
    pub(crate) fn batch(&self, lines: &str) -> Answer {
        let mut child = self.command().arg("batch").stdin(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            // It answers while it reads: whoever only writes first would wait for ever.
            scope.spawn(move || input.write_all(lines.as_bytes()).unwrap());
            child.wait_with_output().unwrap().into()
        })
    }

    /// The texts of a session's messages, by sequence number. There must be no gap between any of
    /// its records.
    pub(crate) fn texts(&self, session: &str) -> BTreeMap<u64, String> {
        let mut texts = BTreeMap::new();
        for (record, seq) in json_lines(&self.does(["log", session])).into_iter().zip(1..) {
            assert_eq!(record["seq"], seq, "the records of {session} are dense");
            if let Some(text) = record["data"]["text"].as_str() {
                texts.insert(seq, text.to_owned());
            }
        }
        texts
    }

    /// Asserts that nothing at all is wrong with the store.
    pub(crate) fn assert_clean(&self) {
        let out = self.does(["verify"]);
        let summary = json_lines(&out).pop().unwrap();
        assert_eq!(summary["summary"]["findings"], 0, "{out}");
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Answer {
    /// Asserts the exit code; what was printed.
    pub(crate) fn expect(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:?}");
        self.out
    }

    /// The kind of the error that was told.
    pub(crate) fn error_kind(&self) -> String {
        let told = json_lines(&self.err).into_iter().find(|line| line["error"].is_object());
        told.unwrap_or_else(|| panic!("no error: {self:?}"))["error"]["kind"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

/// Each line as the JSON value that it must be.
pub(crate) fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A line for `batch` that records a text.
pub(crate) fn record_line(session: &str, text: &str) -> String {
    let mut line = serde_json::json!({
        "op": "record", "session": session, "role": "user", "text": text
    })
    .to_string();
    line.push('\n');
    line
}

/// Whether this test may mount file systems and is not stopped by permission bits.
pub(crate) fn is_root() -> bool {
    #[cfg(unix)]
    return rustix::process::geteuid().is_root();
    #[cfg(not(unix))]
    false
}

/// Every file below a folder, with its bytes.
pub(crate) fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.insert(path.clone(), Vec::new());
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                found.insert(path, bytes);
            }
        }
    }
    found
}
