//! The operations of the manager on stores of 10 to 100,000 sessions, with and without a cache.
//!
//! `cargo bench --bench manager` compares with the run before it; with `-- --test` each is tried
//! once on the smaller stores. `ANNALS_LONG` has the larger ones too then.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark")]

use std::hint::black_box;
use std::sync::Arc;

use annals::disk::RealDisk;
use annals::manager::SessionManager;
use annals::repository::{
    CacheOptions, CachedRepository, Depth, Durability, FileSystemOptions, FileSystemRepository,
    SessionRepository, author_from_environment,
};
use annals::vocabulary::{
    Command, Entry, ExpectedSeq, NewMessage, NewSession, Role, SessionFilter, SessionId,
    SessionStatus,
};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const SIZES: [usize; 3] = [10, 100, 1_000];
/// Made only where somebody waits for figures: it takes minutes.
const LARGE_SIZES: [usize; 2] = [10_000, 100_000];
const MESSAGES: usize = 4;

/// A store of sessions with some messages each. Appends are not synced: it is the manager's own
/// work that is measured, and `tools/measure` that measures the disk's.
struct Store {
    folder: TempDir,
}

impl Store {
    async fn of(sessions: usize) -> Self {
        let store = Self { folder: tempfile::tempdir().unwrap() };
        let manager = SessionManager::new(store.repository());
        for number in 0..sessions {
            let id = session(number);
            let new = NewSession { message: Some("hello".to_owned()), ..NewSession::default() };
            let messages = std::iter::repeat_with(|| Command::RecordMessage(message()));
            let commands = std::iter::once(Command::Create(new)).chain(messages.take(MESSAGES));
            let entries = commands.map(|command| Entry { command, key: None }).collect();
            manager.append(&id, ExpectedSeq::NoSession, entries).await.unwrap();
        }
        store
    }

    fn repository(&self) -> FileSystemRepository {
        let defaults = FileSystemOptions::new(author_from_environment());
        let options = FileSystemOptions { durability: Durability::Buffered, ..defaults };
        let path = self.folder.path().join("store");
        FileSystemRepository::open_with(Arc::new(RealDisk), path, options).unwrap()
    }
}

fn session(number: usize) -> SessionId {
    format!("session-{number:06}").parse().unwrap()
}

fn message() -> NewMessage {
    NewMessage {
        role: Role::user(),
        text: Some("what is the weather like?".to_owned()),
        model: None,
        tokens: None,
        meta: false,
        occurred: None,
    }
}

fn sizes() -> Vec<usize> {
    let is_trial = std::env::args().any(|argument| argument == "--test");
    let with_large = !is_trial || std::env::var_os("ANNALS_LONG").is_some();
    SIZES.into_iter().chain(LARGE_SIZES.into_iter().filter(|_| with_large)).collect()
}

fn with_and_without_cache(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    for size in sizes() {
        let store = runtime.block_on(Store::of(size));
        let plain = SessionManager::new(store.repository());
        operations(criterion, &runtime, "plain", size, &plain);
        let cached = CachedRepository::new(store.repository(), CacheOptions::default());
        operations(criterion, &runtime, "cached", size, &SessionManager::new(cached));
    }
}

fn operations<R: SessionRepository>(
    criterion: &mut Criterion,
    runtime: &Runtime,
    kind: &str,
    size: usize,
    manager: &SessionManager<R>,
) {
    let one = session(size / 2);
    let mut group = criterion.benchmark_group(kind);
    group.sample_size(10);
    let mut measure = |name: &str, operation: &dyn Fn()| {
        group.bench_function(BenchmarkId::new(name, size), |bencher| bencher.iter(operation));
    };
    measure("list_sessions", &|| {
        black_box(runtime.block_on(manager.list_sessions()).unwrap());
    });
    measure("list_by_status", &|| {
        black_box(runtime.block_on(manager.list_by_status(SessionStatus::Archived)).unwrap());
    });
    measure("newest_ten", &|| {
        let filter = SessionFilter { limit: Some(10), ..SessionFilter::default() };
        black_box(runtime.block_on(manager.list(&filter)).unwrap());
    });
    measure("get_session", &|| {
        black_box(runtime.block_on(manager.get_session(&one)).unwrap());
    });
    measure("resolve", &|| {
        black_box(runtime.block_on(manager.resolve(one.as_str())).unwrap());
    });
    measure("history", &|| {
        let read = async {
            let mut records = manager.history(&one, 1).await.unwrap();
            while let Some(record) = records.next().await {
                black_box(record.unwrap());
            }
        };
        runtime.block_on(read);
    });
    measure("verify_session", &|| {
        black_box(runtime.block_on(manager.verify_session(&one, &Depth::default())).unwrap());
    });
    measure("health_check", &|| {
        black_box(runtime.block_on(manager.health_check()).unwrap());
    });
    measure("archive_and_restore", &|| {
        runtime.block_on(manager.archive_session(&one)).unwrap();
        black_box(runtime.block_on(manager.restore_session(&one)).unwrap());
    });
    measure("record_message", &|| {
        black_box(runtime.block_on(manager.record_message(&one, message())).unwrap());
    });
    measure("create_and_purge", &|| {
        let made = runtime.block_on(manager.create_session(None, NewSession::default())).unwrap();
        runtime.block_on(manager.purge_session(&made.id)).unwrap();
    });
    group.finish();
}

criterion_group!(benches, with_and_without_cache);
criterion_main!(benches);
