//! Directories that are no store of this version, and stay as they are.

use std::fs;

use crate::scene::{Scene, contents};

/// Commands that read, and commands that write.
const COMMANDS: [&[&str]; 7] = [
    &["list"],
    &["show", "kept"],
    &["verify"],
    &["create", "--id", "new"],
    &["record", "kept", "--role", "user", "hello"],
    &["archive", "kept"],
    &["recover", "--all"],
];

fn assert_refused_and_unchanged(scene: &Scene, code: i32, kind: &str) {
    let before = contents(scene.store());
    for arguments in COMMANDS {
        let refused = scene.run(arguments);
        assert_eq!(refused.code, code, "{arguments:?}: {refused:?}");
        assert_eq!(refused.error_kind(), kind, "{arguments:?}");
        assert_eq!(refused.out, "", "{arguments:?}");
    }
    assert!(contents(scene.store()) == before, "something was written");
}

#[test]
fn a_store_of_a_newer_format_is_left_alone() {
    let scene = Scene::with_session("kept");
    let file = scene.store().join("store.json");
    let newer = fs::read_to_string(&file).unwrap().replace("\"format\":1", "\"format\":2");
    fs::write(&file, newer).unwrap();

    assert_refused_and_unchanged(&scene, 9, "newer-format");
}

#[test]
fn a_directory_with_something_else_in_it_is_left_alone() {
    let scene = Scene::new();
    fs::create_dir(scene.store()).unwrap();
    fs::write(scene.store().join("thesis.txt"), "chapter one").unwrap();

    assert_refused_and_unchanged(&scene, 8, "not-a-store");
}

#[test]
fn a_store_file_of_another_program_is_left_alone() {
    let scene = Scene::new();
    fs::create_dir(scene.store()).unwrap();
    fs::write(scene.store().join("store.json"), "{\"store\":\"groceries\",\"format\":1}").unwrap();

    assert_refused_and_unchanged(&scene, 8, "not-a-store");
}

#[test]
fn reading_a_store_that_is_not_there_makes_none() {
    let scene = Scene::new();

    scene.does(["list"]);
    scene.does(["verify"]);
    scene.run(["record", "kept", "--role", "user", "hello"]).expect(3);

    assert!(!scene.store().exists());
}
