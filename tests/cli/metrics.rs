//! `annals metrics`: what all processes did, shown by one that did nothing.

use std::process::Command;

use serde_json::Value;

use crate::sandbox::{Sandbox, hold_lock, run};

fn figures(sandbox: &Sandbox) -> Value {
    let lines = sandbox.json(&["metrics"]);
    assert_eq!(lines.len(), 1, "one object");
    lines.into_iter().next().unwrap()
}

/// How many entries of figures the feed of the catalog has.
fn told(sandbox: &Sandbox) -> usize {
    let catalog = sandbox.store().join("catalog");
    let entries = std::fs::read_dir(catalog).unwrap().map(|entry| entry.unwrap().path());
    let feeds = entries.filter(|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("feed-"))
    });
    feeds.map(|feed| std::fs::read_to_string(feed).unwrap().matches("\"measured\"").count()).sum()
}

#[test]
fn figures_of_processes_that_have_ended_are_shown_by_another() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "orchard"]);
    sandbox.ok(&["record", "orchard", "--role", "user", "hello"]);
    sandbox.run(&["rename", "missing", "name"]).expect(3);
    let figures = figures(&sandbox);
    assert_eq!(figures["operations"]["create_session"]["calls"], 1);
    assert_eq!(figures["operations"]["change"]["calls"], 1);
    assert_eq!(figures["operations"]["change"]["latency"]["samples"], 1);
    assert_eq!(figures["operations"]["resolve"]["errors"]["not-found"], 1);
    assert_eq!((&figures["errors"], &figures["faults"]), (&1.into(), &0.into()));
    assert_eq!(figures["writes"]["changes"], 2);
    assert_eq!(figures["sessions"]["active"], 1);
    assert_eq!(figures["sessions"]["deleted"], 0);
}

#[test]
fn a_lock_that_could_not_be_had_is_a_time_out_and_a_fault() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "orchard"]);
    let held = hold_lock(&sandbox.store().join("sessions/orchard/lock"));
    sandbox.run(&["archive", "orchard", "--lock-timeout", "20ms"]).expect(6);
    drop(held);
    let figures = figures(&sandbox);
    assert_eq!((&figures["lock_timeouts"], &figures["faults"]), (&1.into(), &1.into()));
    assert_eq!(figures["operations"]["change"]["errors"]["busy"], 1);
}

#[test]
fn damage_that_was_met_and_recovered_is_counted() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "orchard", "--message", "hello"]);
    let (offset, _) = crate::sandbox::line_of(&sandbox.journal("orchard"), 1);
    crate::sandbox::flip_byte(&sandbox.journal("orchard"), offset + 120);
    sandbox.run(&["show", "orchard"]);
    sandbox.run(&["recover", "orchard", "--dry-run"]);
    sandbox.run(&["recover", "orchard"]);
    let figures = figures(&sandbox);
    assert_eq!(figures["recoveries"], 1);
    assert!(figures["findings"].as_u64().unwrap() >= 2, "{figures}");
}

#[test]
fn figures_outlive_the_folding_of_the_catalog_and_begin_again_with_a_new_one() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "orchard"]);
    for _ in 0..120 {
        sandbox.ok(&["show", "orchard"]);
    }
    let lines: String = (0..400)
        .map(|number| {
            format!("{{\"op\":\"record\",\"session\":\"orchard\",\"role\":\"user\",\"text\":\"{number}\"}}\n")
        })
        .collect();
    sandbox.run_with_input(&["--json", "batch"], lines).expect(0);
    for number in 0..150 {
        sandbox.ok(&["create", "--id", &format!("tree-{number}")]);
    }
    assert!(
        sandbox
            .store()
            .join("catalog")
            .read_dir()
            .unwrap()
            .any(|entry| { entry.unwrap().file_name().to_string_lossy().starts_with("measured-") })
    );
    let figures_now = figures(&sandbox);
    assert_eq!(figures_now["operations"]["create_session"]["calls"], 151);
    assert_eq!(figures_now["writes"]["changes"], 551);
    std::fs::remove_dir_all(sandbox.store().join("catalog")).unwrap();
    assert_eq!(figures(&sandbox)["calls"], 0);
}

#[test]
fn a_process_that_only_reads_tells_one_entry_and_one_that_shows_figures_none() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "orchard"]);
    // The first listing fills the catalog.
    sandbox.ok(&["list"]);
    for arguments in [&["list"][..], &["show", "orchard"], &["log"], &["verify"], &["show", "none"]]
    {
        let before = told(&sandbox);
        sandbox.run(arguments);
        assert_eq!(told(&sandbox), before + 1, "{arguments:?}");
    }
    let before = told(&sandbox);
    figures(&sandbox);
    sandbox.ok(&["metrics"]);
    sandbox.ok(&["completions", "bash"]);
    assert_eq!(told(&sandbox), before);
}

#[test]
fn where_there_is_no_store_nothing_is_made_and_all_is_zero() {
    let sandbox = Sandbox::new();
    let shown = sandbox.ok(&["metrics"]);
    assert!(shown.contains("0 of 0 calls"), "{shown}");
    assert_eq!(figures(&sandbox)["calls"], 0);
    sandbox.ok(&["list"]);
    assert!(!sandbox.store().exists());
}

#[test]
fn without_a_catalog_figures_are_told_to_none() {
    let sandbox = Sandbox::new();
    let create = || {
        let mut command = sandbox.command(&["create"]);
        command.env("ANNALS_CATALOG", "off");
        run(command, b"").expect(0)
    };
    create();
    assert!(!sandbox.store().join("catalog").exists());
    assert_eq!(figures(&sandbox)["calls"], 0);
}

#[test]
fn people_are_shown_a_line_an_operation_and_what_it_comes_to() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "orchard"]);
    sandbox.run(&["archive", "missing"]).expect(3);
    let shown = sandbox.ok(&["metrics"]);
    let lines: Vec<Vec<&str>> =
        shown.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["OPERATION", "CALLS", "ERRORS", "P50", "P95", "P99", "MAX"]);
    assert_eq!(lines[1][..3], ["create_session", "1", "0"]);
    assert_eq!(lines[2][..3], ["resolve", "1", "1"]);
    for (line, begins) in [
        (3, "errors: 1 of 2 calls, 0 faults"),
        (4, "appends: 1 records, 95 % within"),
        (6, "locks: 0 taken; 0 time-outs"),
        (7, "cache: 0 hits, 0 misses"),
        (8, "damage: 0 recoveries, 0 findings met"),
        (9, "sessions: 1 active, 0 background, 0 archived, 0 deleted"),
    ] {
        assert!(lines[line].join(" ").starts_with(begins), "{shown}");
    }
}

#[test]
fn monitoring_systems_are_given_text_that_promtool_accepts() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "orchard"]);
    sandbox.run(&["archive", "missing"]).expect(3);
    let text = sandbox.ok(&["metrics", "--format", "openmetrics"]);
    assert!(text.contains("annals_operations_total{operation=\"create_session\"} 1\n"), "{text}");
    assert!(text.ends_with("# EOF\n"), "{text}");
    let older = sandbox.ok(&["metrics", "--format", "prometheus"]);
    let file = std::fs::File::open(sandbox.file("metrics.txt", &older)).unwrap();
    let checked = Command::new("promtool").args(["check", "metrics"]).stdin(file).output();
    let checked = checked.expect("promtool is there: tools/setup promtool");
    assert!(checked.status.success(), "{checked:?}\n{older}");
}
