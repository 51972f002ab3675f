//! A machine comes up again: what is read of its medium, and whether work goes on.

use std::collections::BTreeMap;
use std::sync::Arc;

use annals::disk::{Disk, MemoryDisk};
use annals::journal::{JournalWriter, recover};
use annals::repository::FileSystemRepository;
use annals::vocabulary::{FindingClass, SessionId};

use crate::image::Image;
use crate::oracle::Standing;
use crate::session::{STORE, Session, paths, seq, serious, sessions_on};
use crate::world::{World, author, created, pear, plum, said, settings};

/// What was found on a medium after a crash.
pub struct Opened {
    pub sessions: BTreeMap<SessionId, Result<Standing, String>>,
    /// What came of the next command for each session.
    pub next: Result<(), String>,
}

impl Opened {
    /// Opens a state as the product does: first everything is read, then (if asked for) each session
    /// gets its next command, which has to succeed and to leave a sound, durable session.
    pub fn of(image: &Image, goes_on: bool) -> Self {
        let memory = image.disk();
        let disk: Arc<dyn Disk> = Arc::new(memory.clone());
        let store = FileSystemRepository::open_with(Arc::clone(&disk), STORE, settings());
        let refusal = store.err().map(|error| error.to_string());
        let read = |session: SessionId| match &refusal {
            Some(refusal) => (session, Err(refusal.clone())),
            None => (session.clone(), Session::read(&memory, &session)),
        };
        let sessions: BTreeMap<_, _> = [pear(), plum()].map(read).into_iter().collect();
        let next = if goes_on { next_commands(&memory, &sessions) } else { Ok(()) };
        Self { sessions, next }
    }
}

fn next_commands(
    memory: &MemoryDisk,
    sessions: &BTreeMap<SessionId, Result<Standing, String>>,
) -> Result<(), String> {
    let known: Vec<&SessionId> = sessions.keys().collect();
    if let Some(stranger) = sessions_on(memory).iter().find(|id| !known.contains(id)) {
        return Err(format!("nobody has made the session {stranger}"));
    }
    for (session, found) in sessions {
        match found {
            Ok(Some(found)) => go_on(memory, session, found)?,
            Ok(None) if *session == pear() => begin(memory)?,
            // What cannot be read is objected to elsewhere.
            Ok(None) | Err(_) => {}
        }
    }
    let survivor = Image::of(&memory.crash()).without_locks();
    let durable = Image::of(memory).without_locks() == survivor;
    if durable { Ok(()) } else { Err("the next command is not durable".to_owned()) }
}

/// Appends to a session, after a recovery if it needs one.
fn go_on(memory: &MemoryDisk, session: &SessionId, found: &Session) -> Result<(), String> {
    let disk: Arc<dyn Disk> = Arc::new(memory.clone());
    let wrong = serious(&found.findings);
    if wrong.iter().any(|class| *class != FindingClass::TornTail) {
        recover(&disk, &paths(session), session, &author(), &settings())
            .map_err(|error| format!("{session} cannot be recovered: {error}"))?;
    }
    let mut answers = Vec::new();
    JournalWriter::open(&disk, paths(session), session.clone(), settings())
        .map_err(|error| format!("{session} cannot be opened for writing: {error}"))?
        .append_all(vec![said("the next command")], |results| answers = results);
    if let Some(Err(error)) = answers.pop() {
        return Err(format!("{session} refuses the next command: {error}"));
    }
    let after = sound(memory, session, found.findings.len() > wrong.len())?;
    let mut rest = after.lines.iter();
    if !found.lines.iter().all(|line| rest.any(|next| next == line)) {
        return Err(format!("{session} has lost records with the next command"));
    }
    // A recovery may have found a copy of a record that the journal lacked.
    let end = found.lines.last().map_or(0, |line| seq(line));
    let added = after.lines.iter().filter(|line| seq(line) > end).count();
    // A repair leaves a record of its own.
    let expected = 1 + usize::from(!wrong.is_empty());
    if added != expected {
        return Err(format!("{session} has {added} records more, not {expected}"));
    }
    Ok(())
}

/// Begins the session that is not there.
fn begin(memory: &MemoryDisk) -> Result<(), String> {
    let world = World::on(memory.clone(), Arc::new(memory.clone()), settings());
    let answer = world.append(&pear(), created(Some("the next command".to_owned())));
    answer.map_err(|error| format!("pear cannot be begun: {error}"))?;
    sound(memory, &pear(), false).map(drop)
}

/// A session that has to be there, with nothing wrong and the next command at its end. An old
/// snapshot may still stand beside it until the next one is due.
fn sound(
    memory: &MemoryDisk,
    session: &SessionId,
    has_old_snapshot: bool,
) -> Result<Session, String> {
    let after = Session::read(memory, session)?.ok_or_else(|| format!("{session} is gone"))?;
    let wrong = !serious(&after.findings).is_empty();
    if wrong || !has_old_snapshot && !after.findings.is_empty() {
        return Err(format!("{session} after the next command: {:?}", after.findings));
    }
    if let Some(why) = after.dishonest {
        return Err(format!("{session} after the next command: {why}"));
    }
    match after.last_text() {
        Some(text) if text == "the next command" => Ok(after),
        other => Err(format!("{session} ends with {other:?}")),
    }
}
