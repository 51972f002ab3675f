//! Symbolic links inside a store that lead out of it.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::scene::{Scene, contents};

const WRITES: [&[&str]; 4] = [
    &["record", "linked", "--role", "user", "hello"],
    &["rename", "linked", "name"],
    &["recover", "linked"],
    &["purge", "linked"],
];

/// Moves a part of the store out of it, and puts a link in its place.
fn lead_out(scene: &Scene, part: &Path) -> PathBuf {
    let outside = scene.home().join("outside");
    fs::create_dir(&outside).unwrap();
    let moved = outside.join(part.file_name().unwrap());
    fs::rename(part, &moved).unwrap();
    symlink(&moved, part).unwrap();
    outside
}

/// Every command that would write is refused, and neither side of the link changes.
fn assert_never_followed(scene: &Scene, outside: &Path) {
    let before = contents(outside);
    for arguments in WRITES {
        let refused = scene.run(arguments);
        assert_eq!(refused.code, 8, "{arguments:?}: {refused:?}");
    }
    for arguments in [["show", "linked"], ["log", "linked"], ["verify", "linked"]] {
        let told = scene.run(arguments);
        assert_ne!(told.code, 0, "{arguments:?} read through a link: {told:?}");
    }
    assert!(contents(outside) == before, "something was written outside");
}

fn scene() -> Scene {
    let scene = Scene::with_session("linked");
    scene.does(["record", "linked", "--role", "user", "first"]);
    scene
}

#[test]
fn a_session_folder_that_is_a_link_is_not_followed() {
    let scene = scene();
    let outside = lead_out(&scene, &scene.session_folder("linked"));

    assert_never_followed(&scene, &outside);
}

#[test]
fn a_journal_that_is_a_link_is_not_followed() {
    let scene = scene();
    let outside = lead_out(&scene, &scene.journal("linked"));

    assert_never_followed(&scene, &outside);
}

#[test]
fn a_folder_of_sessions_that_is_a_link_is_not_followed() {
    let scene = scene();
    let outside = lead_out(&scene, &scene.store().join("sessions"));

    assert_never_followed(&scene, &outside);
}

#[test]
fn a_lock_that_is_a_link_is_not_followed() {
    let scene = scene();
    let outside = lead_out(&scene, &scene.session_folder("linked").join("lock"));
    let before = contents(&outside);

    scene.run(WRITES[0]).expect(8);

    scene.does(["show", "linked"]);
    assert!(contents(&outside) == before, "something was written outside");
}

#[test]
fn a_folder_for_long_texts_that_is_a_link_is_not_followed() {
    let scene = scene();
    let outside = scene.home().join("outside");
    fs::create_dir(&outside).unwrap();
    symlink(&outside, scene.session_folder("linked").join("blobs")).unwrap();
    let long = "long ".repeat(20_000);

    scene.run(["record", "linked", "--role", "user", &long]).expect(8);

    assert!(contents(&outside).is_empty(), "something was written outside");
    scene.does(["record", "linked", "--role", "user", "short"]);
}
