//! Sixteen processes that do whatever comes to their minds with a few sessions, while some of them
//! are killed and some stand still for a while; and then the question whether all that they were
//! told could have happened one after the other.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Condvar, Mutex};
use std::time::Instant;

use annals::repository::{FileSystemRepository, SessionRepository as _};
use annals::vocabulary::{ExpectedSeq, SessionId};
use rustix::process::{Pid, Signal, kill_process};

use crate::dice::Dice;
use crate::figures::figure;
use crate::history::{Answer, Operation, Recorded};
use crate::linearizability::{Objection, Tally, check};
use crate::scene::{Scene, json_lines};
use crate::stopped::stop;
use crate::wishes::{Wish, answer, any_command};

const PROCESSES: usize = 16;
/// Operations that each of them is asked for.
const OPERATIONS: usize = 2_000;
const SESSIONS: [&str; 5] = ["anise", "basil", "cumin", "dill", "fennel"];
/// Operations that are sent at once, at most.
const BURST_MAX: u64 = 8;
/// Of so many bursts, one ends with the death of its process.
const BURSTS_A_KILL: u64 = 40;
/// Of so many bursts, one finds its process stopped, if no other one is.
const BURSTS_A_STOP: u64 = 200;
/// How many answers others are given before one that was stopped goes on.
const ANSWERS_A_STOP: usize = 100;
/// Waiting for the lock of a process that was stopped ends soon.
const LOCK_TIMEOUT: &str = "200ms";

/// A process of `annals batch`.
struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Worker {
    fn start(scene: &Scene, durability: &str) -> Self {
        let arguments = ["--lock-timeout", LOCK_TIMEOUT, "batch", "--durability", durability];
        let mut command = scene.command();
        let mut child = command.args(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }
}

/// What all of them know of each other.
struct Crowd {
    began: Instant,
    progress: Mutex<Progress>,
    moved: Condvar,
    /// Messages that were sent and not answered, for anybody to send again.
    again: Mutex<Vec<Wish>>,
}

#[derive(Default)]
struct Progress {
    answers: usize,
    busy_processes: usize,
    one_is_stopped: bool,
    kills: usize,
    stops: usize,
}

impl Crowd {
    fn nanos(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap()
    }

    fn note(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress.lock().unwrap());
        self.moved.notify_all();
    }
}

/// Who uses one process after the other.
struct Client<'c> {
    number: usize,
    scene: &'c Scene,
    crowd: &'c Crowd,
    dice: Dice,
    worker: Option<Worker>,
    /// The last record of each session that it was told of.
    seen: [u64; SESSIONS.len()],
    asked: usize,
    /// By session.
    operations: [Vec<Operation>; SESSIONS.len()],
}

impl Client<'_> {
    fn work(mut self) -> [Vec<Operation>; SESSIONS.len()] {
        while self.asked < OPERATIONS {
            self.burst();
        }
        if let Some(mut worker) = self.worker.take() {
            drop(worker.input);
            worker.child.wait().unwrap();
        }
        self.crowd.note(|progress| progress.busy_processes -= 1);
        self.operations
    }

    fn burst(&mut self) {
        let count = 1 + self.dice.below(BURST_MAX).min((OPERATIONS - self.asked - 1) as u64);
        let wishes: Vec<Wish> = (0..count).map(|_| self.wish()).collect();
        let durability = if self.dice.below(2) == 0 { "sync" } else { "buffered" };
        let started = || Worker::start(self.scene, durability);
        let mut worker = self.worker.take().unwrap_or_else(started);
        let lines: String = wishes.iter().map(|wish| format!("{}\n", wish.line)).collect();
        let asked = self.crowd.nanos();
        worker.input.write_all(lines.as_bytes()).unwrap();
        if self.dice.below(BURSTS_A_STOP) == 0 {
            self.stand_still(&worker);
        }
        let dies_after = (self.dice.below(BURSTS_A_KILL) == 0).then(|| self.dice.below(count));
        let mut answers = Vec::new();
        for _ in 0..dies_after.unwrap_or(count) {
            let mut answer = String::new();
            worker.output.read_line(&mut answer).unwrap();
            answers.push((self.crowd.nanos(), answer));
            self.crowd.note(|progress| progress.answers += 1);
        }
        let process = worker.child.id();
        if dies_after.is_some() {
            answers.extend(self.kill(worker));
        } else {
            self.worker = Some(worker);
        }
        self.remember(process, asked, wishes, answers);
    }

    /// Kills the process, and hears what it had said before.
    fn kill(&self, mut worker: Worker) -> Vec<(u64, String)> {
        worker.child.kill().unwrap();
        worker.child.wait().unwrap();
        self.crowd.note(|progress| progress.kills += 1);
        let mut rest = String::new();
        worker.output.read_to_string(&mut rest).unwrap();
        let whole = rest.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        whole.map(|line| (self.crowd.nanos(), line.to_owned())).collect()
    }

    /// Stops the process until others have been given some answers.
    fn stand_still(&self, worker: &Worker) {
        let mut progress = self.crowd.progress.lock().unwrap();
        if std::mem::replace(&mut progress.one_is_stopped, true) {
            return;
        }
        progress.stops += 1;
        stop(&worker.child);
        let enough = progress.answers + ANSWERS_A_STOP;
        let mut progress = self
            .crowd
            .moved
            .wait_while(progress, |now| now.answers < enough && now.busy_processes > 1)
            .unwrap();
        progress.one_is_stopped = false;
        kill_process(Pid::from_child(&worker.child), Signal::CONT).unwrap();
    }

    fn remember(
        &mut self,
        process: u32,
        asked: u64,
        wishes: Vec<Wish>,
        answers: Vec<(u64, String)>,
    ) {
        let mut answers = answers.into_iter();
        for wish in wishes {
            let answered = answers.next().map(|(time, line)| (time, answer(&line)));
            if let Some((_, Answer::Done(told))) = &answered {
                self.seen[wish.session] = told.seq;
            }
            self.operations[wish.session].push(Operation {
                process,
                command: wish.command.clone(),
                expected: wish.expected,
                key: wish.key.as_ref().map(|key| key.parse().unwrap()),
                asked,
                answered: answered.clone(),
            });
            if answered.is_none() && wish.key.is_some() {
                self.crowd.again.lock().unwrap().push(wish);
            }
        }
    }

    /// What is asked next: mostly something new.
    fn wish(&mut self) -> Wish {
        self.asked += 1;
        if self.dice.below(8) == 0
            && let Some(again) = self.crowd.again.lock().unwrap().pop()
        {
            return again;
        }
        let session = self.dice.below(SESSIONS.len() as u64) as usize;
        let unique = format!("{}-of-{}", self.asked, self.number);
        let (command, mut line) = any_command(&mut self.dice, unique);
        line["session"] = SESSIONS[session].into();
        let key = line["key"].as_str().filter(|_| line["op"] == "record").map(str::to_owned);
        let mut expected = ExpectedSeq::Any;
        if command.is_some() && self.dice.below(4) == 0 {
            // Others have moved on, as often as not.
            let seq = self.seen[session];
            expected = ExpectedSeq::Exactly(seq);
            line["expect"] = seq.into();
        }
        Wish { session, command, expected, key, line }
    }
}

fn journal(scene: &Scene, session: &SessionId) -> Vec<Recorded> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let records = runtime.block_on(async {
        let repository = FileSystemRepository::open(scene.store()).unwrap();
        let records = repository.records(session, 1).await.unwrap();
        let (records, findings) = records.collect().await.unwrap();
        assert_eq!(findings, []);
        records
    });
    let recorded = records.into_iter().map(|record| {
        let event = record.event().unwrap().unwrap();
        let (seq, process, at) = (record.seq, record.by.pid, record.at);
        Recorded { seq, process, key: record.key, at, event }
    });
    recorded.collect()
}

#[test]
fn what_sixteen_processes_are_told_could_have_happened_one_after_the_other() {
    let scene = Scene::new();
    for session in SESSIONS {
        scene.does(["create", "--id", session]);
    }
    let progress = Mutex::new(Progress { busy_processes: PROCESSES, ..Progress::default() });
    let (moved, again) = (Condvar::new(), Mutex::default());
    let crowd = Crowd { began: Instant::now(), progress, moved, again };
    let client = |number| Client {
        number,
        scene: &scene,
        crowd: &crowd,
        dice: Dice::new(),
        worker: None,
        seen: [1; SESSIONS.len()],
        asked: 0,
        operations: Default::default(),
    };

    let mut operations: [Vec<Operation>; SESSIONS.len()] = Default::default();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..PROCESSES).map(client).collect();
        let clients = clients.into_iter().map(|client| scope.spawn(|| client.work()));
        for client in clients.collect::<Vec<_>>() {
            for (all, own) in operations.iter_mut().zip(client.join().unwrap()) {
                all.extend(own);
            }
        }
    });

    let mut tallies = Vec::new();
    for (session, operations) in SESSIONS.iter().zip(&operations) {
        let id: SessionId = session.parse().unwrap();
        let journal = journal(&scene, &id);
        let tally = check(&id, &journal, operations).unwrap_or_else(|objection| {
            panic!("{session}: {}", told(objection, &journal, operations))
        });
        tallies.push(tally);
    }
    assert!(json_lines(&scene.does(["locks"])).is_empty(), "a lock is held by nobody");
    for session in SESSIONS {
        scene.run(["--lock-timeout", "0s", "tag", session, "last"]);
        scene.does(["--lock-timeout", "0s", "show", session]);
    }
    scene.assert_clean();
    report(&crowd, &tallies);
}

/// An objection with what it is about: the operation, and the records that it could have seen.
fn told(objection: Objection, journal: &[Recorded], operations: &[Operation]) -> String {
    let operation = objection.operation().map(|operation| &operations[operation]);
    let seq = match (operation.and_then(|it| it.answered.as_ref()), objection) {
        (Some((_, Answer::Done(told))), _) => told.seq,
        (_, Objection::NobodyAsked { seq } | Objection::NotDense { seq }) => seq,
        _ => 0,
    };
    let near = journal.iter().filter(|record| record.seq.abs_diff(seq) < 4);
    format!("{objection:?}: {operation:#?}\n{:#?}", near.collect::<Vec<_>>())
}

fn report(crowd: &Crowd, tallies: &[Tally]) {
    let sum = |count: fn(&Tally) -> usize| tallies.iter().map(count).sum::<usize>();
    let progress = crowd.progress.lock().unwrap();
    figure("processes at a time", PROCESSES);
    figure("operations of many processes", PROCESSES * OPERATIONS);
    figure("processes killed among them", progress.kills);
    figure("processes stopped among them for a while", progress.stops);
    figure("operations acknowledged and recorded", sum(|tally| tally.recorded));
    figure("operations acknowledged without a change", sum(|tally| tally.observed));
    figure("operations refused", sum(|tally| tally.refused));
    figure("operations that found the session busy", sum(|tally| tally.busy));
    figure("operations never answered, and recorded", sum(|tally| tally.recorded_unanswered));
    figure("operations never answered, and not recorded", sum(|tally| tally.vanished));
}
