//! A store that is being served by the real command.

use std::fs::Permissions;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::client::{Answer, ask};

/// A store, and commands that know nothing but it.
pub struct Place {
    folder: TempDir,
}

/// A server of a store. It is killed when it is dropped.
pub struct Served {
    pub address: SocketAddr,
    process: Child,
}

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file that nobody else can read.
    pub fn secret(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
        std::fs::set_permissions(self.path(name), Permissions::from_mode(0o600)).unwrap();
    }

    pub fn store(&self) -> PathBuf {
        self.path("store")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_annals"));
        command
            .env_clear()
            .env("HOME", self.path("home"))
            .env("USER", "ada")
            .env("ANNALS_STORE", self.store())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .args(arguments);
        command
    }

    /// What a command prints as JSON.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.command(&["--json"]).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A session of this id.
    #[track_caller]
    pub fn create(&self, id: &str) {
        self.json(&["create", "--id", id]);
    }

    /// Serves the store at an address that is free.
    pub fn serve(&self, arguments: &[&str]) -> Served {
        let mut command = self.command(&["--json", "serve", "--listen", "127.0.0.1:0"]);
        command.args(arguments);
        Served::start(command)
    }
}

impl Served {
    pub fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line).expect("it says where it listens");
        let address = line["listening"].as_str().unwrap().parse().unwrap();
        Self { address, process }
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    pub fn get(&self, path: &str) -> Answer {
        ask(self.address, "GET", path, &[], "")
    }

    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        ask(self.address, "GET", path, headers, "")
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let headers = [("Content-Type", "application/json")];
        ask(self.address, "POST", path, &headers, &body.to_string())
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let signal = match name {
            "TERM" => rustix::process::Signal::TERM,
            _ => rustix::process::Signal::INT,
        };
        let pid = rustix::process::Pid::from_raw(self.pid().cast_signed()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits until the process has ended.
    pub fn ended(&mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _gone_already = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a command that refuses to serve says, and its exit code.
pub fn refused(mut command: Command) -> (Value, i32) {
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    let code = process.wait().unwrap().code().unwrap();
    (serde_json::from_str(said.lines().last().unwrap()).unwrap(), code)
}
