//! Every exit code that scripts rely on is reachable, with the kind of error that names it.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use crate::sandbox::{Ran, Sandbox, flip_byte, hold_lock, line_of, run};

fn with_session() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "demo", "--message", "hello"]);
    sandbox
}

/// Damages the first record of the session's journal, with an intact one after it.
fn damage(sandbox: &Sandbox) {
    let (offset, _) = line_of(&sandbox.journal("demo"), 1);
    flip_byte(&sandbox.journal("demo"), offset + 120);
}

#[track_caller]
fn fails(sandbox: &Sandbox, arguments: &[&str], code: i32, kind: &str) {
    let people = sandbox.run(arguments).expect(code);
    assert!(people.stderr.starts_with("error: "), "{people:?}");
    assert!(people.stdout.is_empty(), "{people:?}");
    let arguments: Vec<_> = ["--json"].iter().chain(arguments).copied().collect();
    let error = sandbox.run(&arguments).expect(code).error();
    assert_eq!(error["kind"], kind, "{error}");
    assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
    assert!(error["hint"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
}

#[test]
fn code_1_is_for_findings() {
    let sandbox = with_session();
    sandbox.run(&["verify"]).expect(0);
    damage(&sandbox);
    sandbox.run(&["verify"]).expect(1);
}

#[test]
fn code_1_is_for_a_listing_that_leaves_a_session_out() {
    let sandbox = with_session();
    sandbox.ok(&["create", "--id", "other"]);
    std::fs::remove_file(sandbox.journal("other")).unwrap();
    std::fs::create_dir(sandbox.journal("other")).unwrap();
    let listed = sandbox.run(&["list"]).expect(1);
    assert!(listed.stdout.contains("demo") && listed.stderr.contains("other"), "{listed:?}");
}

#[test]
fn code_2_is_for_the_command_line() {
    let sandbox = with_session();
    fails(&sandbox, &["frobnicate"], 2, "usage");
    fails(&sandbox, &["record", "demo", "hello"], 2, "usage");
    fails(&sandbox, &["rename", "demo", ""], 2, "invalid-input");
    fails(&sandbox, &["show", "demo", "--at", "99"], 2, "invalid-input");
}

#[test]
fn code_3_is_for_a_session_that_does_not_exist() {
    let sandbox = with_session();
    fails(&sandbox, &["show", "missing"], 3, "not-found");
    fails(&sandbox, &["archive", "missing"], 3, "not-found");
    fails(&sandbox, &["verify", "missing"], 3, "not-found");
}

#[test]
fn code_4_is_for_an_ambiguous_session() {
    let sandbox = with_session();
    sandbox.ok(&["create", "--id", "demo-two", "--name", "twin"]);
    sandbox.ok(&["rename", "demo", "twin"]);
    fails(&sandbox, &["archive", "twin"], 4, "ambiguous");
}

#[test]
fn code_5_is_for_conflicts_and_refusals() {
    let sandbox = with_session();
    fails(&sandbox, &["create", "--id", "demo"], 5, "conflict");
    fails(&sandbox, &["archive", "demo", "--expect", "7"], 5, "conflict");
    fails(&sandbox, &["undo", "demo"], 5, "refused");
    sandbox.ok(&["archive", "demo"]);
    fails(&sandbox, &["record", "demo", "--role", "user", "late"], 5, "refused");
}

#[test]
fn code_6_is_for_a_lock_held_by_somebody_else() {
    let sandbox = with_session();
    let held = hold_lock(&sandbox.store().join("sessions/demo/lock"));
    fails(&sandbox, &["archive", "demo", "--lock-timeout", "20ms"], 6, "busy");
    drop(held);
    sandbox.ok(&["archive", "demo", "--lock-timeout", "20ms"]);
}

#[test]
fn code_7_is_for_writing_to_a_corrupted_session() {
    let sandbox = with_session();
    damage(&sandbox);
    fails(&sandbox, &["archive", "demo"], 7, "corrupted");
}

#[test]
fn code_8_is_for_a_store_that_cannot_be_used() {
    let sandbox = with_session();
    let elsewhere = sandbox.file("photos/cat.jpg", "meow");
    let photos = Path::new(&elsewhere).parent().unwrap().to_str().unwrap();
    fails(&sandbox, &["--store", photos, "create"], 8, "not-a-store");
    fails(&sandbox, &["--store", &elsewhere, "create"], 8, "not-a-store");
}

#[test]
fn code_8_is_for_a_full_standard_output() {
    let sandbox = with_session();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let status = sandbox.command(&["list"]).stdout(full).output().unwrap().status;
    assert_eq!(status.code(), Some(8));
}

#[test]
fn code_8_is_for_findings_that_nobody_could_be_told_of() {
    let sandbox = with_session();
    damage(&sandbox);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let status = sandbox.command(&["verify"]).stdout(full).output().unwrap().status;
    assert_eq!(status.code(), Some(8));
}

#[test]
fn code_9_is_for_a_newer_format() {
    let sandbox = with_session();
    let path = sandbox.store().join("store.json");
    let mut store: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let format = store.as_object_mut().unwrap().values_mut().find(|value| value.is_u64());
    *format.unwrap() = 999.into();
    std::fs::write(&path, store.to_string() + "\n").unwrap();
    fails(&sandbox, &["list"], 9, "newer-format");
    fails(&sandbox, &["create"], 9, "newer-format");
}

#[test]
fn code_10_is_for_a_remote_store() {
    let sandbox = with_session();
    fails(&sandbox, &["--store", "nats://localhost:4222/annals", "list"], 10, "unreachable");
}

/// Runs a copy of the command as a user whom permissions bind, where the tests' own are above them.
fn as_ordinary_user(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    let mut command = sandbox.command(arguments);
    if rustix::process::geteuid().is_root() {
        let copy = sandbox.path("annals");
        // By another process: a child that another test starts at this moment would inherit the
        // copy while it is open for writing, and what is open for writing cannot be run.
        let mut cp = std::process::Command::new("cp");
        assert!(
            cp.args([env!("CARGO_BIN_EXE_annals").as_ref(), copy.as_os_str()])
                .status()
                .unwrap()
                .success()
        );
        let mut lowered = std::process::Command::new(copy);
        lowered.env_clear().args(arguments).current_dir(sandbox.path("")).uid(NOBODY);
        lowered.env("XDG_DATA_HOME", sandbox.path("data")).env("USER", "nobody");
        command = lowered;
    }
    run(command, b"")
}

const NOBODY: u32 = 65_534;

fn make_read_only(path: &Path) {
    let is_dir = path.is_dir();
    if is_dir {
        for entry in std::fs::read_dir(path).unwrap() {
            make_read_only(&entry.unwrap().path());
        }
    }
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(path, Some(NOBODY), None).unwrap();
    }
    let mode = if is_dir { 0o500 } else { 0o400 };
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn code_8_is_for_a_read_only_store_which_can_be_read_all_the_same() {
    let sandbox = with_session();
    let journal = std::fs::read(sandbox.journal("demo")).unwrap();
    std::fs::set_permissions(sandbox.path(""), PermissionsExt::from_mode(0o755)).unwrap();
    make_read_only(&sandbox.path("data"));
    as_ordinary_user(&sandbox, &["show", "demo"]).expect(0);
    as_ordinary_user(&sandbox, &["list"]).expect(0);
    as_ordinary_user(&sandbox, &["verify"]).expect(0);
    for arguments in [&["--json", "archive", "demo"][..], &["--json", "create"]] {
        let error = as_ordinary_user(&sandbox, arguments).expect(8).error();
        assert_eq!(error["kind"], "storage", "{error}");
    }
    assert_eq!(std::fs::read(sandbox.journal("demo")).unwrap(), journal);
}
