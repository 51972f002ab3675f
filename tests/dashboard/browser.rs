//! A headless Chromium, spoken to over a pipe in the protocol of its developer tools. Chromium reads
//! from its third file descriptor and writes to its fourth: there is no port to be found or taken.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long anything may take before a test fails: long enough for a machine that is busy.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// Names that the browser goes by.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// What it is told. There is no sandbox inside a container, and nothing but these pages is opened.
const ARGUMENTS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-first-run",
    "--remote-debugging-pipe",
    "about:blank",
];

/// A running browser. It ends with this value.
pub(crate) struct Browser {
    process: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    events: Vec<Value>,
    last_id: u64,
    _profile: TempDir,
}

impl Browser {
    pub(crate) fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        // What a child is given as input and output, the shell puts where Chromium looks for it.
        let mut process = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>/dev/null 2>&1"#])
            .arg(executable())
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(ARGUMENTS)
            .env("HOME", profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = process.stdin.take().unwrap();
        let output = process.stdout.take().unwrap();
        let (sender, messages) = channel();
        std::thread::spawn(move || listen(output, &sender));
        Self { process, commands, messages, events: Vec::new(), last_id: 0, _profile: profile }
    }

    /// Has the browser do something; what it answers. `session` names a page.
    pub(crate) fn call(&mut self, session: Option<&str>, method: &str, params: Value) -> Value {
        let answer = self.try_call(session, method, params);
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The same, of what the browser may refuse.
    pub(crate) fn try_call(
        &mut self,
        session: Option<&str>,
        method: &str,
        params: Value,
    ) -> Result<Value, Value> {
        self.last_id += 1;
        let mut message = json!({ "id": self.last_id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut line = message.to_string().into_bytes();
        line.push(0);
        self.commands.write_all(&line).expect("Chromium has ended");
        let deadline = Instant::now() + DEADLINE;
        loop {
            let mut message = self.next(deadline, method);
            if message["id"] == self.last_id {
                return match message.get("error") {
                    Some(error) => Err(error.clone()),
                    None => Ok(message["result"].take()),
                };
            }
            self.events.push(message);
        }
    }

    /// How often something has happened so far.
    pub(crate) fn count(&mut self, method: &str) -> usize {
        self.events().filter(|event| event["method"] == method).count()
    }

    /// Waits until something has happened more often than so many times.
    pub(crate) fn wait_beyond(&mut self, method: &str, times: usize) {
        let deadline = Instant::now() + DEADLINE;
        while self.count(method) <= times {
            let message = self.next(deadline, method);
            self.events.push(message);
        }
    }

    /// Every event so far.
    pub(crate) fn events(&mut self) -> impl Iterator<Item = &Value> {
        self.events.extend(self.messages.try_iter());
        self.events.iter()
    }

    fn next(&mut self, deadline: Instant, awaited: &str) -> Value {
        let left = deadline.saturating_duration_since(Instant::now());
        let message = self.messages.recv_timeout(left);
        message.unwrap_or_else(|error| panic!("no {awaited} from Chromium: {error}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn executable() -> PathBuf {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths)
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .find(|path| path.is_file());
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    named.or(found).unwrap_or_else(|| {
        panic!("there is no Chromium: run `tools/setup chromium`, or name one in CHROMIUM")
    })
}

/// Passes messages on until the browser ends.
fn listen(output: ChildStdout, sender: &Sender<Value>) {
    let mut output = BufReader::new(output);
    let mut message = Vec::new();
    while output.read_until(0, &mut message).is_ok_and(|bytes| bytes > 0) {
        message.pop();
        if let Ok(message) = serde_json::from_slice(&message)
            && sender.send(message).is_err()
        {
            break;
        }
        message.clear();
    }
}
