//! What people are shown.

use crate::sandbox::{Sandbox, run};

/// The text with times and generated parts replaced, so that it can be compared.
fn pinned(text: &str) -> String {
    let is_time = |word: &str| word.len() == 27 && word.ends_with('Z') && word.contains('T');
    let lines = text.lines().map(|line| {
        let words: Vec<_> =
            line.split(' ').map(|word| if is_time(word) { "[time]" } else { word }).collect();
        words.join(" ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn three_sessions() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "one", "--name", "first", "--cwd", "."]);
    sandbox.ok(&["create", "--id", "two", "--message", "fix the\nbuild", "--background"]);
    sandbox.ok(&["create", "--id", "three", "--cwd", "elsewhere"]);
    sandbox.ok(&["tag", "three", "red", "blue"]);
    sandbox.ok(&["archive", "three"]);
    sandbox
}

#[test]
fn list_is_an_aligned_table_of_active_sessions_newest_first() {
    let sandbox = three_sessions();
    insta::assert_snapshot!(pinned(&sandbox.ok(&["list"])), @r"
    ID   STATUS  ACTIVE                       MSGS  NAME OR FIRST MESSAGE
    one  active  [time]     0  first
    ");
    insta::assert_snapshot!(pinned(&sandbox.ok(&["list", "--status", "all"])), @r"
    ID     STATUS      ACTIVE                       MSGS  NAME OR FIRST MESSAGE  TAGS
    three  archived    [time]     0                         blue,red
    two    background  [time]     1  fix the build
    one    active      [time]     0  first
    ");
}

#[test]
fn list_filters_by_status_text_tag_directory_and_time() {
    let sandbox = three_sessions();
    let ids = |arguments: &[&str]| -> Vec<String> {
        let arguments: Vec<_> = ["list"].iter().chain(arguments).copied().collect();
        let lines = sandbox.json(&arguments).into_iter();
        lines.map(|line| line["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&[]), ["one"]);
    assert_eq!(ids(&["--status", "background,archived"]), ["three", "two"]);
    assert_eq!(ids(&["--status", "all", "--search", "BUILD"]), ["two"]);
    assert_eq!(ids(&["--status", "all", "--tag", "red", "--tag", "blue"]), ["three"]);
    assert_eq!(ids(&["--status", "all", "--here"]), ["one"]);
    assert_eq!(ids(&["--status", "all", "--since", "1h", "--limit", "2"]), ["three", "two"]);
    assert_eq!(ids(&["--status", "all", "--until", "1h"]), [""; 0]);
    assert_eq!(ids(&["--status", "all", "--sort", "name"]), ["one", "three", "two"]);
}

#[test]
fn show_names_what_is_known() {
    let sandbox = three_sessions();
    sandbox.ok(&["set", "two", "issue", "42"]);
    insta::assert_snapshot!(pinned(&sandbox.ok(&["show", "two"])), @r"
    id            two
    status        background
    created       [time]
    last active   [time]
    messages      1
    files         0
    first message fix the build
    seq           3
    field         issue = 42
    ");
}

#[test]
fn log_tells_who_did_what_in_order() {
    let sandbox = three_sessions();
    let log = sandbox.ok(&["history", "three"]);
    let log = log.replace(sandbox.path("").to_str().unwrap(), "/here/");
    insta::assert_snapshot!(pinned(&log), @r"
    [time]      1  ada  created in /here/elsewhere
    [time]      2  ada  tagged red
    [time]      3  ada  tagged blue
    [time]      4  ada  archived
    ");
}

#[test]
fn log_without_a_session_merges_all_by_time() {
    let sandbox = three_sessions();
    sandbox.ok(&["record", "one", "--role", "user", "last"]);
    let lines = sandbox.json(&["log"]);
    let places: Vec<_> = lines
        .iter()
        .map(|line| (line["session"].as_str().unwrap(), line["seq"].as_u64().unwrap()))
        .collect();
    let expected = [
        ("one", 1),
        ("two", 1),
        ("two", 2),
        ("three", 1),
        ("three", 2),
        ("three", 3),
        ("three", 4),
        ("one", 2),
    ];
    assert_eq!(places, expected);
    let newest: Vec<_> = sandbox.json(&["log", "--limit", "3"]);
    assert_eq!(newest, lines[5..]);
    assert_eq!(sandbox.json(&["log", "--type", "tagged", "--type", "archived"]).len(), 3);
    assert_eq!(sandbox.json(&["log", "--by", "ada"]).len(), 8);
    assert!(sandbox.json(&["log", "--by", "eve"]).is_empty());
    assert!(sandbox.json(&["log", "--until", "1d"]).is_empty());
    assert_eq!(sandbox.json(&["log", "three", "--limit", "2"]), lines[5..7]);
}

#[test]
fn errors_say_what_to_do_next() {
    let sandbox = three_sessions();
    insta::assert_snapshot!(sandbox.run(&["record", "three", "--role", "user", "x"]).stderr, @r"
    error: three: the session is archived: restore it first
    hint: change the status first: `annals show` tells what it is
    ");
    insta::assert_snapshot!(sandbox.run(&["show", "nowhere"]).stderr, @r#"
    error: no session goes by "nowhere"
    hint: see what there is with `annals list --status all`
    "#);
}

#[test]
fn colours_come_only_when_they_are_asked_for() {
    let sandbox = three_sessions();
    let list = ["list"];
    let mut plain = sandbox.command(&list);
    plain.env_remove("NO_COLOR");
    assert!(!run(plain, b"").expect(0).stdout.contains('\u{1b}'), "no terminal, no colour");
    let always = sandbox.ok(&["list", "--color", "always"]);
    assert!(always.starts_with("\u{1b}[1mID"), "{always:?}");
    let mut forced = sandbox.command(&["show", "nowhere", "--color", "always"]);
    forced.env_remove("NO_COLOR");
    assert!(run(forced, b"").stderr.starts_with("\u{1b}["));
}

#[test]
fn logging_goes_to_standard_error_and_only_when_asked_for() {
    let sandbox = three_sessions();
    assert_eq!(sandbox.run(&["list"]).expect(0).stderr, "");
    assert!(sandbox.run(&["-vv", "list"]).expect(0).stderr.contains("DEBUG"));
    let mut command = sandbox.command(&["list"]);
    command.env("ANNALS_LOG", "annals=info");
    let ran = run(command, b"").expect(0);
    assert!(ran.stderr.contains("INFO") && !ran.stderr.contains("DEBUG"), "{ran:?}");
}

#[test]
fn help_version_and_completions_need_no_store() {
    let sandbox = Sandbox::new();
    let version = sandbox.ok(&["--version"]);
    assert_eq!(version, format!("annals {}\n", env!("CARGO_PKG_VERSION")));
    let help = sandbox.ok(&["--help"]);
    for command in ["create", "verify", "recover", "import", "completions"] {
        assert!(help.contains(&format!("\n  {command} ")), "{command}: {help}");
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(sandbox.ok(&["completions", shell]).contains("annals"));
    }
    sandbox.run(&[]).expect(2);
}
