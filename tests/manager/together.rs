//! Figures of all processes that use a store.

use std::sync::Arc;

use annals::disk::{Disk, MemoryDisk};
use annals::manager::{MetricsSnapshot, SessionManager};
use annals::repository::{FileSystemOptions, FileSystemRepository};
use annals::vocabulary::SessionStatus;

use super::support::{TestClock, author, id};
use super::{create, hello, manager};

/// A store that several processes use.
struct Store {
    disk: Arc<dyn Disk>,
    clock: Arc<TestClock>,
}

type Manager = SessionManager<FileSystemRepository>;

impl Store {
    fn new() -> Self {
        Self { disk: Arc::new(MemoryDisk::new()), clock: TestClock::new() }
    }

    fn process(&self) -> Manager {
        let clock = Arc::clone(&self.clock) as _;
        let options = FileSystemOptions { clock, ..FileSystemOptions::new(author()) };
        let repository = FileSystemRepository::open_with(self.disk.clone(), "/store", options);
        SessionManager::new(repository.unwrap()).with_clock(Arc::clone(&self.clock) as _)
    }
}

async fn together(process: &Manager) -> MetricsSnapshot {
    process.store_metrics().await.unwrap()
}

fn calls(figures: &MetricsSnapshot) -> Vec<(&str, u64)> {
    figures.operations.iter().map(|(name, operation)| (&**name, operation.calls)).collect()
}

#[tokio::test]
async fn what_processes_did_that_have_ended_is_known_to_the_next() {
    let store = Store::new();
    let first = store.process();
    let session = create(&first, "orchard").await;
    first.record_message(&session, hello()).await.unwrap();
    drop(first);
    let second = store.process();
    second.get_session(&session).await.unwrap();
    assert!(second.archive_session(&id("ghost")).await.is_err());
    drop(second);

    let figures = together(&store.process()).await;
    assert_eq!(
        calls(&figures),
        [("archive_session", 1), ("create_session", 1), ("get_session", 1), ("record_message", 1)]
    );
    assert_eq!((figures.calls, figures.errors, figures.faults), (4, 1, 0));
    assert_eq!(figures.operations["archive_session"].errors["not-found"], 1);
    assert_eq!(figures.operations["get_session"].latency.unwrap().samples, 1);
    // The creation has no lock to wait for; both were synced, one of them in a journal.
    let writes = &figures.writes;
    assert_eq!((writes.changes, writes.took.count()), (2, 2));
    assert_eq!((writes.waited.count(), writes.synced.count()), (1, 1));
}

#[tokio::test]
async fn what_a_process_has_told_of_itself_is_not_counted_twice() {
    let store = Store::new();
    let process = store.process();
    let session = create(&process, "orchard").await;
    for round in 1..=5 {
        process.record_message(&session, hello()).await.unwrap();
        let figures = together(&process).await;
        assert_eq!(calls(&figures), [("create_session", 1), ("record_message", round)]);
        assert_eq!(figures.writes.changes, round + 1);
        // Long enough for the next operation to tell.
        store.clock.advance_ms(5_000);
    }
    assert_eq!(process.metrics().calls, 6);
    drop(process);
    assert_eq!(together(&store.process()).await.calls, 6);
}

#[tokio::test]
async fn a_process_that_lives_on_tells_now_and_then() {
    let store = Store::new();
    let (long_lived, watcher) = (store.process(), store.process());
    let session = create(&long_lived, "orchard").await;
    long_lived.get_session(&session).await.unwrap();
    assert_eq!(together(&watcher).await.calls, 0, "it has told nothing yet");
    store.clock.advance_ms(1_999);
    long_lived.get_session(&session).await.unwrap();
    assert_eq!(together(&watcher).await.calls, 0);
    store.clock.advance_ms(1);
    long_lived.get_session(&session).await.unwrap();
    assert_eq!(together(&watcher).await.calls, 4);
    long_lived.get_session(&session).await.unwrap();
    assert_eq!(together(&watcher).await.calls, 4);
    assert_eq!(together(&long_lived).await.calls, 5);
}

#[tokio::test]
async fn figures_only_grow_while_several_processes_tell_and_fold() {
    let store = Store::new();
    let session = create(&store.process(), "orchard").await;
    let watcher = store.process();
    let (mut before, mut appends) = (0, 0);
    for round in 0..300 {
        let process = store.process();
        process.record_message(&session, hello()).await.unwrap();
        store.clock.advance_ms(3_000);
        process.list_sessions().await.unwrap();
        drop(process);
        let figures = together(&watcher).await;
        assert!(figures.calls >= before && figures.writes.changes >= appends, "round {round}");
        (before, appends) = (figures.calls, figures.writes.changes);
    }
    assert_eq!((before, appends), (601, 301));
}

#[tokio::test]
async fn sessions_are_counted_as_they_are() {
    let store = Store::new();
    let process = store.process();
    for name in ["pear", "plum", "quince"] {
        create(&process, name).await;
    }
    let count = |figures: &MetricsSnapshot, status| figures.sessions.of(status);
    for _ in 0..2 {
        let figures = together(&process).await;
        assert_eq!(count(&figures, SessionStatus::Active), Some(3));
        assert_eq!(count(&figures, SessionStatus::Deleted), Some(0));
    }
    store.process().archive_session(&id("plum")).await.unwrap();
    for _ in 0..2 {
        let figures = together(&process).await;
        assert_eq!(count(&figures, SessionStatus::Active), Some(2));
        assert_eq!(count(&figures, SessionStatus::Archived), Some(1));
        assert_eq!(figures.active_sessions, 2);
    }
}

#[tokio::test]
async fn in_memory_there_is_one_process_and_its_figures_are_all() {
    let (manager, _) = manager();
    create(&manager, "orchard").await;
    let (own, all) = (manager.metrics(), manager.store_metrics().await.unwrap());
    assert_eq!(calls(&all), calls(&own));
    assert_eq!(all.sessions.active, Some(1));
}
