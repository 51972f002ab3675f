//! Media that take no more: full, and read-only.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scene::{Scene, contents, is_root, json_lines};

/// A mounted file system, unmounted at the end of its test.
struct Mount {
    place: PathBuf,
}

impl Mount {
    /// Mounts something, or says why it cannot.
    fn new(arguments: &[&str], place: &Path) -> Option<Self> {
        let mounted = Command::new("mount").args(arguments).arg(place).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self { place: place.to_owned() }),
            other => {
                println!("skipped: nothing can be mounted here: {other:?}");
                None
            }
        }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.place).status();
    }
}

/// Takes what room is left, to the last page.
fn fill(path: &Path) {
    let file = fs::File::create(path).unwrap();
    let page = vec![1; 4096];
    let mut offset = 0;
    while file.write_all_at(&page, offset).is_ok() {
        offset += 4096;
    }
}

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    let mut scene = Scene::new();
    let place = scene.home().join("small");
    fs::create_dir(&place).unwrap();
    let Some(_mount) = Mount::new(&["-t", "tmpfs", "-o", "size=512k", "none"], &place) else {
        return;
    };
    scene.set_store(place.join("store"));
    scene.does(["create", "--id", "small"]);
    // Held back, to be given free once the rest is full.
    let ballast = place.join("ballast");
    fs::write(&ballast, vec![1; 64 * 1024]).unwrap();
    let mut acknowledged = BTreeMap::new();
    let refused = loop {
        let text = format!("{} {}", acknowledged.len(), "x".repeat(5_000));
        let answer = scene.run(["record", "small", "--role", "user", &text]);
        if answer.code != 0 {
            break answer;
        }
        let seq = json_lines(&answer.out)[0]["seq"].as_u64().unwrap();
        acknowledged.insert(seq, text);
    };

    assert_eq!(refused.code, 8, "{refused:?}");
    assert_eq!(refused.error_kind(), "storage");
    assert!(acknowledged.len() > 10);
    assert_eq!(scene.texts("small"), acknowledged);
    scene.assert_clean();
    fill(&place.join("rest"));
    scene.run(["create", "--id", "another"]).expect(8);
    assert_eq!(json_lines(&scene.does(["list"])).len(), 1);

    fs::remove_file(ballast).unwrap();
    scene.does(["record", "small", "--role", "user", "there is room again"]);
    acknowledged.insert(acknowledged.len() as u64 + 2, "there is room again".to_owned());
    assert_eq!(scene.texts("small"), acknowledged);
    scene.assert_clean();
}

/// A store that nobody can write to, until this is dropped.
struct ReadOnly {
    folders: Vec<PathBuf>,
    _mount: Option<Mount>,
}

impl ReadOnly {
    /// By a mount where permission bits stop nobody, which is so for root.
    fn new(store: &Path) -> Option<Self> {
        if is_root() {
            let source = store.to_str().unwrap();
            let mount = Mount::new(&["--bind", source], store)?;
            let made = Command::new("mount").args(["-o", "remount,bind,ro"]).arg(store).status();
            assert!(made.unwrap().success());
            return Some(Self { folders: Vec::new(), _mount: Some(mount) });
        }
        let inside = contents(store).into_keys().chain([store.to_owned()]);
        let folders: Vec<PathBuf> = inside.collect();
        for path in &folders {
            let mode = if path.is_dir() { 0o500 } else { 0o400 };
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        }
        Some(Self { folders, _mount: None })
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        for path in self.folders.iter().rev() {
            let _ = fs::set_permissions(path, Permissions::from_mode(0o700));
        }
    }
}

#[test]
fn a_read_only_store_is_read_and_says_that_it_cannot_be_written() {
    let scene = Scene::with_session("kept");
    scene.does(["record", "kept", "--role", "user", "hello"]);
    let before = contents(scene.store());
    let Some(_read_only) = ReadOnly::new(scene.store()) else { return };

    for arguments in [
        vec!["record", "kept", "--role", "user", "again"],
        vec!["create", "--id", "new"],
        vec!["rename", "kept", "name"],
        vec!["purge", "kept"],
    ] {
        let refused = scene.run(&arguments);
        assert_eq!(refused.code, 8, "{arguments:?}: {refused:?}");
    }
    for arguments in [vec!["list"], vec!["show", "kept"], vec!["log", "kept"], vec!["head"]] {
        scene.does(&arguments);
    }
    assert_eq!(scene.texts("kept").into_values().collect::<Vec<_>>(), ["hello"]);
    scene.assert_clean();
    assert!(contents(scene.store()) == before, "something was written");
}
