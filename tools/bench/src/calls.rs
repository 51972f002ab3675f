//! The system calls of an append, each with why it is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::cold::Action;
use crate::event::{session_id, text};
use crate::page::{self, table};
use crate::peers;
use crate::traced::{Counts, Doing, counts, difference, prepare};

/// Fewer than this of an append is what other things than appends do now and then.
const SHOWN_FROM: f64 = 0.01;
/// Records of the two batches that are compared.
const BATCHES: [usize; 2] = [100, 1_100];

/// What a call does that belongs to the beginning or the end of a process.
const START: &str = "the process or one of its threads begins or ends";
/// What memory costs.
const MEMORY: &str = "memory, and stacks of threads";

/// Why an append makes a call. What no row explains is shown without a reason.
const WHY: [(&str, &str); 47] = [
    ("access", START),
    ("arch_prctl", START),
    ("brk", MEMORY),
    ("clone3", "a thread, which does the blocking work"),
    ("close", "what was opened"),
    ("execve", START),
    ("exit_group", START),
    ("exit", START),
    ("fdatasync", "the records are on the disk before they are acknowledged"),
    ("flock", "the session's lock is taken and given back"),
    ("fstat", "what a file looks like"),
    ("fsync", "a name is on the disk: of a snapshot, or of a session that was made"),
    ("ftruncate", "the length of a file that is written anew"),
    ("futex", "the caller and the thread that does the blocking work wait for each other"),
    ("getpid", "who makes the change"),
    ("getrandom", "the random part of a record's key; seeds of hash tables"),
    ("gettid", START),
    ("getuid", "who makes the change"),
    ("ioctl", "whether the output is a terminal"),
    ("link", "a snapshot takes its place"),
    ("madvise", "the stack of a thread that ended"),
    ("mmap", MEMORY),
    ("mprotect", MEMORY),
    ("munmap", MEMORY),
    ("newfstatat", "a library, or a file of the system, is looked at"),
    ("open", "a file of the session or of the catalog"),
    ("openat", "a library, or a file of the system"),
    ("poll", "whether the standard streams are open"),
    ("prctl", "the name of a thread"),
    ("pread64", "what others have appended; the holder of the lock; the catalog"),
    ("prlimit64", START),
    ("pwrite64", "the records, over the padding; the holder of the lock, on and off"),
    ("read", "a file of the system; the commands of a batch"),
    ("readlink", "which program makes the change"),
    ("rename", "a snapshot takes its place"),
    ("renameat2", "a snapshot takes its place"),
    ("rseq", START),
    ("rt_sigaction", START),
    ("rt_sigprocmask", START),
    ("sched_getaffinity", START),
    ("sched_yield", "two threads are at the same queue"),
    ("set_robust_list", START),
    ("set_tid_address", START),
    ("sigaltstack", START),
    ("statx", "whether journal and catalog are still the files that are known, and as long"),
    ("uname", "who makes the change: the host"),
    ("write", "an entry on the catalog's feed, before and after; what the command prints"),
];

/// Counts them, and writes the part of the page.
pub fn run(folder: &Path) -> Result<ExitCode> {
    let store = folder.join("store");
    prepare(&store)?;
    let doing = |durability| Doing {
        repository: "cached",
        durability,
        operation: "append",
        place: store.clone(),
    };
    let annals = peers::named(peers::ANNALS).context("annals is a peer")?;
    let record = Action::Append { session: session_id(0) };
    let columns = [
        ("durable", doing("sync").calls_of_one()?),
        ("buffered", doing("buffered").calls_of_one()?),
        ("in `annals batch`", of_a_batch(folder, &store)?),
        ("`annals record`, the whole process", counts(&mut annals.command(folder, &record)?)?),
        ("`annals --version`", counts(Command::new(peers::annals_binary()?).arg("--version"))?),
    ];
    let text = written(&columns);
    println!("{text}");
    page::put("system calls", &text)?;
    Ok(ExitCode::SUCCESS)
}

/// Of one of many lines that are given at once, so that appends share writes and syncs.
fn of_a_batch(folder: &Path, store: &Path) -> Result<Counts> {
    let [few, many] = BATCHES.map(|records| -> Result<Counts> {
        let session = session_id(1);
        let line = serde_json::json!({
            "op": "record", "session": session, "role": "user", "text": text(&session, 0),
        });
        let commands = folder.join("commands");
        fs::write(&commands, format!("{line}\n").repeat(records))?;
        let mut batch = Command::new(peers::annals_binary()?);
        counts(batch.arg("--store").arg(store).arg("batch").arg(&commands))
    });
    Ok(difference(&many?, &few?, (BATCHES[1] - BATCHES[0]) as f64))
}

fn written(columns: &[(&str, Counts)]) -> String {
    let names: BTreeSet<&String> = columns.iter().flat_map(|(_, counts)| counts.keys()).collect();
    let most = |name: &String| {
        let calls = columns.iter().map(|(_, counts)| counts.get(name).copied().unwrap_or_default());
        calls.fold(0.0, f64::max)
    };
    let total = columns.iter().map(|(_, counts)| counts.values().sum::<f64>());
    let mut rows = vec![vec!["call".to_owned()]];
    for row in &mut rows {
        row.extend(columns.iter().map(|(title, _)| (*title).to_owned()));
        row.push("why".to_owned());
    }
    rows.push(std::iter::once("**all**".to_owned()).chain(total.map(shown)).collect());
    for name in names.into_iter().filter(|name| most(name) >= SHOWN_FROM) {
        let mut row = vec![format!("`{name}`")];
        let of = |counts: &Counts| shown(counts.get(name).copied().unwrap_or_default());
        row.extend(columns.iter().map(|(_, counts)| of(counts)));
        let why = WHY.iter().find(|(call, _)| call == name).map_or("", |(_, why)| why);
        row.push(why.to_owned());
        rows.push(row);
    }
    table(&rows)
}

fn shown(calls: f64) -> String {
    if calls < SHOWN_FROM { String::new() } else { page::number(calls) }
}
