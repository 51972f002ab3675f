//! `annals health`.

use serde_json::json;

use crate::sandbox::{Sandbox, flip_byte, hold_lock, line_of};

fn with_sessions() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["apple", "pear", "plum"] {
        sandbox.ok(&["create", "--id", name, "--message", "hello"]);
    }
    sandbox
}

fn damage(sandbox: &Sandbox, session: &str) {
    let (offset, _) = line_of(&sandbox.journal(session), 1);
    flip_byte(&sandbox.journal(session), offset + 120);
}

#[test]
fn one_process_knows_what_the_one_before_has_verified() {
    let sandbox = with_sessions();
    let first = sandbox.json(&["health"]).remove(0);
    assert_eq!(first["verified"], json!({"now": 3, "earlier": 0, "never": 0}));
    let catalog = sandbox.store().join("catalog");
    assert!(catalog.join("verified").exists());
    let full = sandbox.json(&["health", "--full"]).remove(0);
    assert_eq!(full["verified"], json!({"now": 3, "earlier": 0, "never": 0}));
    std::fs::remove_dir_all(catalog).unwrap();
    let again = sandbox.json(&["health"]).remove(0);
    assert_eq!(again["verified"], json!({"now": 3, "earlier": 0, "never": 0}));
}

#[test]
fn what_was_found_is_printed_with_its_next_step() {
    let sandbox = with_sessions();
    sandbox.run(&["health"]).expect(0);
    damage(&sandbox, "pear");
    for _ in 0..2 {
        let people = sandbox.run(&["health"]).expect(1);
        assert!(people.stdout.starts_with("critical: 3 sessions"), "{people:?}");
        assert!(people.stdout.contains("corrupt: pear, seq 1"), "{people:?}");
        assert!(people.stdout.contains("next: see what can be kept"), "{people:?}");
    }
    let health = sandbox.run(&["--json", "health"]).expect(1).json().remove(0);
    assert_eq!((&health["status"], &health["corrupted_sessions"]), (&json!("critical"), &json!(1)));
    assert_eq!(health["findings"][0]["session"], "pear");
    assert_eq!(health["finding_counts"], json!({"corrupt": 1}));
    assert_eq!(health["locks_held"], 0);
    assert!(health["store_bytes"].as_u64().unwrap() >= 3 * 4096, "{health}");
}

#[test]
fn monitoring_systems_get_the_codes_they_know() {
    let sandbox = with_sessions();
    let nagios = ["health", "--exit-code", "nagios"];
    sandbox.run(&nagios).expect(0);
    damage(&sandbox, "pear");
    sandbox.run(&nagios).expect(2);
    sandbox.run(&["health"]).expect(1);
    let elsewhere = sandbox.file("photos/cat.jpg", "meow");
    let photos = std::path::Path::new(&elsewhere).parent().unwrap().to_str().unwrap();
    sandbox.run(&["--store", photos, "health", "--exit-code", "nagios"]).expect(3);
    sandbox.run(&["--store", photos, "health"]).expect(8);
    sandbox.run(&["--config", "nowhere", "health", "--exit-code", "nagios"]).expect(3);
    sandbox.run(&["health", "--exit-code", "sysv"]).expect(2);
}

#[test]
fn a_lock_that_is_held_for_too_long_is_a_warning_and_code_1_in_either_style() {
    let sandbox = with_sessions();
    let strict = sandbox.file("strict.toml", "health_stale_locks_max = 0\nlock_timeout_ms = 0\n");
    let lock = sandbox.store().join("sessions/pear/lock");
    // As its last holder would have left it while it had the lock.
    let held =
        std::fs::read_to_string(&lock).unwrap().replace("\"state\":\"free\"", "\"state\":\"held\"");
    std::fs::write(&lock, held).unwrap();
    for style in ["annals", "nagios"] {
        let arguments = ["--config", &strict, "--json", "health", "--exit-code", style];
        let idle = sandbox.run(&arguments).expect(0).json().remove(0);
        assert_eq!((&idle["stale_locks"], &idle["locks_held"]), (&json!(0), &json!(0)));
        let _holder = hold_lock(&lock);
        let busy = sandbox.run(&arguments).expect(1).json().remove(0);
        assert_eq!((&busy["stale_locks"], &busy["locks_held"]), (&json!(1), &json!(1)));
        assert_eq!(busy["status"], "warn");
    }
}
