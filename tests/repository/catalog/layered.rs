//! What was folded since the base was made, on top of a base that is too large to be copied each time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use annals::disk::{Access, Disk as _, DiskOperation, FaultyDisk};
use annals::format::catalog::Current;
use annals::repository::{FileSystemRepository, SessionRepository as _};
use annals::vocabulary::{Command, NewSession, SessionFilter};

use super::scene::{Scene, rows, say, streamed, wait};
use crate::support::{author, id};

const SESSIONS: usize = 800;

/// A store whose base is too large to be copied at each folding.
fn large() -> Scene {
    let scene = Scene::with(&[]);
    let process = scene.process();
    for number in 0..SESSIONS {
        let cwd = Some(format!("/srv/{number}"));
        let new = Command::Create(NewSession { cwd, ..NewSession::default() });
        let new = annals::vocabulary::Append::one(new, author());
        wait(process.append(&id(&name(number)), new)).unwrap();
        scene.clock.advance_ms(1000);
    }
    scene.memory.pass_time(Duration::from_secs(1));
    scene.assert_true("at first");
    scene.fold();
    scene
}

fn name(number: usize) -> String {
    format!("session-{number:05}")
}

fn current(scene: &Scene) -> Current {
    Current::decode(&scene.bytes(&scene.paths().current())).unwrap()
}

fn newest(process: &FileSystemRepository, limit: usize) -> Vec<String> {
    let filter = SessionFilter { limit: Some(limit), ..SessionFilter::everything() };
    rows(&wait(process.list(&filter)).unwrap())
}

/// Tells of some sessions, in a way that is another one in each round.
fn tell(scene: &Scene, round: usize) {
    let process = scene.process();
    for number in (round..SESSIONS).step_by(191) {
        say(&process, &name(number), &format!("round {round}")).unwrap();
        scene.clock.advance_ms(1000);
    }
    let archived = name(SESSIONS - 1 - round);
    let archive = annals::vocabulary::Append::one(Command::Archive, author());
    wait(process.append(&id(&archived), archive)).unwrap();
}

#[test]
fn what_was_folded_beside_a_large_base_is_listed_in_its_place() {
    let scene = large();
    let (mut runs, mut bases) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..12 {
        tell(&scene, round);
        scene.fold();
        let current = current(&scene);
        bases.insert(current.base.unwrap().name);
        runs.extend(current.run.map(|run| run.name));
        let truth = scene.truth();
        for limit in [1, 5, 30, SESSIONS] {
            assert_eq!(newest(&scene.process(), limit), truth[..limit], "round {round}");
        }
    }
    scene.assert_true("in the end");
    assert!(runs.len() > 2, "{runs:?}");
    assert!(bases.len() > 1, "a run that has grown is folded into the base");
}

#[test]
fn a_run_is_checked_as_a_base_is() {
    let scene = large();
    for round in 0..6 {
        tell(&scene, round);
        scene.fold();
        let run = scene.paths().file(&current(&scene).run.unwrap().name);
        let offset = scene.bytes(&run).len() * round / 6;
        let damaged = scene.bytes(&run)[offset] ^ 0x04;
        let file = scene.memory.open(&run, Access::Write).unwrap();
        file.write_at(offset as u64, &[damaged]).unwrap();
        scene.assert_true(&format!("byte {offset}"));
    }
    tell(&scene, 7);
    scene.fold();
    scene.memory.remove_file(&scene.paths().file(&current(&scene).run.unwrap().name)).unwrap();
    scene.assert_true("without it");
}

#[test]
fn the_newest_are_read_from_the_run_alone() {
    let scene = large();
    tell(&scene, 0);
    scene.fold();
    let counting = FaultyDisk::new(Arc::new(scene.memory.clone()));
    let process = scene.process_on(Arc::new(counting.clone()));
    let before = counting.calls(DiskOperation::Read);
    newest(&process, 3);
    // What names the files, two indexes, and a block of the run.
    assert_eq!(counting.calls(DiskOperation::Read) - before, 4);
}

#[test]
fn a_block_that_fails_in_the_middle_of_a_stream_costs_no_session_and_shows_none_twice() {
    let scene = large();
    tell(&scene, 3);
    // One that has no row comes between those that have.
    scene.feed().intend(&scene.memory, &id(&name(400))).unwrap();
    let base = current(&scene).base.unwrap();
    let (path, at) = (scene.paths().file(&base.name), base.index_at - 100);
    let damaged = scene.bytes(&path)[usize::try_from(at).unwrap()] ^ 0x04;
    scene.memory.open(&path, Access::Write).unwrap().write_at(at, &[damaged]).unwrap();

    let lines = streamed(&scene.process(), &SessionFilter::everything());

    assert_eq!(lines, scene.truth());
    scene.assert_true("and it is made again");
}

#[test]
fn a_folding_that_makes_the_catalog_again_leaves_no_older_run_on_top() {
    let scene = large();
    tell(&scene, 0);
    scene.fold();
    assert!(current(&scene).run.is_some());
    say(&scene.process(), &name(0), "after the run was made").unwrap();
    let feed = scene.memory.open(&scene.file("feed-").unwrap(), Access::Append).unwrap();
    feed.append(b"\nno entry\n").unwrap();
    scene.fold();
    scene.assert_true("made again from the journals");
}
