//! Files of the catalog that are damaged, missing or of another version.

use annals::disk::Disk as _;
use annals::format::catalog::Current;

use super::scene::{Scene, listed};
use crate::figures;

const FRUIT: [&str; 2] = ["pear", "plum"];

/// A store whose catalog has a base, and a feed that says something else of every session.
fn told() -> Scene {
    let scene = Scene::with(&FRUIT);
    tell(&scene, 0);
    scene
}

fn tell(scene: &Scene, round: usize) {
    scene.assert_true("before it is damaged");
    for name in FRUIT {
        scene.say(name, &format!("round {round}"));
    }
}

/// Damages each byte of a file in turn, and lets new processes list. The quick form leaves most of
/// them out.
fn every_byte(kind: &str, damage: u8) {
    let scene = told();
    let (mut offset, mut damaged) = (0, 0);
    loop {
        // Listing has made the catalog again, so that another file is damaged in each round.
        let path = scene.file(kind).unwrap();
        let mut bytes = scene.bytes(&path);
        if offset >= bytes.len() {
            break;
        }
        bytes[offset] ^= damage;
        let file = scene.memory.open(&path, annals::disk::Access::Write).unwrap();
        file.write_at(offset as u64, &bytes[offset..=offset]).unwrap();
        scene.assert_true(&format!("byte {offset} of {kind}"));
        damaged += 1;
        tell(&scene, offset);
        offset += if figures::long_form() { 1 } else { 7 };
    }
    figures::figure(&format!("bytes damaged of {}", kind.trim_end_matches('-')), damaged);
    assert!(offset > 100, "{kind} has {offset} bytes");
}

#[test]
fn a_bit_of_what_names_its_files_may_flip() {
    every_byte("current", 0x01);
}

#[test]
fn a_bit_of_the_base_may_flip() {
    every_byte("base-", 0x04);
}

#[test]
fn a_bit_of_the_feed_may_flip() {
    every_byte("feed-", 0x01);
}

#[test]
fn a_file_that_is_missing_is_made_again() {
    let scene = told();
    for (round, kind) in ["current", "base-", "feed-", "lock"].into_iter().enumerate() {
        let warm = scene.process();
        scene.assert_true_of(&warm, "before");
        scene.memory.remove_file(&scene.file(kind).unwrap()).unwrap();
        scene.assert_true(&format!("without {kind}"));
        scene.assert_true_of(&warm, &format!("without {kind}, warm"));
        tell(&scene, round);
        scene.assert_true_of(&warm, &format!("after {kind} was missing, warm"));
    }
}

#[test]
fn a_file_that_was_emptied_or_cut_is_made_again() {
    let scene = told();
    for (round, (kind, len)) in
        [("current", 0), ("current", 100), ("base-", 0), ("base-", 500)].into_iter().enumerate()
    {
        let path = scene.file(kind).unwrap();
        let bytes = scene.bytes(&path);
        scene.put(&path, &bytes[..len]);
        scene.assert_true(&format!("{len} bytes of {kind}"));
        tell(&scene, round);
    }
}

#[test]
fn a_catalog_of_another_version_is_made_again() {
    let scene = told();
    let path = scene.file("current").unwrap();
    let current = Current::decode(&scene.bytes(&path)).unwrap();
    let format = Current { format: 99, ..current.clone() };
    let projection = Current { projection: 99, ..current };
    for other in [format, projection] {
        scene.put(&path, &other.encode().unwrap());
        scene.assert_true("another version");
        scene.say("pear", "told to a catalog of another version");
        scene.assert_true("after an append");
    }
}

#[test]
fn names_in_it_lead_nowhere_else() {
    let scene = told();
    let path = scene.file("current").unwrap();
    let current = Current::decode(&scene.bytes(&path)).unwrap();
    for name in ["../store.json", "feed-../../x", "feed-", "/etc/passwd"] {
        let other = Current { feeds: vec![name.to_owned()], ..current.clone() };
        assert_eq!(Current::decode(&other.encode().unwrap()), None, "{name}");
    }
}

#[test]
fn through_a_link_nothing_is_reached() {
    let scene = told();
    let root = scene.paths().root();
    scene.memory.remove_dir_all(&root).unwrap();
    scene.memory.link(&root).unwrap();
    scene.say("pear", "beside a link");
    scene.assert_true("a link");
    scene.memory.remove_file(&root).unwrap();
    scene.assert_true("a folder again");
}

#[test]
fn a_folder_in_the_place_of_a_file_is_no_catalog() {
    let scene = told();
    let path = scene.file("current").unwrap();
    scene.memory.remove_file(&path).unwrap();
    scene.memory.create_dir(&path).unwrap();
    assert_eq!(listed(&scene.process()).sessions.len(), FRUIT.len());
    scene.assert_true("a folder");
}
