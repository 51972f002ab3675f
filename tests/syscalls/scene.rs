//! A home with a store, made once for each case and copied for each run.

use std::fs::{self, File};
use std::io::Seek as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::figures;
use crate::tracer::{self, Injection, Traced, WHEN_TOLD};

/// A home of its own for each run.
pub(crate) struct Scene {
    _home: TempDir,
    /// As the system calls it, without links.
    place: PathBuf,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) traced: Traced,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        // In memory, syncs cost nothing; the long form has the time for a disk.
        let memory = Path::new("/dev/shm");
        let in_memory = !figures::long_form() && memory.is_dir();
        let home = if in_memory { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let home = home.unwrap();
        let place = home.path().canonicalize().unwrap();
        Self { _home: home, place }
    }

    /// The same files in another place.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::new();
        copy_folder(self.home(), copy.home());
        copy
    }

    pub(crate) fn home(&self) -> &Path {
        &self.place
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.home().join("store")
    }

    pub(crate) fn session_folder(&self, session: &str) -> PathBuf {
        self.store().join("sessions").join(session)
    }

    pub(crate) fn journal(&self, session: &str) -> PathBuf {
        self.session_folder(session).join("journal.jsonl")
    }

    /// The files of the store, sealed ones unpacked, that hold a text anywhere.
    pub(crate) fn holding(&self, text: &str) -> Vec<PathBuf> {
        let mut folders = vec![self.store()];
        let mut holding = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let bytes = fs::read(&path).unwrap();
                let bytes = zstd::decode_all(bytes.as_slice()).unwrap_or(bytes);
                if memchr::memmem::find(&bytes, text.as_bytes()).is_some() {
                    holding.push(path);
                }
            }
        }
        holding
    }

    /// Runs the command from one system call to the next.
    pub(crate) fn traced(&self, arguments: &[&str], injection: Option<Injection>) -> Answer {
        let mut shell = Command::new("sh");
        shell.args(["-c", WHEN_TOLD, env!("CARGO_BIN_EXE_annals")]);
        self.prepare(&mut shell, arguments);
        let path = self.home().join("out");
        // Not in the home: that nobody can be told of an error is no fault that is looked for.
        let mut err = tempfile::tempfile().unwrap();
        shell.stdout(File::create(&path).unwrap()).stderr(err.try_clone().unwrap());
        let traced = tracer::run(shell, self.home(), injection);
        let out = fs::read_to_string(path).unwrap();
        err.rewind().unwrap();
        let err = std::io::read_to_string(err).unwrap();
        Answer { traced, out, err }
    }

    /// Runs the command as it is; its exit code and what it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_annals"));
        self.prepare(&mut command, arguments);
        let output = command.stdin(Stdio::null()).output().unwrap();
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap());
        (output.status.code().unwrap(), said.concat())
    }

    /// Runs a command that must succeed.
    pub(crate) fn does(&self, arguments: &[&str]) {
        let (code, said) = self.run(arguments);
        assert_eq!(code, 0, "{arguments:?}: {said}");
    }

    /// The working directory is the home, so that no path in an event depends on where that is.
    fn prepare(&self, command: &mut Command, arguments: &[&str]) {
        command
            .args(["--json", "--store", "store"])
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .env("USER", "tester")
            .current_dir(self.home());
    }
}

impl Answer {
    /// The lines that were printed whole.
    pub(crate) fn told(&self) -> Vec<Value> {
        let whole = self.out.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The kinds of the errors that were told, on standard error or instead of an answer, and of
    /// the warnings.
    pub(crate) fn error_kinds(&self) -> Vec<String> {
        let lines = self.err.lines().filter_map(|line| serde_json::from_str(line).ok());
        let told = lines.chain(self.told());
        let kind = |line: Value| {
            let kinds = [&line["error"]["kind"], &line["warning"]["kind"]];
            kinds.iter().find_map(|kind| kind.as_str().map(str::to_owned))
        };
        told.filter_map(kind).collect()
    }
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&place).unwrap();
            fs::set_permissions(&place, entry.metadata().unwrap().permissions()).unwrap();
            copy_folder(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), &place).unwrap();
        }
    }
}
