//! Readers who look at a session while others write to it, and who never get its lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use annals::disk::RealDisk;
use annals::repository::{
    FileSystemOptions, FileSystemRepository, SessionRepository as _, author_from_environment,
};
use annals::vocabulary::{FindingClass, SessionId};

use crate::scene::{Scene, record_line};

const WRITERS: usize = 3;
const MESSAGES: usize = 6_000;
/// Times that the state is looked at for one time that all records are.
const LOADS: usize = 20;

/// What a reader sees who has not read anything before, and does not wait for anybody.
fn open(scene: &Scene) -> FileSystemRepository {
    let defaults = FileSystemOptions::new(author_from_environment());
    let options = FileSystemOptions { lock_timeout: Duration::ZERO, ..defaults };
    FileSystemRepository::open_with(Arc::new(RealDisk), scene.store(), options).unwrap()
}

/// Every record but the first is a message.
async fn assert_state_and_records_agree(scene: &Scene, session: &SessionId) {
    for _ in 0..LOADS {
        let state = open(scene).load(session).await.unwrap().state;
        assert_eq!(state.message_count + 1, state.seq);
    }
    let records = open(scene).records(session, 1).await.unwrap();
    let (records, findings) = records.collect().await.unwrap();
    let seqs: Vec<u64> = records.iter().map(|record| record.seq).collect();
    assert!(seqs.iter().copied().eq(1..=records.len() as u64), "{seqs:?}");
    // A writer may be in the middle of its write; nobody can have damaged anything.
    let damage = findings.iter().find(|finding| finding.class != FindingClass::TornTail);
    assert_eq!(damage, None);
}

#[test]
fn a_reader_who_cannot_wait_for_writers_sees_no_damage_and_skips_nothing() {
    let scene = Scene::with_session("busy");
    let session: SessionId = "busy".parse().unwrap();
    let lines = record_line("busy", "a message among many").repeat(MESSAGES);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::scope(|scope| {
                for _ in 0..WRITERS {
                    scope.spawn(|| scene.batch(&lines).expect(0));
                }
            });
            is_over.store(true, Ordering::Relaxed);
        });
        while !is_over.load(Ordering::Relaxed) {
            runtime.block_on(assert_state_and_records_agree(&scene, &session));
        }
    });
    scene.assert_clean();
}
