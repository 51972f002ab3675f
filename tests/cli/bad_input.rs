//! Bad input, and what it gets: a clear error, the right exit code, and nothing changed.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use crate::sandbox::{Sandbox, run};

#[test]
fn ids_that_could_be_paths_or_devices_are_refused() {
    let sandbox = Sandbox::new();
    let long = "x".repeat(300);
    for id in ["../x", "/etc", "a/b", "", ".", "..", ".hidden", "-x", "CON", "nul.txt", "é", &long]
    {
        let ran = sandbox.run(&["create", &format!("--id={id}")]).expect(2);
        assert!(ran.stderr.contains("session id") || ran.stderr.contains("device"), "{ran:?}");
        sandbox.run(&["show", "--", id]).expect(3);
    }
    assert!(!sandbox.store().exists(), "nothing was made");
}

#[test]
fn names_that_nobody_could_read_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "demo"]);
    let long = "n".repeat(101);
    for name in ["", "   ", &long, "a\nb", "a\u{7}b", "\u{1b}[31m", "a\u{9b}b"] {
        sandbox.run(&["rename", "demo", name]).expect(2);
        sandbox.run(&["create", "--name", name]).expect(2);
    }
    assert_eq!(sandbox.show("demo")["seq"], 1);
    assert_eq!(sandbox.json(&["list", "--status", "all"]).len(), 1);
}

#[test]
fn labels_and_arguments_out_of_their_rules_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "demo"]);
    for arguments in [
        &["list", "--status", "sleeping"][..],
        &["list", "--since", "whenever"],
        &["list", "--sort", "colour"],
        &["tag", "demo", "two words"],
        &["tag", "demo", "a,b"],
        &["set", "demo", "a=b", "1"],
        &["create", "--field", "novalue"],
        &["record", "demo", "--role", "User", "x"],
        &["record", "demo", "--role", "user", "x", "--key", "with space"],
        &["archive", "demo", "--expect", "one"],
        &["diff", "demo", "1-2"],
        &["import", "--from", "notepad"],
        &["log", "--follow"],
        &["recover"],
        &["recover", "demo", "--all"],
        &["completions", "tcl"],
        &["archive", "demo", "--lock-timeout", "-1s"],
    ] {
        let ran = sandbox.run(arguments).expect(2);
        assert!(ran.stdout.is_empty() && ran.stderr.starts_with("error: "), "{ran:?}");
    }
    assert_eq!(sandbox.show("demo")["seq"], 1);
}

#[test]
fn arguments_that_are_not_utf_8_are_refused() {
    let sandbox = Sandbox::new();
    for arguments in [&["show"][..], &["create", "--name"], &["create", "--id"], &["import"]] {
        let mut command = sandbox.command(arguments);
        command.arg(OsStr::from_bytes(b"caf\xe9"));
        let ran = run(command, b"").expect(2);
        assert!(ran.stderr.contains("UTF-8"), "{ran:?}");
    }
}

#[test]
fn standard_input_that_is_not_utf_8_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "demo"]);
    let ran =
        sandbox.run_with_input(&["record", "demo", "--role", "user", "-"], b"caf\xe9!").expect(2);
    assert!(ran.stderr.contains("not UTF-8: byte 3"), "{ran:?}");
    assert_eq!(sandbox.show("demo")["seq"], 1);
}

#[test]
fn a_session_folder_that_leads_out_of_the_store_is_not_followed() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "demo"]);
    sandbox.ok(&["--store", "other", "create", "--id", "outside"]);
    let link = sandbox.store().join("sessions/outside");
    std::os::unix::fs::symlink(sandbox.path("other/sessions/outside"), &link).unwrap();
    let before = std::fs::read(sandbox.path("other/sessions/outside/journal.jsonl")).unwrap();
    let ran = sandbox.run(&["archive", "outside"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    let after = std::fs::read(sandbox.path("other/sessions/outside/journal.jsonl")).unwrap();
    assert_eq!(before, after);
    let listed = sandbox.run(&["--json", "list"]).expect(1);
    assert_eq!(listed.stdout.lines().count(), 1, "only the session inside is listed: {listed:?}");
}

#[test]
fn looking_makes_no_store() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.ok(&["list"]), "");
    assert!(sandbox.json(&["list"]).is_empty());
    sandbox.ok(&["verify"]);
    sandbox.run(&["show", "nothing"]).expect(3);
    assert!(!sandbox.store().exists());
}

#[test]
fn the_store_comes_from_the_flag_then_the_variable_then_the_data_directory() {
    let sandbox = Sandbox::new();
    let with_variable = |arguments: &[&str], store: &str| {
        let mut command = sandbox.command(arguments);
        command.env("ANNALS_STORE", store);
        run(command, b"").expect(0)
    };
    with_variable(&["--store", "flag", "create", "--id", "demo"], "variable");
    with_variable(&["create", "--id", "demo"], "variable");
    with_variable(&["create", "--id", "demo"], "");
    for store in ["flag", "variable", "data/annals"] {
        assert!(sandbox.path(store).join("store.json").exists(), "{store}");
    }
}

#[test]
fn without_a_home_a_store_must_be_named() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["list", "--store", "named"]);
    command.env_remove("HOME").env_remove("XDG_DATA_HOME");
    run(command, b"").expect(0);
}

#[test]
fn what_is_made_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "demo"]);
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&sandbox.store()), 0o700);
    assert_eq!(mode(sandbox.journal("demo").parent().unwrap()), 0o700);
    assert_eq!(mode(&sandbox.journal("demo")), 0o600);
}
