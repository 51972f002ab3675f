//! A store of its own with a server that shows it, and other processes that write to it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use annals::serve::{Options, Server};
use annals::{CacheOptions, CachedRepository, FileSystemRepository, SessionManager};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// A store, and the address of a dashboard that shows it.
pub(crate) struct Stage {
    home: TempDir,
    pub(crate) origin: String,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::at(tempfile::tempdir().unwrap())
    }

    /// A stage whose store holds the sessions of some days.
    pub(crate) fn with_tales() -> Self {
        let home = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(crate::tales::write(&home.path().join("store")));
        Self::at(home)
    }

    fn at(home: TempDir) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (ready, address) = std::sync::mpsc::channel();
        let store = home.path().join("store");
        let server = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let server = serve(&store).await;
                ready.send(server.local_address().unwrap()).unwrap();
                server.run(async { drop(stopped.await) }).await;
            });
        });
        let origin = format!("http://{}", address.recv().unwrap());
        Self { home, origin, stop: Some(stop), server: Some(server) }
    }

    fn store(&self) -> PathBuf {
        self.home.path().join("store")
    }

    pub(crate) fn journal(&self, session: &str) -> PathBuf {
        self.store().join("sessions").join(session).join("journal.jsonl")
    }

    /// The command, ready for arguments.
    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_annals"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("USER", "ann")
            .env("ANNALS_STORE", self.store())
            .current_dir(self.home.path())
            .arg("--json");
        command
    }

    /// Another process that changes sessions for as long as it is kept.
    pub(crate) fn writer(&self) -> Writer {
        let mut process = self
            .command()
            .arg("batch")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Writer { process, input, answers }
    }

    /// Flips one bit of a session's journal where a text begins.
    pub(crate) fn damage(&self, session: &str, text: &str) {
        let path = self.journal(session);
        let mut bytes = std::fs::read(&path).unwrap();
        let place = bytes.windows(text.len()).position(|window| window == text.as_bytes());
        bytes[place.unwrap()] ^= 1;
        std::fs::write(&path, bytes).unwrap();
    }
}

async fn serve(store: &Path) -> Server<impl annals::SessionRepository> {
    let repository = FileSystemRepository::open(store).unwrap();
    let repository = CachedRepository::new(repository, CacheOptions::default());
    let options = Options {
        listen: "127.0.0.1:0".parse().unwrap(),
        // What is waited for is to be seen soon.
        sample_period: Duration::from_millis(500),
        health_period: Duration::from_millis(500),
        ..Options::default()
    };
    Server::bind(Arc::new(SessionManager::new(repository)), options).await.unwrap()
}

impl Drop for Stage {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.server.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            ended.unwrap().unwrap();
        }
    }
}

/// Another process that changes sessions.
pub(crate) struct Writer {
    process: Child,
    input: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Writer {
    /// Has it do something, and waits until it is done.
    pub(crate) fn tell(&mut self, operation: &Value) {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{operation}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        let told: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(told["ok"], true, "{operation}: {answer}");
    }

    pub(crate) fn create(&mut self, session: &str, name: &str) {
        self.tell(&json!({ "op": "create", "id": session, "name": name }));
    }

    pub(crate) fn record(&mut self, session: &str, role: &str, text: &str) {
        self.tell(&json!({ "op": "record", "session": session, "role": role, "text": text }));
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The end of its input is the end of its work.
        drop(self.input.take());
        let _ = self.process.wait();
    }
}
