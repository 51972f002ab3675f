//! The rules for Prometheus and the dashboard for Grafana fit what annals says of itself, and the
//! runbook has a section for whatever they or a finding may call somebody for.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use annals::manager::open_metrics;
use annals::vocabulary::FindingClass;
use annals::{InMemoryRepository, SessionManager};
use serde_json::Value;

use crate::pages::{anchor, headings};
use crate::tree::root;

const RUNBOOK: &str = "docs/SESSION_RUNBOOK.md";

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Runs promtool beside the rules, and returns what it says.
fn promtool(arguments: &[&str]) -> String {
    let mut command = Command::new("promtool");
    command.current_dir(root().join("tools/monitoring")).args(arguments);
    let output = command.output().unwrap_or_else(|error| {
        panic!("promtool: {error}; `tools/setup promtool` installs it");
    });
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "promtool {arguments:?}:\n{said}");
    said
}

#[test]
fn the_alert_rules_are_sound_and_each_fires_when_it_should() {
    promtool(&["check", "rules", "alerts.yml"]);
    promtool(&["test", "rules", "alerts_test.yml"]);
    promtool(&["check", "config", "prometheus.yml"]);
}

/// The values of a key in the rules, which is enough of YAML for a file of our own.
fn fields(key: &str) -> Vec<String> {
    let rules = read("tools/monitoring/alerts.yml");
    let prefix = format!("{key}: ");
    let lines = rules.lines().map(|line| line.trim_start_matches([' ', '-']));
    lines.filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned).collect()
}

#[test]
fn every_alert_is_tested_to_fire_and_not_to() {
    let tests = read("tools/monitoring/alerts_test.yml");
    let alerts = fields("alert");
    assert_eq!(alerts.len(), 8, "{alerts:?}");
    for alert in alerts {
        assert!(tests.contains(&format!("        alertname: {alert}\n")), "{alert} never fires");
        assert!(tests.contains(&format!("alertname: {alert}}}")), "{alert} always fires");
    }
}

#[test]
fn the_runbook_has_a_section_for_every_alert_and_every_class_of_finding() {
    let runbook = read(RUNBOOK);
    let anchors: BTreeSet<String> = headings(&runbook).into_iter().map(anchor).collect();
    for alert in fields("alert") {
        assert!(anchors.contains(&alert.to_lowercase()), "{RUNBOOK} has no section {alert}");
    }
    for (_, class) in FindingClass::ALL {
        assert!(anchors.contains(class), "{RUNBOOK} has no section {class}");
    }
    let alerts = fields("alert");
    let links = fields("runbook_url");
    assert_eq!(links.len(), alerts.len());
    for (alert, link) in alerts.iter().zip(links) {
        assert_eq!(link, format!("{RUNBOOK}#{}", alert.to_lowercase()));
    }
}

/// The names of metrics in an expression.
fn metrics(expression: &str) -> Vec<&str> {
    let is_of_a_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let words = expression.split(|character| !is_of_a_name(character));
    words.filter(|word| word.starts_with("annals_")).collect()
}

/// Every value of a key, wherever it is in a document.
fn values<'a>(document: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match document {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == key {
                    found.push(value);
                }
                values(value, key, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| values(item, key, found)),
        _ => {}
    }
}

#[test]
fn the_dashboard_asks_whatever_datasource_it_is_given() {
    let dashboard: Value = serde_json::from_str(&read("tools/monitoring/grafana.json")).unwrap();
    let mut sources = Vec::new();
    values(&dashboard, "datasource", &mut sources);
    assert!(sources.len() > 8, "{sources:?}");
    for source in sources {
        assert_eq!(source["uid"], "${datasource}", "{source}");
    }
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert!(variables.iter().any(|variable| {
        variable["name"] == "datasource"
            && variable["type"] == "datasource"
            && variable["query"] == "prometheus"
    }));
}

/// The names of samples that annals has for what it says of itself.
fn exported() -> BTreeSet<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let manager = SessionManager::new(InMemoryRepository::new());
    let health = runtime.block_on(manager.health_check()).unwrap();
    let text = open_metrics(&manager.metrics(), Some(&health));
    let families = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let names = families.flat_map(|(name, kind)| {
        let endings: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_sum", "_count"],
            _ => &[""],
        };
        endings.iter().map(move |ending| format!("{name}{ending}"))
    });
    names.collect()
}

#[test]
fn every_metric_that_rules_and_dashboard_ask_for_is_one_that_annals_has() {
    let dashboard: Value = serde_json::from_str(&read("tools/monitoring/grafana.json")).unwrap();
    let mut expressions = Vec::new();
    values(&dashboard, "expr", &mut expressions);
    let rules = read("tools/monitoring/alerts.yml");
    let mut asked: BTreeSet<&str> = metrics(&rules).into_iter().collect();
    asked.extend(expressions.iter().flat_map(|expression| metrics(expression.as_str().unwrap())));
    assert!(asked.len() > 15, "{asked:?}");
    let exported = exported();
    let unknown: Vec<_> = asked.iter().filter(|name| !exported.contains(**name)).collect();
    assert!(unknown.is_empty(), "{unknown:?} are none of {exported:?}");
}
