//! `annals config`, and what a configuration does to the other commands.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::sandbox::{Ran, Sandbox, hold_lock, run};

const FILE: &str = "home/.config/annals/config.toml";

/// The setting of a key, as `--json` prints it.
fn setting(lines: &[Value], key: &str) -> Value {
    lines.iter().find(|line| line["key"] == key).unwrap().clone()
}

fn with_variables(sandbox: &Sandbox, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let mut command = sandbox.command(arguments);
    command.envs(variables.iter().copied());
    run(command, b"")
}

#[test]
fn without_a_file_every_key_has_its_default() {
    let sandbox = Sandbox::new();
    let lines = sandbox.json(&["config"]);
    for line in &lines {
        assert_eq!(
            (&line["source"], &line["value"]),
            (&json!("default"), &line["default"]),
            "{line}"
        );
    }
    assert_eq!(setting(&lines, "store")["value"], sandbox.store().to_str().unwrap());
    assert_eq!(setting(&lines, "lock_timeout_ms")["value"], "30000");
    assert_eq!(setting(&lines, "lock_timeout_ms")["variable"], "ANNALS_LOCK_TIMEOUT_MS");
    assert_eq!(setting(&lines, "health_error_rate_max")["value"], "0.01");
    assert_eq!(setting(&lines, "serve_token")["value"], Value::Null);
    let people = sandbox.run(&["config"]).expect(0);
    assert!(people.stdout.contains("lock_timeout_ms") && people.stderr.is_empty(), "{people:?}");
}

#[test]
fn a_flag_counts_more_than_a_variable_and_a_variable_more_than_the_file() {
    let sandbox = Sandbox::new();
    let file =
        sandbox.file(FILE, "# mine\nlock_timeout_ms = 1000\ncatalog = false\nmetrics = \"off\"\n");
    let variables = [("ANNALS_LOCK_TIMEOUT_MS", "2000"), ("ANNALS_CATALOG", "on")];
    let of_all = ["--json", "config", "--lock-timeout", "3s"];
    let ran = with_variables(&sandbox, &variables, &of_all).expect(0).json();
    let timeout = setting(&ran, "lock_timeout_ms");
    assert_eq!((&timeout["value"], &timeout["source"]), (&json!("3000"), &json!("--lock-timeout")));
    let ran = with_variables(&sandbox, &variables, &["--json", "config"]).expect(0).json();
    let timeout = setting(&ran, "lock_timeout_ms");
    let catalog = setting(&ran, "catalog");
    assert_eq!(
        (&timeout["value"], &timeout["source"]),
        (&json!("2000"), &json!("ANNALS_LOCK_TIMEOUT_MS"))
    );
    assert_eq!((&catalog["value"], &catalog["source"]), (&json!("on"), &json!("ANNALS_CATALOG")));
    let ran = sandbox.json(&["config"]);
    let metrics = setting(&ran, "metrics");
    assert_eq!(
        (&metrics["value"], &metrics["source"]),
        (&json!("off"), &json!(format!("{file}:4")))
    );
    assert_eq!(setting(&ran, "lock_timeout_ms")["value"], "1000");
}

#[test]
fn an_empty_variable_says_nothing() {
    let sandbox = Sandbox::new();
    let variables = [("ANNALS_STORE", ""), ("ANNALS_LOCK_TIMEOUT_MS", ""), ("ANNALS_CONFIG", "")];
    let ran = with_variables(&sandbox, &variables, &["--json", "config"]).expect(0).json();
    assert_eq!(setting(&ran, "store")["source"], "default");
}

#[test]
fn the_file_may_be_elsewhere() {
    let sandbox = Sandbox::new();
    sandbox.file(FILE, "nonsense = 1\n");
    let named = sandbox.file("mine.toml", "lock_timeout_ms = 7\n");
    let other = sandbox.file("other.toml", "lock_timeout_ms = 8\n");
    let by_variable = with_variables(&sandbox, &[("ANNALS_CONFIG", &named)], &["--json", "config"]);
    assert_eq!(setting(&by_variable.expect(0).json(), "lock_timeout_ms")["value"], "7");
    let arguments = ["--json", "--config", &other, "config"];
    let by_flag = with_variables(&sandbox, &[("ANNALS_CONFIG", &named)], &arguments);
    assert_eq!(setting(&by_flag.expect(0).json(), "lock_timeout_ms")["value"], "8");
    let missing = sandbox.run(&["--json", "--config", "nowhere.toml", "list"]).expect(2).error();
    assert_eq!(missing["kind"], "invalid-config");
}

#[test]
fn a_file_that_cannot_be_meant_is_refused_with_its_line_and_a_suggestion() {
    let cases = [
        ("\n\nlock_timeout = 5\n", ":3: lock_timeout is nothing", "did you mean lock_timeout_ms?"),
        (
            "[health]\nstale_locks_max = 3\n",
            ":2: health.stale_locks_max is nothing",
            "did you mean health_stale_locks_max?",
        ),
        ("zebra = 1\n", ":1: zebra is nothing", "docs/configuration.md"),
        ("lock_timeout_ms = -1\n", "must be a whole number from 0 to 86400000", "configuration.md"),
        ("lock_timeout_ms = 86400001\n", "must be from 0 to 86400000, and is 86400001", ""),
        ("lock_timeout_ms = 99999999999999999999999\n", "must be from 0 to 86400000", ""),
        ("lock_timeout_ms = 1979-05-27\n", "lock_timeout_ms must be a whole number", ""),
        ("health_error_rate_max = 1.5\n", "must be from 0 to 1, and is 1.5", ""),
        ("health_error_rate_max = nan\n", "must be from 0 to 1, and is nan", ""),
        ("health_rotation_checks = 0\n", "must be from 1 to 10000, and is 0", ""),
        ("catalog = 1\n", "must be on or off, and is \"1\"", ""),
        ("durability = \"hopeful\"\n", "must be sync or buffered", ""),
        ("serve_listen = \"localhost\"\n", "must be an address with a port", ""),
        ("telemetry_endpoint = \"https://a\"\n", "must be an address that begins with http://", ""),
        ("catalog = \n", ":1: ", "key = value"),
        ("catalog = true\ncatalog = false\n", ":2: ", "key = value"),
    ];
    for (content, message, hint) in cases {
        let sandbox = Sandbox::new();
        sandbox.file(FILE, content);
        for command in ["config", "list", "health"] {
            let error = sandbox.run(&["--json", command]).expect(2).error();
            assert_eq!(error["kind"], "invalid-config", "{content:?}");
            assert!(error["message"].as_str().unwrap().contains(message), "{content:?}: {error}");
            assert!(error["hint"].as_str().unwrap().contains(hint), "{content:?}: {error}");
        }
        sandbox.run(&["completions", "bash"]).expect(0);
    }
}

#[test]
fn what_is_no_text_or_too_long_is_no_configuration() {
    let sandbox = Sandbox::new();
    for content in [b"log = \"\xff\"\n".to_vec(), vec![b'#'; 64 * 1024 + 1]] {
        let file = sandbox.file("odd.toml", content);
        let error = sandbox.run(&["--json", "--config", &file, "list"]).expect(2).error();
        assert_eq!(error["kind"], "invalid-config", "{error}");
    }
}

#[test]
fn an_unknown_variable_is_an_error_with_a_suggestion() {
    let sandbox = Sandbox::new();
    let cases = [
        ("ANNALS_CATALOGUE", "off", "did you mean ANNALS_CATALOG?"),
        ("ANNALS_LOCK_TIMEOUT", "5", "did you mean ANNALS_LOCK_TIMEOUT_MS?"),
        ("ANNALS_CONFIGS", "x", "did you mean ANNALS_CONFIG?"),
    ];
    for (variable, value, hint) in cases {
        let ran = with_variables(&sandbox, &[(variable, value)], &["--json", "list"]);
        let error = ran.expect(2).error();
        assert_eq!((&error["kind"], &error["hint"]), (&json!("invalid-config"), &json!(hint)));
        assert!(error["message"].as_str().unwrap().contains(variable), "{error}");
    }
    with_variables(&sandbox, &[("ANNALS_TEST_SEED", "4")], &["list"]).expect(0);
    with_variables(&sandbox, &[("ANNALSX", "4")], &["list"]).expect(0);
}

#[test]
fn a_token_is_never_shown_and_never_read_from_a_file_that_others_can_read() {
    let sandbox = Sandbox::new();
    let file = sandbox.file(FILE, "serve_token = \"plum-tree-secret\"\n");
    let set_mode = |mode| std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
    for mode in [0o644, 0o640, 0o604] {
        set_mode(mode);
        let refused = sandbox.run(&["config"]).expect(2);
        assert!(refused.stderr.contains("others can read it"), "{refused:?}");
        assert!(!refused.stderr.contains("plum-tree"), "{refused:?}");
    }
    set_mode(0o600);
    let lines = sandbox.json(&["config"]);
    assert_eq!(setting(&lines, "serve_token")["value"], "set");
    let people = sandbox.run(&["config"]).expect(0);
    assert!(!people.stdout.contains("plum-tree") && !people.stderr.contains("plum-tree"));
    let variables = [("ANNALS_SERVE_TOKEN", "pear-tree-secret")];
    let ran = with_variables(&sandbox, &variables, &["config", "--json"]).expect(0);
    assert!(!ran.stdout.contains("pear-tree"), "{ran:?}");
}

#[test]
fn what_is_configured_is_what_commands_do() {
    let sandbox = Sandbox::new();
    sandbox.file(FILE, "lock_timeout_ms = 20\nsnapshot_every_records = 3\ncatalog = \"off\"\n");
    sandbox.ok(&["create", "--id", "demo"]);
    for _ in 0..4 {
        sandbox.ok(&["record", "demo", "--role", "user", "hello"]);
    }
    assert!(sandbox.store().join("sessions/demo/snapshot.json").exists());
    sandbox.ok(&["list"]);
    assert!(!sandbox.store().join("catalog").exists());
    let held = hold_lock(&sandbox.store().join("sessions/demo/lock"));
    sandbox.run(&["archive", "demo"]).expect(6);
    drop(held);
    sandbox.ok(&["archive", "demo"]);
}

#[test]
fn limits_that_are_configured_decide_about_health() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create"]);
    sandbox.run(&["health"]).expect(0);
    sandbox.file(FILE, "health_stale_locks_max = 0\nhealth_samples_min = 1\n");
    let health = sandbox.json(&["health"]).remove(0);
    let checks = health["checks"].as_array().unwrap();
    let stale = checks.iter().find(|check| check["name"] == "stale_locks").unwrap();
    assert_eq!(stale["threshold"], 0.0);
}

#[test]
fn what_is_not_to_be_told_is_not_told() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "demo"]);
    sandbox.ok(&["list"]);
    let told = || {
        let figures = sandbox.json(&["metrics"]).remove(0);
        figures["writes"]["changes"].as_u64().unwrap()
    };
    let before = told();
    with_variables(&sandbox, &[("ANNALS_METRICS", "off")], &["rename", "demo", "Orchard"])
        .expect(0);
    assert_eq!(told(), before);
    sandbox.ok(&["rename", "demo", "Meadow"]);
    assert_eq!(told(), before + 1);
}

#[cfg(not(feature = "otel"))]
#[test]
fn a_build_that_knows_no_collectors_refuses_to_be_told_of_one_by_annals_own_key() {
    let sandbox = Sandbox::new();
    let own = ("ANNALS_TELEMETRY_ENDPOINT", "http://localhost:4318");
    for command in ["config", "list"] {
        let error = with_variables(&sandbox, &[own], &["--json", command]).expect(2).error();
        assert_eq!(error["kind"], "invalid-config");
        assert!(error["hint"].as_str().unwrap().contains("--features otel"), "{error}");
    }
    with_variables(&sandbox, &[own, ("ANNALS_TELEMETRY", "off")], &["list"]).expect(0);
    let standard = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
    let ran = with_variables(&sandbox, &[standard], &["--json", "config"]).expect(0).json();
    assert_eq!(setting(&ran, "telemetry_endpoint")["value"], Value::Null);
}

#[cfg(feature = "otel")]
#[test]
fn the_collector_of_all_programs_counts_less_than_the_file() {
    let sandbox = Sandbox::new();
    let standard = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:4318"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "key=plum-tree"),
    ];
    let ran = with_variables(&sandbox, &standard, &["--json", "config"]).expect(0).json();
    let endpoint = setting(&ran, "telemetry_endpoint");
    assert_eq!(
        (&endpoint["value"], &endpoint["source"]),
        (&json!("http://all:4318"), &json!("OTEL_EXPORTER_OTLP_ENDPOINT"))
    );
    assert_eq!(setting(&ran, "telemetry_headers")["value"], "set");
    sandbox.file(FILE, "telemetry_endpoint = \"http://own:4318\"\n");
    let ran = with_variables(&sandbox, &standard, &["--json", "config"]).expect(0).json();
    assert_eq!(setting(&ran, "telemetry_endpoint")["value"], "http://own:4318");
    assert_eq!(setting(&ran, "telemetry_headers")["value"], Value::Null);
}

#[cfg(feature = "serve")]
#[test]
fn a_server_that_is_switched_off_does_not_start() {
    let sandbox = Sandbox::new();
    let off = [("ANNALS_SERVE", "off")];
    let refused = with_variables(&sandbox, &off, &["serve", "--listen", "127.0.0.1:0"]).expect(2);
    assert!(refused.stderr.contains("switched off"), "{refused:?}");
}
