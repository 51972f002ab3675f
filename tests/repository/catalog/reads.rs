//! How much is read for a listing: calls are counted, and nothing is timed.

use std::sync::Arc;
use std::time::Duration;

use annals::disk::{DiskOperation, FaultyDisk};
use annals::repository::{Depth, FileSystemRepository, SessionRepository as _};
use annals::vocabulary::{ExpectedSeq, Redacted, SessionFilter};

use super::scene::{Scene, listed, say, streamed, wait};
use crate::figures;
use crate::support::{author, id};

const SESSIONS: usize = 2_000;

fn many() -> Scene {
    let scene = Scene::with(&[]);
    let process = scene.process();
    for number in 0..SESSIONS {
        let new = annals::vocabulary::Append::one(
            annals::vocabulary::Command::Create(annals::vocabulary::NewSession::default()),
            crate::support::author(),
        );
        wait(process.append(&crate::support::id(&format!("session-{number:05}")), new)).unwrap();
        scene.clock.advance_ms(1000);
    }
    scene.memory.pass_time(Duration::from_secs(1));
    scene.assert_true("at first");
    scene.fold();
    scene
}

/// What a call costs: files opened, and pieces read.
fn cost(disk: &FaultyDisk, call: impl FnOnce()) -> (u64, u64) {
    let count = || (disk.calls(DiskOperation::Open), disk.calls(DiskOperation::Read));
    let before = count();
    call();
    let after = count();
    (after.0 - before.0, after.1 - before.1)
}

fn newest(process: &FileSystemRepository) {
    let filter = SessionFilter { limit: Some(20), ..SessionFilter::default() };
    assert_eq!(wait(process.list(&filter)).unwrap().sessions.len(), 20);
}

#[test]
fn a_listing_opens_no_sessions_and_reads_what_it_shows() {
    let scene = many();
    let counting = FaultyDisk::new(Arc::new(scene.memory.clone()));
    let process = scene.process_on(Arc::new(counting.clone()));

    let cold = cost(&counting, || newest(&process));
    let warm = cost(&counting, || newest(&process));
    let all = cost(&counting, || assert_eq!(listed(&process).sessions.len(), SESSIONS));
    let all_again = cost(&counting, || assert_eq!(listed(&process).sessions.len(), SESSIONS));
    say(&scene.process(), "session-00007", "by another process").unwrap();
    let changed = cost(&counting, || newest(&process));

    figures::figure("reads of a cold listing of 20", cold.1);
    // What names the files, the feed, the base and the run on top of it; of these two the indexes,
    // and a block of the one that has the newest.
    assert_eq!(cold, (4, 4));
    assert_eq!(warm, (0, 0));
    assert!(all.0 == 0 && all.1 < 100, "{all:?}");
    assert_eq!(all_again, (0, 0));
    // What the other one has told, and that this is all.
    assert_eq!(changed, (0, 2));
}

#[test]
fn a_verification_opens_the_journal_alone_and_hears_what_it_knows_of_the_catalog() {
    let scene = many();
    let counting = FaultyDisk::new(Arc::new(scene.memory.clone()));
    let process = scene.process_on(Arc::new(counting.clone()));
    let verify = |number: usize| {
        let session = id(&format!("session-{number:05}"));
        let verification = wait(process.verify(&session, &Depth::default())).unwrap();
        assert_eq!(verification.findings, []);
    };
    let first = cost(&counting, || verify(0));
    let others = cost(&counting, || (1..101).for_each(verify));

    figures::figure("files opened by a first verification", first.0);
    // The header, and the lines.
    assert_eq!(others, (100, 200));
}

#[test]
fn a_long_list_is_a_stream_and_leaves_nothing_in_memory_even_where_it_has_a_limit() {
    let scene = many();
    for limit in [None, Some(SESSIONS), Some(SESSIONS - 1)] {
        let process = scene.process().without_hops();
        let filter = SessionFilter { limit, ..SessionFilter::everything() };
        assert_eq!(streamed(&process, &filter).len(), limit.unwrap_or(SESSIONS));
        assert_eq!(process.watermark(), None, "{limit:?}: the catalog was not kept");
    }
}

#[test]
fn what_is_gone_for_good_costs_the_other_sessions_no_look_into_their_journals() {
    let scene = many();
    let redacted = Redacted { seq: 2, reason: "a secret".to_owned() };
    say(&scene.process(), "session-00007", "the secret").unwrap();
    for what in ["redact", "purge"] {
        scene.assert_true("before");
        let counting = FaultyDisk::new(Arc::new(scene.memory.clone()));
        let process = scene.process_on(Arc::new(counting.clone()));
        let session = id("session-00007");
        let (opened, _) = cost(&counting, || match what {
            "redact" => {
                let (redacted, by) = (redacted.clone(), author());
                wait(process.redact(&session, redacted, ExpectedSeq::Any, &by)).map(drop).unwrap();
            }
            _ => wait(process.delete(&session)).unwrap(),
        });
        let (listing, _) = cost(&counting, || newest(&process));
        assert!(opened + listing < 100, "{what}: {opened} files, and then {listing}");
        let left = scene.memory.image().into_iter().filter(|(path, bytes)| {
            path.starts_with(scene.paths().root())
                && memchr::memmem::find(bytes, b"the secret").is_some()
        });
        assert_eq!(left.count(), 0, "{what}");
        scene.assert_true(what);
    }
}

const MESSAGES: u64 = 200;

/// A session of some hundreds of kilobytes, none of which is in a snapshot; with it, who wrote it.
fn a_long_session(scene: &Scene) -> FileSystemRepository {
    let writer = scene.process();
    for _ in 1..MESSAGES {
        say(&writer, "pear", &"long ".repeat(600)).unwrap();
    }
    writer
}

fn records(process: &FileSystemRepository, from_seq: u64) -> Vec<u64> {
    let read = async { process.records(&id("pear"), from_seq).await.unwrap().collect().await };
    wait(read).unwrap().0.iter().map(|record| record.seq).collect()
}

#[test]
fn what_came_last_is_read_without_all_that_came_before() {
    let scene = Scene::with(&["pear"]);
    let writer = a_long_session(&scene);
    let counting = FaultyDisk::new(Arc::new(scene.memory.clone()));
    let follower = scene.process_on(Arc::new(counting.clone()));

    let all = cost(&counting, || assert_eq!(records(&follower, 1).len() as u64, MESSAGES));
    assert!(all.1 > 10, "the session is too short to tell: {all:?}");
    for seq in MESSAGES + 1..=MESSAGES + 40 {
        say(&writer, "pear", "and on").unwrap();
        let last = cost(&counting, || assert_eq!(records(&follower, seq), [seq]));
        assert!(last.1 <= 8, "{last:?} for the last record, {all:?} for all");
    }
    // What came since one of the last few looks, too.
    let last = cost(&counting, || assert_eq!(records(&follower, MESSAGES + 20).len(), 21));
    assert!(last.1 <= 8, "{last:?} for the last records, {all:?} for all");
}

#[test]
fn a_listing_reads_of_a_session_at_work_only_what_is_new_where_it_is_open_anyway() {
    let scene = Scene::with(&["pear"]);
    let writer = a_long_session(&scene);
    let counting = FaultyDisk::new(Arc::new(scene.memory.clone()));
    let reader = scene.process_on(Arc::new(counting.clone()));
    let list_after_a_change = || {
        say(&writer, "pear", "on").unwrap();
        cost(&counting, || assert_eq!(listed(&reader).sessions.len(), 1))
    };
    list_after_a_change();
    let unknown = list_after_a_change();
    wait(reader.load(&id("pear"))).unwrap();
    let open = list_after_a_change();

    assert!(unknown.1 > 10, "the session is too short to tell: {unknown:?}");
    assert!(open.1 <= 8, "{open:?} where it is open, {unknown:?} where it is not");
    assert_eq!(listed(&reader).sessions[0].seq, MESSAGES + 3);
}
