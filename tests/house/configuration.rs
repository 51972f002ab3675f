//! The page on configuration lists what can be configured.

use annals::config::{Config, KEYS, Key};

use crate::tree::root;

/// A key as a row of the table in `docs/configuration.md`.
fn row(key: &Key) -> String {
    let default = key.shown(&Config::default());
    let default = default.map_or_else(|| "none".to_owned(), |default| format!("`{default}`"));
    let (name, expected, variable, about) =
        (key.name, key.kind.expected(), key.variable(), key.about);
    format!("| `{name}` | {expected} | {default} | `{variable}` | {about} |")
}

#[test]
fn the_page_on_configuration_has_every_key_as_it_is() {
    let page = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let head = ["| key | values | default | variable | what it is for |", "|---|---|---|---|---|"];
    let table: Vec<String> =
        head.iter().map(ToString::to_string).chain(KEYS.iter().map(row)).collect();
    let rows: Vec<&str> =
        page.lines().filter(|line| line.starts_with("| ") || line.starts_with("|-")).collect();

    assert_eq!(rows, table, "docs/configuration.md has to have:\n{}", table.join("\n"));
}
