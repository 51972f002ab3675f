//! Sessions that somebody moves with other tools.

use std::time::Duration;

use annals::disk::{Access, Disk as _};

use super::scene::{Scene, listed, rows};

fn three() -> Scene {
    let scene = Scene::with(&["pear", "plum", "quince"]);
    scene.say("plum", "hello");
    scene.assert_true("at first");
    scene
}

/// A backup of a session's folder: the files, with their bytes.
fn backup(scene: &Scene, name: &str) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let folder = scene.session(name);
    scene.memory.image().into_iter().filter(|(path, _)| path.starts_with(&folder)).collect()
}

fn restore(scene: &Scene, backup: &[(std::path::PathBuf, Vec<u8>)]) {
    for (path, bytes) in backup {
        let _is_there = scene.memory.create_dir(path.parent().unwrap());
        scene.memory.open(path, Access::CreateNew).unwrap().write_at(0, bytes).unwrap();
    }
}

#[test]
fn a_session_moved_out_is_listed_no_more_and_moved_in_again_it_is() {
    let scene = three();
    let warm = scene.process();
    scene.assert_true_of(&warm, "before");
    let elsewhere = std::path::Path::new("/elsewhere");

    scene.memory.rename(&scene.session("plum"), elsewhere).unwrap();
    scene.assert_true_of(&warm, "moved out, warm");
    scene.assert_true("moved out");
    assert_eq!(listed(&scene.process()).sessions.len(), 2);

    scene.memory.rename(elsewhere, &scene.session("plum")).unwrap();
    scene.assert_true_of(&warm, "moved in, warm");
    scene.assert_true("moved in");
    assert_eq!(listed(&scene.process()).sessions.len(), 3);
}

#[test]
fn a_session_whose_folder_was_renamed_is_told_as_its_journal_says() {
    let scene = three();
    scene.memory.rename(&scene.session("plum"), &scene.session("prune")).unwrap();
    scene.assert_true("renamed");
    scene.assert_true("renamed, and looked at before");
    let all = rows(&listed(&scene.process())).join("\n");
    assert!(all.contains("that of another session"), "{all}");
}

#[test]
fn an_older_session_restored_in_the_place_of_one_is_seen() {
    let scene = three();
    let old = backup(&scene, "plum");
    scene.say("plum", "what the backup does not have");
    scene.assert_true("before");
    let warm = scene.process();
    scene.assert_true_of(&warm, "before, warm");

    scene.memory.remove_dir_all(&scene.session("plum")).unwrap();
    restore(&scene, &old);

    scene.assert_true_of(&warm, "restored, warm");
    scene.assert_true("restored");
    let messages: u64 =
        listed(&scene.process()).sessions.iter().map(|state| state.message_count).sum();
    assert_eq!(messages, 1);
}

#[test]
fn a_change_of_the_folder_in_the_moment_of_a_look_is_seen_all_the_same() {
    let scene = three();
    // No time passes between a look and the change after it.
    for round in 0..5 {
        let warm = scene.process();
        scene.assert_true_of(&warm, "before");
        let elsewhere = std::path::Path::new("/elsewhere");
        scene.memory.rename(&scene.session("plum"), elsewhere).unwrap();
        scene.assert_true_of(&scene.process(), &format!("moved out, round {round}"));
        scene.memory.rename(elsewhere, &scene.session("plum")).unwrap();
        scene.assert_true_of(&warm, &format!("moved in, round {round}"));
    }
}

#[test]
fn names_that_no_session_can_have_are_reported_without_looking_again() {
    let scene = three();
    scene.memory.create_dir(&scene.session("not a name")).unwrap();
    scene.assert_true("at first");
    scene.assert_true("by the catalog");
    assert_eq!(listed(&scene.process()).unreadable.len(), 1);
    scene.memory.remove_dir_all(&scene.session("not a name")).unwrap();
    scene.assert_true("gone");
    assert_eq!(listed(&scene.process()).unreadable.len(), 0);
}

#[test]
fn a_damaged_session_is_reported_each_time() {
    let scene = three();
    let journal = scene.session("plum").join("journal.jsonl");
    let file = scene.memory.open(&journal, Access::Write).unwrap();
    file.write_at(300, b"x").unwrap();
    // In place: what shows it is a look at every file, which a change of the folder brings about.
    scene.create("medlar");
    for round in 0..3 {
        scene.assert_true(&format!("round {round}"));
        assert!(!listed(&scene.process()).findings.is_empty());
    }
}

#[test]
fn a_catalog_deleted_while_processes_have_it_open_is_made_again() {
    let scene = three();
    let (reader, writer) = (scene.process(), scene.process());
    scene.assert_true_of(&reader, "before");
    super::scene::say(&writer, "pear", "one").unwrap();
    for round in 0..3 {
        scene.memory.remove_dir_all(&scene.paths().root()).unwrap();
        super::scene::say(&writer, "pear", "deleted before this").unwrap();
        scene.assert_true_of(&reader, &format!("reader, round {round}"));
        super::scene::say(&writer, "quince", "and after a listing").unwrap();
        scene.assert_true_of(&reader, &format!("reader again, round {round}"));
        scene.assert_true("another process");
    }
}

#[test]
fn a_sessions_folder_that_was_copied_with_its_store_is_looked_at() {
    let scene = three();
    scene.memory.pass_time(Duration::from_secs(1));
    // The same files under other inodes, as a copy of the whole store has them.
    for name in ["pear", "plum", "quince"] {
        let files = backup(&scene, name);
        scene.memory.remove_dir_all(&scene.session(name)).unwrap();
        restore(&scene, &files);
    }
    scene.assert_true("copied");
    scene.assert_true("copied, by the catalog");
}
