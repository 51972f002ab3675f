//! The file system's repository against the one in memory: the same operations, the same answers.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use annals::disk::{Disk, MemoryDisk, RealDisk};
use annals::repository::{FileSystemOptions, FileSystemRepository, InMemoryRepository};
use proptest::collection::vec;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use tokio::runtime::{Builder, Runtime};

use crate::figures::{figure, long_form};
use crate::operations::{Operation, REFUSED, answer, beginnings, operation};
use crate::support::{TestClock, author};

/// Operations of one sequence at most.
const LENGTH: usize = 120;

/// Both repositories, side by side.
struct Pair {
    disk: Arc<dyn Disk>,
    folder: Box<Path>,
    clock: Arc<TestClock>,
    files: FileSystemRepository,
    memory: InMemoryRepository,
}

impl Pair {
    fn on(disk: Arc<dyn Disk>, folder: &Path) -> Self {
        let clock = TestClock::new();
        let files = open(&disk, folder, &clock);
        let memory = InMemoryRepository::with_clock(Arc::clone(&clock) as _);
        Self { disk, folder: folder.into(), clock, files, memory }
    }

    /// Carries an operation out on both, and says whether it was refused; an answer that differs is
    /// the error.
    async fn compare(&mut self, operation: &Operation) -> Result<bool, TestCaseError> {
        self.clock.advance_ms(7);
        if matches!(operation, Operation::Reopen) {
            self.files = open(&self.disk, &self.folder, &self.clock);
        }
        let files = answer(&self.files, operation).await;
        let memory = answer(&self.memory, operation).await;
        if files == memory {
            return Ok(files.starts_with(REFUSED));
        }
        let why = format!("{operation:?}\nthe files say  {files}\nthe memory says {memory}");
        Err(TestCaseError::fail(why))
    }
}

fn open(disk: &Arc<dyn Disk>, folder: &Path, clock: &Arc<TestClock>) -> FileSystemRepository {
    // Snapshots are frequent, so that most states are folded on from one.
    let options = FileSystemOptions {
        clock: Arc::clone(clock) as _,
        snapshot_every: 5,
        ..FileSystemOptions::new(author())
    };
    FileSystemRepository::open_with(Arc::clone(disk), folder, options).unwrap()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Compares so many sequences of operations; returns how many operations that were.
fn compare(sequences: u32, place: impl Fn() -> (Pair, Option<tempfile::TempDir>)) -> u64 {
    let config = Config {
        cases: sequences,
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..Config::default()
    };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, random);
    let (count, refused, runtime) = (AtomicU64::new(0), AtomicU64::new(0), runtime());
    runner
        .run(&vec(operation(), 1..LENGTH), |operations| {
            let (mut pair, _alive) = place();
            runtime.block_on(async {
                for operation in beginnings().iter().chain(&operations) {
                    let is_refused = pair.compare(operation).await?;
                    count.fetch_add(1, Ordering::Relaxed);
                    refused.fetch_add(is_refused.into(), Ordering::Relaxed);
                }
                Ok(())
            })
        })
        .unwrap();
    let (count, refused) = (count.into_inner(), refused.into_inner());
    assert!(refused > 0 && refused < count / 2, "{refused} of {count} operations were refused");
    count
}

#[test]
fn files_on_a_memory_disk_answer_as_the_model_does() {
    let sequences = if long_form() { 17_000 } else { 250 };
    let compared =
        compare(sequences, || (Pair::on(Arc::new(MemoryDisk::new()), Path::new("/store")), None));
    figure("operations compared with the model", compared);
}

#[test]
fn files_in_a_directory_answer_as_the_model_does() {
    let sequences = if long_form() { 200 } else { 8 };
    let compared = compare(sequences, || {
        let folder = tempfile::tempdir().unwrap();
        (Pair::on(Arc::new(RealDisk), folder.path()), Some(folder))
    });
    figure("operations on real files compared with the model", compared);
}
