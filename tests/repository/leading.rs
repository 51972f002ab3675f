//! Who leads a session's queue where no thread is there for it: one of those who wait.

use std::pin::Pin;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

use annals::disk::{Disk, DiskOperation, MemoryDisk};
use annals::repository::{
    FileSystemOptions, FileSystemRepository, RepositoryError, SessionRepository as _,
};
use annals::vocabulary::{Append, Appended, Command, Event, NewSession, Record};

use super::interception::Intercepted;
use super::message;
use super::support::{author, id};

type Appending = Pin<Box<dyn Future<Output = Result<Appended, RepositoryError>> + Send>>;

/// A session whose syncs wait until they are told to go on.
struct Scene {
    repository: FileSystemRepository,
    standing: Receiver<()>,
    go_on: Sender<()>,
}

impl Scene {
    fn new() -> Self {
        let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new());
        wait(open(Arc::clone(&disk)).append(&id("pear"), create())).unwrap();
        let (stands, standing) = mpsc::channel();
        let (go_on, told) = mpsc::channel();
        let gate = Mutex::new((stands, told));
        let gated = Intercepted::watched(disk, move |operation, path| {
            if operation == DiskOperation::SyncData && path.ends_with("journal.jsonl") {
                let gate = gate.lock().unwrap();
                gate.0.send(()).unwrap();
                gate.1.recv().unwrap();
            }
        });
        Self { repository: open(gated), standing, go_on }
    }

    /// An append that was polled once.
    fn begun(&self, text: &str) -> Appending {
        let (repository, append) = (self.repository.clone(), Append::one(message(text), author()));
        let mut appending: Appending =
            Box::pin(async move { repository.append(&id("pear"), append).await });
        let first = appending.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(first, Poll::Pending), "somebody else leads");
        appending
    }

    /// Lets others come while a first append stands in its sync, and then everything go on.
    fn while_one_leads<T>(&self, others: impl FnOnce() -> T) -> T {
        thread::scope(|scope| {
            let append = Append::one(message("first"), author());
            let repository = &self.repository;
            let leader = scope.spawn(|| wait(repository.append(&id("pear"), append)));
            self.standing.recv().unwrap();
            let left = others();
            for _ in 0..3 {
                self.go_on.send(()).unwrap();
            }
            leader.join().unwrap().unwrap();
            left
        })
    }

    fn texts(&self) -> Vec<String> {
        let records = async { self.repository.records(&id("pear"), 2).await?.collect().await };
        let (records, findings) = wait(records).unwrap();
        assert_eq!(findings, []);
        let text = |record: &Record| match record.event() {
            Ok(Some(Event::MessageRecorded(message))) => message.text.unwrap(),
            other => panic!("only messages were recorded: {other:?}"),
        };
        records.iter().map(text).collect()
    }
}

fn open(disk: Arc<dyn Disk>) -> FileSystemRepository {
    let options = FileSystemOptions::new(author());
    FileSystemRepository::open_with(disk, "/store", options).unwrap().without_hops()
}

fn create() -> Append {
    Append::one(Command::Create(NewSession::default()), author())
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn the_next_who_waits_leads_and_carries_out_what_others_have_left_behind() {
    let scene = Scene::new();

    let last = scene.while_one_leads(|| {
        drop(scene.begun("of one who went away"));
        scene.begun("last")
    });

    assert_eq!(wait(last).unwrap().state.seq, 4);
    assert_eq!(scene.texts(), ["first", "of one who went away", "last"]);
}

#[test]
fn a_lead_given_to_one_who_goes_away_passes_on() {
    let scene = Scene::new();

    let (second, last) = scene.while_one_leads(|| (scene.begun("second"), scene.begun("last")));
    // It has been given the lead by now, and does not know.
    drop(second);

    assert_eq!(wait(last).unwrap().state.seq, 4);
    assert_eq!(scene.texts(), ["first", "second", "last"]);
}

#[test]
fn where_nobody_waits_any_more_the_next_append_begins_afresh() {
    let scene = Scene::new();

    scene.while_one_leads(|| drop(scene.begun("of one who went away")));

    let append = Append::one(message("last"), author());
    assert_eq!(wait(scene.repository.append(&id("pear"), append)).unwrap().state.seq, 3);
    assert_eq!(scene.texts(), ["first", "last"]);
}
