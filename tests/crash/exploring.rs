//! One sequence of operations, and every crash while the last of them is under way or just over.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use annals::disk::{Disk, MemoryDisk, Traced};
use annals::vocabulary::SessionId;

use crate::choosing::Bounds;
use crate::image::{Image, each_state};
use crate::interception::Intercepted;
use crate::medium::Medium;
use crate::opening::Opened;
use crate::operation::{Answer, Operation};
use crate::oracle::{Life, Objection, Standing};
use crate::world::{SECRET, World, pear, settings};

/// What stands between the product and the medium.
pub type Between = fn(Arc<dyn Disk>) -> Arc<dyn Disk>;

/// What is to be explored.
#[derive(Clone, Copy)]
pub struct Sequence<'a> {
    pub scene: &'a Image,
    pub operations: &'a [Operation],
    /// The process of the first operation is killed after so many calls; another process goes on.
    pub killed_after: Option<usize>,
    pub bounds: Bounds,
    /// Of so many states opened, one gets a next command.
    pub goes_on_every: usize,
    pub between: Between,
}

/// What came to light.
#[derive(Debug, Default)]
pub struct Explored {
    /// Distinct states opened that the sequence without its last operation has not got.
    pub states: usize,
    pub complaints: Vec<Complaint>,
    /// Whether the operations before the last one have all had an effect.
    pub is_new: bool,
}

/// A state that no crash may leave.
#[derive(Clone)]
pub struct Complaint {
    pub operations: Vec<Operation>,
    pub killed_after: Option<usize>,
    /// The crash was after this call of the last operation.
    pub call: usize,
    pub acknowledged: bool,
    pub session: SessionId,
    pub objection: Objection,
    last_call: String,
    files: Vec<String>,
}

impl fmt::Debug for Complaint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{:?}: {}: {:?}", self.operations, self.session, self.objection)?;
        let killed = self.killed_after.map(|calls| format!(", the first killed after {calls}"));
        let acknowledged = if self.acknowledged { "acknowledged" } else { "under way" };
        let (call, last, killed) = (self.call, &self.last_call, killed.unwrap_or_default());
        writeln!(formatter, "  {acknowledged}, after call {call} {last}{killed}")?;
        writeln!(formatter, "  on the medium: {}", self.files.join(", "))
    }
}

type Standings = BTreeMap<SessionId, Standing>;

impl Sequence<'_> {
    pub fn explore(&self) -> Explored {
        let memory = self.scene.disk();
        let mut medium = Medium::at_rest(&memory);
        memory.start_trace();
        let Some(run) = self.run(&memory) else { return Explored::default() };
        let trace = memory.trace();
        for call in &trace[..run.start] {
            medium.apply(call);
        }
        Crashes { sequence: self, run, medium, known: HashSet::new(), opened: HashMap::new() }
            .explore(&trace)
    }

    /// Carries the operations out; `None` where one before the last has no effect, so that the
    /// sequence is another one's equal.
    fn run(&self, memory: &MemoryDisk) -> Option<Run> {
        let settings = settings();
        let disk = (self.between)(Arc::new(memory.clone()));
        let world = || World::on(memory.clone(), Arc::clone(&disk), settings.clone());
        let (last, earlier) = self.operations.split_last()?;
        let mut present = world();
        let mut past = Vec::new();
        for (number, operation) in earlier.iter().enumerate() {
            operation.prepare(&present);
            match self.killed_after {
                Some(calls) => {
                    past.push(present.sessions());
                    let (mortal, _) = Intercepted::mortal(Arc::clone(&disk), calls);
                    operation.run(&World::on(memory.clone(), mortal, settings.clone()), number);
                    present = world();
                }
                None => {
                    if let Answer::Refused(_) = operation.run(&present, number) {
                        return None;
                    }
                }
            }
        }
        past.push(present.sessions());
        last.prepare(&present);
        let before = present.sessions();
        if self.killed_after.is_none() {
            // What it has to mend is long durable.
            past.clear();
        }
        past.push(before.clone());
        let start = memory.trace().len();
        let answer = last.run(&present, self.operations.len());
        let after = present.sessions();
        if self.killed_after.is_none() {
            check_answer(*last, &answer, &before, &after);
        }
        past.push(after);
        let acknowledged = match answer {
            Answer::Acknowledged { calls, .. } => Some(calls),
            Answer::Refused(_) => None,
        };
        Some(Run { past, start, acknowledged })
    }

    /// How many calls that change something the first operation makes.
    pub fn calls_of_first(&self) -> usize {
        let memory = self.scene.disk();
        let (mortal, calls) = Intercepted::mortal(Arc::new(memory.clone()), usize::MAX);
        let world = World::on(memory, mortal, settings());
        self.operations[0].prepare(&world);
        self.operations[0].run(&world, 0);
        calls.load(std::sync::atomic::Ordering::SeqCst)
    }
}

/// Holds an answer against what can be read once it is given, crash or no crash.
fn check_answer(operation: Operation, answer: &Answer, before: &Standings, after: &Standings) {
    let subject = operation.subject();
    let begins = matches!(operation, Operation::Create | Operation::CreateOther);
    match answer {
        Answer::Refused(why) => {
            // There may be no second record, or one that has to stay.
            let excused = operation == Operation::Redact;
            let expected = before[&subject].is_some() == begins || excused;
            assert!(expected, "{operation:?} failed: {why}");
            assert_eq!(before, after, "{operation:?} was refused and has changed something");
        }
        Answer::Acknowledged { said, .. } => {
            let texts = after[&subject].iter().flat_map(|session| session.texts());
            let texts: Vec<String> = texts.collect();
            let (_, last) = texts.split_at(texts.len().saturating_sub(said.len()));
            let agree = last.iter().zip(said).all(|(text, said)| said.starts_with(text.as_str()));
            assert!(last.len() == said.len() && agree, "{operation:?} was to say {said:?}");
            let clean = after[&subject].iter().all(|session| session.findings.is_empty());
            let findings = after[&subject].iter().flat_map(|session| &session.findings);
            let findings: Vec<_> = findings.collect();
            assert!(clean, "{operation:?} leaves {findings:?}");
        }
    }
}

/// What was done, and what the sessions were before, between and after.
struct Run {
    past: Vec<Standings>,
    /// The length of the trace before the last operation.
    start: usize,
    /// The length of the trace when it was acknowledged.
    acknowledged: Option<usize>,
}

/// The crashes of one sequence.
struct Crashes<'a> {
    sequence: &'a Sequence<'a>,
    run: Run,
    medium: Medium,
    /// States that were there before the last operation.
    known: HashSet<u64>,
    opened: HashMap<u64, Opened>,
}

impl Crashes<'_> {
    fn explore(mut self, trace: &[Traced]) -> Explored {
        let bounds = self.sequence.bounds;
        each_state(&self.medium, bounds, |image| {
            self.known.insert(image.fingerprint());
        });
        let is_redacted = self.sequence.operations.last() == Some(&Operation::Redact);
        let mut explored = Explored { is_new: true, ..Explored::default() };
        for calls in self.run.start + 1..=trace.len() {
            self.medium.apply(&trace[calls - 1]);
            let acknowledged = self.run.acknowledged.is_some_and(|at| at <= calls);
            let lives = self.lives(acknowledged);
            let mut judged = HashSet::new();
            let (opened, complaints) = (&mut self.opened, &mut explored.complaints);
            each_state(&self.medium, bounds, |image| {
                let fingerprint = image.fingerprint();
                if !judged.insert(fingerprint) {
                    return;
                }
                let goes_on = opened.len() % self.sequence.goes_on_every == 0;
                let found =
                    opened.entry(fingerprint).or_insert_with(|| Opened::of(&image, goes_on));
                let mut objections = objections(found, &lives);
                if acknowledged && is_redacted {
                    let left = image.files_with(SECRET.as_bytes());
                    objections
                        .extend(left.into_iter().map(|path| (pear(), Objection::NotRemoved(path))));
                }
                for (session, objection) in objections {
                    complaints.push(Complaint {
                        operations: self.sequence.operations.to_vec(),
                        killed_after: self.sequence.killed_after,
                        call: calls - self.run.start,
                        acknowledged,
                        session,
                        objection,
                        last_call: describe(&trace[calls - 1]),
                        files: image.files.keys().map(|path| path.display().to_string()).collect(),
                    });
                }
            });
        }
        let is_new = |fingerprint: &&u64| !self.known.contains(fingerprint);
        explored.states = self.opened.keys().filter(is_new).count();
        explored
    }

    /// What each session may be now.
    fn lives(&self, acknowledged: bool) -> BTreeMap<SessionId, Life> {
        let subject = self.sequence.operations.last().unwrap().subject();
        let killed = self.sequence.killed_after.is_some();
        let last = self.run.past.last().unwrap();
        let life = |session: &SessionId| {
            let past = self.run.past.iter().map(|standings| standings[session].clone());
            // Whoever asks for one session gets no word about the other, which a killed process may
            // have left half-way.
            match acknowledged && (*session == subject || !killed) {
                true => Life::settled(last[session].clone()),
                false => Life::changing(past.collect()),
            }
        };
        let redacted = self.sequence.operations.contains(&Operation::Redact);
        let lives = last.keys().map(|session| (session, life(session).with_redactions(redacted)));
        lives.map(|(session, life)| (session.clone(), life)).collect()
    }
}

fn objections(found: &Opened, lives: &BTreeMap<SessionId, Life>) -> Vec<(SessionId, Objection)> {
    let mut objections = Vec::new();
    for (session, life) in lives {
        if let Err(objection) = life.judge(&found.sessions[session]) {
            objections.push((session.clone(), objection));
        }
    }
    if let (Err(why), true) = (&found.next, objections.is_empty()) {
        let about = lives.keys().next().unwrap();
        objections.push((about.clone(), Objection::Next(why.clone())));
    }
    objections
}

/// A call without its bytes.
fn describe(call: &Traced) -> String {
    match call {
        Traced::Write { inode, offset, bytes } => {
            format!("write of {} bytes at {offset} to {inode}", bytes.len())
        }
        other => format!("{other:?}"),
    }
}
