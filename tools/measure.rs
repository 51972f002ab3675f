//! The program behind `tools/measure`: what annals costs on this machine and this disk.
//!
//! Rates are compared only within one run: rounds of what is compared alternate, so that a slower
//! moment of the machine falls on all of them.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a tool for developers: it stops at the first surprise"
)]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command as Program, Stdio};
use std::sync::Arc;
use std::time::Instant;

use annals::disk::{Disk, RealDisk};
use annals::format::layout::SessionPaths;
use annals::journal::{Journal, Scope, verify};
use annals::repository::{
    Durability, FileSystemOptions, FileSystemRepository, SessionRepository, author_from_environment,
};
use annals::vocabulary::{
    Append, Command, Entry, ExpectedSeq, NewMessage, NewSession, Role, SessionFilter, SessionId,
};
use tokio::runtime::Runtime;

const ROUNDS: usize = 11;
const DURABLE_APPENDS: usize = 200;
const BUFFERED_APPENDS: usize = 2_000;
const WRITERS: usize = 8;
const REPLAYED_EVENTS: usize = 100_000;
const ENTRIES_AT_ONCE: usize = 1_000;
const REPLAYS: usize = 5;
const STARTS: usize = 100;
const LISTED: [usize; 3] = [10, 100, 1_000];
const TRACED_APPENDS: usize = 1_000;

fn main() {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(binary), Some(place)) = (arguments.next(), arguments.next()) else {
        println!("usage: measure BINARY FOLDER; tools/measure says the rest");
        return;
    };
    let binary = binary.canonicalize().unwrap();
    let scratch = tempfile::tempdir_in(place).unwrap();
    let runtime = Runtime::new().unwrap();
    let bench = Bench { runtime, place: scratch.path().to_owned() };
    println!("{:<44} {:>10}   {:>19}", "", "median", "min – max");
    bench.durable_appends();
    bench.shared_appends();
    bench.replays();
    bench.listings();
    starts(&binary, &bench.place);
    system_calls(&binary, &bench.place);
    let bytes = binary.metadata().unwrap().len();
    println!("{:<44} {:>10.2} MiB", "release binary, stripped", bytes as f64 / 1_048_576.0);
}

/// What several rounds of one measurement gave.
#[derive(Default)]
struct Samples(Vec<f64>);

impl Samples {
    fn median(&mut self) -> f64 {
        self.0.sort_by(f64::total_cmp);
        self.0.get(self.0.len() / 2).copied().unwrap_or(f64::NAN)
    }

    fn print(&mut self, what: &str, unit: &str) {
        let median = self.median();
        let least = self.0.first().copied().unwrap_or(f64::NAN);
        let most = self.0.last().copied().unwrap_or(f64::NAN);
        let digits = if median < 100.0 { 2 } else { 0 };
        let range = format!("{least:.digits$} – {most:.digits$}");
        println!("{what:<44} {median:>10.digits$}   {range:>19} {unit}");
    }
}

fn seconds(work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().as_secs_f64()
}

fn rate(count: usize, work: impl FnOnce()) -> f64 {
    count as f64 / seconds(work)
}

/// A message that makes a line of some 450 bytes, 200 of them its own.
fn message() -> Command {
    Command::RecordMessage(NewMessage {
        role: Role::assistant(),
        text: Some("The quick brown fox jumps over the lazy dog. ".repeat(4)),
        model: None,
        tokens: None,
        meta: false,
        occurred: None,
    })
}

fn one(command: Command) -> Append {
    Append::one(command, author_from_environment())
}

struct Bench {
    runtime: Runtime,
    place: PathBuf,
}

impl Bench {
    fn repository(&self, store: &str, durability: Durability) -> FileSystemRepository {
        let options =
            FileSystemOptions { durability, ..FileSystemOptions::new(author_from_environment()) };
        FileSystemRepository::open_with(Arc::new(RealDisk), self.place.join(store), options)
            .unwrap()
    }

    fn begin(&self, repository: &FileSystemRepository, session: &str) -> SessionId {
        let session: SessionId = session.parse().unwrap();
        let create = one(Command::Create(NewSession::default()));
        self.runtime.block_on(repository.append(&session, create)).unwrap();
        session
    }

    fn append(&self, repository: &FileSystemRepository, session: &SessionId, count: usize) {
        self.runtime.block_on(async {
            for _ in 0..count {
                repository.append(session, one(message())).await.unwrap();
            }
        });
    }

    /// One writer, beside loops that write as many bytes a time and sync.
    fn durable_appends(&self) {
        let durable = self.repository("durable", Durability::Sync);
        let session = self.begin(&durable, "durable");
        let buffered = self.repository("buffered", Durability::Buffered);
        let loose = self.begin(&buffered, "buffered");
        let journal = SessionPaths::new(durable.path(), &session).journal();
        self.append(&durable, &session, 1);
        let line = std::fs::read(journal).unwrap();
        let line = line.split(|&byte| byte == b'\n').nth(2).unwrap();
        let (mut appends, mut growing, mut filled, mut handed) =
            (Samples::default(), Samples::default(), Samples::default(), Samples::default());
        for _ in 0..ROUNDS {
            appends.0.push(rate(DURABLE_APPENDS, || {
                self.append(&durable, &session, DURABLE_APPENDS);
            }));
            filled.0.push(self.raw_loop(line, true));
            growing.0.push(self.raw_loop(line, false));
            handed.0.push(rate(BUFFERED_APPENDS, || {
                self.append(&buffered, &loose, BUFFERED_APPENDS);
            }));
        }
        let bytes = line.len();
        appends.print("durable appends, one writer", "/s");
        filled.print(&format!("  pwrite+fdatasync of {bytes} B, preallocated"), "/s");
        growing.print(&format!("  pwrite+fdatasync of {bytes} B, growing"), "/s");
        let (appends, filled, growing) = (appends.median(), filled.median(), growing.median());
        println!("{:<44} {:>10.2}", "  ratio to preallocated", appends / filled);
        println!("{:<44} {:>10.2}", "  ratio to growing", appends / growing);
        handed.print("buffered appends, one writer", "/s");
    }

    /// Writes a line many times, with a sync each.
    fn raw_loop(&self, line: &[u8], preallocated: bool) -> f64 {
        let path = self.place.join("raw");
        let file = File::create(&path).unwrap();
        if preallocated {
            file.write_all_at(&vec![b' '; DURABLE_APPENDS * line.len()], 0).unwrap();
        }
        file.sync_all().unwrap();
        let rate = rate(DURABLE_APPENDS, || {
            for offset in (0..).step_by(line.len()).take(DURABLE_APPENDS) {
                file.write_all_at(line, offset).unwrap();
                file.sync_data().unwrap();
            }
        });
        std::fs::remove_file(path).unwrap();
        rate
    }

    /// Several tasks that append to one session and share its syncs.
    fn shared_appends(&self) {
        let repository = self.repository("durable", Durability::Sync);
        let session = self.begin(&repository, "shared");
        let mut shared = Samples::default();
        for _ in 0..ROUNDS {
            shared.0.push(rate(WRITERS * DURABLE_APPENDS, || {
                self.runtime.block_on(async {
                    let mut writers = tokio::task::JoinSet::new();
                    for _ in 0..WRITERS {
                        let (repository, session) = (repository.clone(), session.clone());
                        writers.spawn(async move {
                            for _ in 0..DURABLE_APPENDS {
                                repository.append(&session, one(message())).await.unwrap();
                            }
                        });
                    }
                    writers.join_all().await;
                });
            }));
        }
        shared.print(&format!("durable appends, {WRITERS} writers, one session"), "/s");
    }

    /// Opening a journal without a snapshot, and verifying it.
    fn replays(&self) {
        let mut options = FileSystemOptions::new(author_from_environment());
        (options.durability, options.snapshot_every) = (Durability::Buffered, 0);
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let store = self.place.join("replayed");
        let repository =
            FileSystemRepository::open_with(Arc::clone(&disk), store, options).unwrap();
        let session = self.begin(&repository, "replayed");
        self.runtime.block_on(async {
            for _ in 0..REPLAYED_EVENTS / ENTRIES_AT_ONCE {
                let entry = Entry { command: message(), key: None };
                let entries = vec![entry; ENTRIES_AT_ONCE];
                let by = author_from_environment();
                let append = Append { expected: ExpectedSeq::Any, entries, by };
                repository.append(&session, append).await.unwrap();
            }
        });
        let paths = SessionPaths::new(repository.path(), &session);
        let megabytes = paths.journal().metadata().unwrap().len() as f64 / 1e6;
        let (mut replayed, mut verified) = (Samples::default(), Samples::default());
        for _ in 0..REPLAYS {
            replayed.0.push(rate(REPLAYED_EVENTS, || {
                let journal = Journal::open(&disk, paths.clone(), session.clone()).unwrap();
                assert_eq!(journal.replay().seq, REPLAYED_EVENTS as u64 + 1);
            }));
            verified.0.push(
                megabytes
                    / seconds(|| {
                        let scope = Scope { quick: false, anchors: &[], others: &Vec::new };
                        let found = verify(&disk, &paths, &session, scope).unwrap();
                        assert_eq!(found.findings, []);
                    }),
            );
        }
        replayed.print(&format!("replayed events, of {megabytes:.0} MB"), "/s");
        verified.print("verified", "MB/s");
    }

    /// Listing by a process that has just opened the store.
    fn listings(&self) {
        for count in LISTED {
            let store = format!("listed-{count}");
            let repository = self.repository(&store, Durability::Buffered);
            for session in 0..count {
                let session = self.begin(&repository, &format!("session-{session:04}"));
                self.append(&repository, &session, 3);
            }
            let mut times = Samples::default();
            for _ in 0..ROUNDS {
                let repository = self.repository(&store, Durability::Buffered);
                times.0.push(
                    1e3 * seconds(|| {
                        let filter = SessionFilter::default();
                        let listed = self.runtime.block_on(repository.list(&filter)).unwrap();
                        assert_eq!(listed.sessions.len(), count);
                    }),
                );
            }
            times.print(&format!("list of {count} sessions, in process"), "ms");
        }
    }
}

/// From the start of a process to its end, beside a program that does nothing.
fn starts(binary: &Path, place: &Path) {
    let store = place.join("listed-10");
    let annals = |arguments: &[&str]| {
        let mut command = Program::new(binary);
        command.env("ANNALS_STORE", &store).args(arguments);
        command
    };
    let mut measured = [
        ("start of `annals --version`", annals(&["--version"]), Samples::default()),
        ("start of `annals list`, 10 sessions", annals(&["list"]), Samples::default()),
        ("  start of `true`", Program::new("true"), Samples::default()),
    ];
    for _ in 0..STARTS {
        for (_, command, times) in &mut measured {
            command.stdout(Stdio::null()).stderr(Stdio::null());
            times.0.push(1e3 * seconds(|| assert!(command.status().unwrap().success())));
        }
    }
    for (what, _, times) in &mut measured {
        times.print(what, "ms");
    }
}

/// System calls of one append: those of a batch less those of a shorter one.
fn system_calls(binary: &Path, place: &Path) {
    let count = |appends: usize| {
        let store = place.join(format!("traced-{appends}"));
        let commands = place.join("commands");
        let record =
            "{\"op\":\"record\",\"session\":\"traced\",\"role\":\"user\",\"text\":\"hi\"}\n";
        let create = "{\"op\":\"create\",\"id\":\"traced\"}\n".to_owned();
        std::fs::write(&commands, create + &record.repeat(appends)).unwrap();
        let (counts, arguments) = (place.join("counts"), ["-f", "-c", "-U", "calls,name", "-o"]);
        let mut strace = Program::new("strace");
        strace.args(arguments).arg(&counts).arg(binary).arg("batch").arg(&commands);
        strace.env("ANNALS_STORE", store).stdout(Stdio::null()).stderr(Stdio::null());
        let traced = strace.status().is_ok_and(|status| status.success());
        traced.then(|| calls_by_name(&std::fs::read_to_string(counts).unwrap()))
    };
    let (Some(few), Some(many)) = (count(10), count(10 + TRACED_APPENDS)) else {
        println!("system calls of an append: not counted, there is no strace here");
        return;
    };
    let calls_of_few =
        |name: &str| few.iter().find(|(known, _)| known == name).map_or(0.0, |(_, calls)| *calls);
    let mut calls: Vec<(String, f64)> = many
        .into_iter()
        .map(|(name, calls)| {
            let more = calls - calls_of_few(&name);
            (name, more / TRACED_APPENDS as f64)
        })
        .filter(|(_, calls)| *calls >= 0.05)
        .collect();
    calls.sort_by(|left, right| right.1.total_cmp(&left.1));
    let total: f64 = calls.iter().map(|(_, calls)| calls).sum();
    println!("{:<44} {total:>10.1}", "system calls of an append, in a batch");
    for (name, calls) in calls {
        println!("    {name:<40} {calls:>10.1}");
    }
}

fn calls_by_name(table: &str) -> Vec<(String, f64)> {
    let rows = table.lines().filter_map(|row| row.trim().split_once(' '));
    let calls = rows.filter_map(|(calls, name)| Some((name.trim(), calls.parse().ok()?)));
    calls.filter(|(name, _)| *name != "total").map(|(name, n)| (name.to_owned(), n)).collect()
}
