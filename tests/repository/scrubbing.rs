//! Scrubs: what they read, what they find, and what they may forget.

use std::sync::Arc;
use std::time::Duration;

use annals::disk::{DiskOperation, FaultyDisk};
use annals::format::catalog::{Checked, Verified};
use annals::repository::{
    Effort, FINDINGS_MAX, FileSystemRepository, Scrub, SessionRepository as _, VerifiedSessions,
};
use annals::vocabulary::FindingClass;

use crate::catalog::scene::{Scene, listed, say, wait};
use crate::figures;
use crate::support::id;

fn name(number: usize) -> String {
    format!("session-{number:03}")
}

/// A store of so many sessions, made a while ago, with a catalog.
fn store(sessions: usize) -> Scene {
    store_made_after(Duration::ZERO, sessions)
}

fn store_made_after(time: Duration, sessions: usize) -> Scene {
    let scene = Scene::with(&[]);
    scene.memory.pass_time(time);
    for number in 0..sessions {
        scene.create(&name(number));
    }
    scene.memory.pass_time(Duration::from_secs(1));
    assert_eq!(listed(&scene.process()).sessions.len(), sessions);
    scene
}

fn scrub(process: &FileSystemRepository, effort: &Effort) -> Scrub {
    wait(process.scrub(effort)).unwrap()
}

fn counts(scrub: &Scrub) -> (u64, u64, u64) {
    let VerifiedSessions { now, earlier, never } = scrub.verified;
    assert_eq!(scrub.sessions, now + earlier + never);
    (now, earlier, never)
}

fn every(rotation: u64) -> Effort {
    Effort { rotation, ..Effort::default() }
}

/// Flips a bit in the first record of a session, which nothing tells of.
fn rot(scene: &Scene, session: &str) {
    let journal = scene.session(session).join("journal.jsonl");
    let first = scene.bytes(&journal).iter().position(|byte| *byte == b'\n').unwrap();
    scene.memory.flip(&journal, first + 120).unwrap();
}

#[test]
fn an_unchanged_store_is_not_read_again_but_for_its_share_of_the_rotation() {
    let scene = store(200);
    let counting = FaultyDisk::new(Arc::new(scene.memory.clone()));
    let opened = || counting.calls(DiskOperation::Open);
    let process = scene.process_on(Arc::new(counting.clone()));

    let first = scrub(&process, &Effort::default());
    let of_the_first = opened();
    let second = scrub(&process, &Effort::default());
    let of_the_second = opened() - of_the_first;
    // Another process knows it from a file.
    let other = scene.process_on(Arc::new(counting.clone()));
    let before = opened();
    let third = scrub(&other, &Effort::default());
    let of_the_third = opened() - before;

    assert_eq!(counts(&first), (200, 0, 0));
    assert_eq!(counts(&second), (2, 198, 0));
    assert_eq!(counts(&third), (2, 198, 0));
    assert_eq!((second.sessions, second.bytes, second.corrupted), (200, first.bytes, 0));
    figures::figure("files opened by a first scrub of 200 sessions", of_the_first);
    figures::figure("files opened by a second scrub of 200 sessions", of_the_second);
    figures::figure("files opened by a scrub of another process", of_the_third);
    assert!(of_the_first >= 200, "{of_the_first}");
    assert!(of_the_second <= 20 && of_the_third <= 20, "{of_the_second} {of_the_third}");
}

#[test]
fn what_has_changed_is_verified_again() {
    let scene = store(5);
    scrub(&scene.process(), &every(1000));
    say(&scene.process(), &name(3), "more").unwrap();
    scene.memory.pass_time(Duration::from_secs(1));
    // The one that changed, and a share of one of the others.
    assert_eq!(counts(&scrub(&scene.process(), &every(1000))), (2, 3, 0));
    assert_eq!(counts(&scrub(&scene.process(), &every(1000))), (1, 4, 0));
}

#[test]
fn a_session_that_changed_a_moment_ago_is_verified_again_later() {
    let scene = store(3);
    scrub(&scene.process(), &every(1000));
    say(&scene.process(), &name(0), "more").unwrap();
    assert_eq!(counts(&scrub(&scene.process(), &every(1000))), (2, 1, 0));
    // A change in the same tick of the clock would have looked the same.
    scene.memory.pass_time(Duration::from_secs(1));
    assert_eq!(counts(&scrub(&scene.process(), &every(1000))), (2, 1, 0));
    assert_eq!(counts(&scrub(&scene.process(), &every(1000))), (1, 2, 0));
}

#[test]
fn a_bit_that_flips_at_rest_is_found_within_the_rotation() {
    for number in 0..12 {
        let scene = store(12);
        let mut process = scene.process();
        scrub(&process, &every(4));
        rot(&scene, &name(number));
        let found = (1..=4).find(|scrubs| {
            if scrubs % 2 == 0 {
                process = scene.process();
            }
            scrub(&process, &every(4)).corrupted == 1
        });
        assert!(found.is_some(), "{number}");
    }
}

#[test]
fn a_full_scrub_verifies_everything() {
    let scene = store(12);
    scrub(&scene.process(), &Effort::default());
    rot(&scene, &name(11));
    let full = scrub(&scene.process(), &Effort { full: true, ..Effort::default() });
    assert_eq!((counts(&full), full.corrupted), ((12, 0, 0), 1));
}

#[test]
fn what_was_damaged_is_verified_every_time_whatever_the_effort() {
    let scene = store(6);
    rot(&scene, &name(4));
    rot(&scene, &name(5));
    let least = Effort { bytes_max: 1, rotation: 1000, full: false };
    scrub(&scene.process(), &Effort::default());
    for _ in 0..3 {
        let scrub = scrub(&scene.process(), &least);
        assert_eq!((counts(&scrub), scrub.corrupted), ((3, 3, 0), 2));
        assert_eq!(scrub.classes.get(&FindingClass::AmbiguousTail), Some(&2));
        assert_eq!(scrub.findings[0].session, id(&name(4)));
    }
}

#[test]
fn what_does_not_fit_into_one_scrub_is_verified_by_the_next_ones() {
    let scene = store(10);
    let process = scene.process();
    let bytes = scrub(&process, &Effort { full: true, ..Effort::default() }).bytes;
    let scene = store(10);
    let process = scene.process();
    // Three sessions fit.
    let some = Effort { bytes_max: 3 * bytes / 10, rotation: 1000, full: false };
    let done: Vec<_> = (0..5).map(|_| counts(&scrub(&process, &some))).collect();
    assert_eq!(done, [(3, 0, 7), (3, 3, 4), (3, 6, 1), (2, 8, 0), (1, 9, 0)]);
}

#[test]
fn a_session_that_alone_is_too_long_is_verified_all_the_same() {
    let scene = store(2);
    let least = Effort { bytes_max: 1, rotation: 1000, full: false };
    assert_eq!(counts(&scrub(&scene.process(), &least)), (1, 0, 1));
    assert_eq!(counts(&scrub(&scene.process(), &least)), (1, 1, 0));
}

#[test]
fn findings_beyond_the_bound_are_counted() {
    let scene = store(FINDINGS_MAX + 3);
    for number in 0..FINDINGS_MAX + 3 {
        rot(&scene, &name(number));
    }
    let scrub = scrub(&scene.process(), &Effort::default());
    assert_eq!((scrub.corrupted, scrub.findings.len()), (FINDINGS_MAX as u64 + 3, FINDINGS_MAX));
    assert_eq!(scrub.classes.values().sum::<u64>(), FINDINGS_MAX as u64 + 3);
}

#[test]
fn what_is_remembered_spares_work_only_where_it_proves_itself() {
    let scene = store(4);
    scrub(&scene.process(), &every(1000));
    let path = scene.paths().verified();
    let sound = scene.bytes(&path);
    assert_eq!(counts(&scrub(&scene.process(), &every(1000))), (1, 3, 0));
    for offset in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[offset] ^= 1;
        scene.put(&path, &damaged);
        assert_eq!(counts(&scrub(&scene.process(), &every(1000))), (4, 0, 0), "byte {offset}");
    }
    for len in 0..sound.len() {
        scene.put(&path, &sound[..len]);
        assert_eq!(counts(&scrub(&scene.process(), &every(1000))), (4, 0, 0), "{len} bytes");
    }
}

#[test]
fn what_is_remembered_of_another_store_or_another_start_of_the_machine_spares_nothing() {
    // The same names, and files of other times.
    let (scene, other) = (store(4), store_made_after(Duration::from_secs(60), 4));
    let path = scene.paths().verified();
    scrub(&other.process(), &every(1000));
    scene.put(&path, &other.bytes(&path));
    assert_eq!(counts(&scrub(&scene.process(), &every(1000))), (4, 0, 0));

    scene.create("later");
    let restarted = Scene { memory: scene.memory.crash(), clock: Arc::clone(&scene.clock) };
    restarted.memory.pass_time(Duration::from_secs(1));
    restarted.put(&path, &scene.bytes(&path));
    assert_eq!(counts(&scrub(&restarted.process(), &every(1000))), (5, 0, 0));
}

#[test]
fn nothing_is_remembered_of_a_session_that_is_gone_for_good() {
    let scene = store(3);
    scrub(&scene.process(), &every(1000));
    wait(scene.process().delete(&id(&name(1)))).unwrap();
    assert_eq!(scene.bytes(&scene.paths().verified()), b"");
    let kept = scene.process();
    scrub(&kept, &every(1000));
    wait(scene.process().delete(&id(&name(2)))).unwrap();
    assert_eq!(counts(&scrub(&kept, &every(1000))), (1, 0, 0));
    let path = scene.paths().verified();
    assert!(memchr::memmem::find(&scene.bytes(&path), name(2).as_bytes()).is_none());
}

#[test]
fn without_a_catalog_only_the_process_itself_remembers() {
    let scene = store(4);
    let disk = Arc::new(scene.memory.clone());
    let open = || {
        let options = scene.options(false);
        FileSystemRepository::open_with(Arc::clone(&disk) as _, "/store", options).unwrap()
    };
    let process = open();
    assert_eq!(counts(&scrub(&process, &every(1000))), (4, 0, 0));
    assert_eq!(counts(&scrub(&process, &every(1000))), (1, 3, 0));
    assert_eq!(counts(&scrub(&open(), &every(1000))), (4, 0, 0));
    assert_eq!(scene.bytes(&scene.paths().verified()), b"");
}

#[test]
fn a_store_that_cannot_remember_is_scrubbed_all_the_same() {
    let scene = store(3);
    let faulty = FaultyDisk::new(Arc::new(scene.memory.clone()));
    faulty.fail_from(
        DiskOperation::Write,
        0,
        annals::disk::Fault::Error(std::io::ErrorKind::Other),
    );
    let process = scene.process_on(Arc::new(faulty));
    assert_eq!(counts(&scrub(&process, &every(1000))), (3, 0, 0));
}

#[test]
fn the_file_reads_back_as_it_was_written_and_is_believed_for_one_start_of_the_machine() {
    let mut verified = Verified { round: 7, ..Verified::default() };
    for (number, look) in [(0, None), (1, Some(0)), (2, Some(u64::MAX))] {
        let checked = Checked { look, round: number as u64, is_damaged: look.is_none() };
        verified.sessions.insert(id(&name(number)), checked);
    }
    let bytes = verified.encode("boot").unwrap();
    assert_eq!(Verified::decode(&bytes, "boot"), Some(verified));
    assert_eq!(Verified::decode(&bytes, "another"), None);
    let empty = Verified::default();
    assert_eq!(Verified::decode(&empty.encode("boot").unwrap(), "boot"), Some(empty));
}
