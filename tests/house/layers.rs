//! A module imports only from layers below its own.

use crate::tree::rust_files;

/// The layers, each above those before it. Each is a folder of `src`.
const LAYERS: [&str; 10] = [
    "vocabulary",
    "format",
    "disk",
    "journal",
    "repository",
    "manager",
    "config",
    "telemetry",
    "serve",
    "cli",
];

/// Where a layer stands, from the bottom; `None` for what is no layer.
fn height(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == name)
}

/// The objections to one file, each as `file:line: what is wrong`.
fn objections(file: &str, text: &str) -> Vec<String> {
    let layer = file.strip_prefix("src/").and_then(|rest| rest.split(['/', '.']).next()).unwrap();
    // lib.rs and main.rs stand above all layers.
    let Some(own) = height(layer) else { return Vec::new() };
    let mut objections = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.contains("super::super") {
            objections.push(format!("{file}:{number}: write the path from `crate::` on"));
        }
        for used in used_layers(line) {
            match height(used) {
                Some(other) if other > own => objections
                    .push(format!("{file}:{number}: {layer} uses {used}, a layer above it")),
                Some(_) => {}
                None => objections.push(format!("{file}:{number}: {used} is no layer")),
            }
        }
    }
    objections
}

/// The first parts of the paths that begin with `crate::` in a line of code or documentation.
fn used_layers(line: &str) -> Vec<&str> {
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let paths = line.split("crate::").skip(1);
    paths.map(|path| path.split(|character| !is_name(character)).next().unwrap()).collect()
}

#[test]
fn every_module_uses_only_the_layers_below_its_own() {
    let objections: Vec<String> =
        rust_files("src").iter().flat_map(|(file, text)| objections(file, text)).collect();

    assert!(objections.is_empty(), "\n{}", objections.join("\n"));
}

#[test]
fn every_layer_is_a_folder_and_every_folder_a_layer() {
    let mut folders: Vec<String> = rust_files("src")
        .iter()
        .filter_map(|(file, _)| Some(file.strip_prefix("src/")?.split_once('/')?.0.to_owned()))
        .collect();
    folders.sort();
    folders.dedup();
    let mut layers = LAYERS.map(str::to_owned).to_vec();
    layers.sort();

    assert_eq!(folders, layers);
}

#[test]
fn an_import_from_above_is_named_with_file_and_line() {
    let text = "use crate::vocabulary::SessionId;\n\nuse crate::manager::SessionManager;\n";

    let found = objections("src/disk/real.rs", text);

    assert_eq!(found, ["src/disk/real.rs:3: disk uses manager, a layer above it"]);
}

#[test]
fn a_path_in_the_middle_of_a_line_counts_too() {
    let text = "pub(in crate::cli) fn f(x: &crate::format::Seed, y: crate::attic::Z) {}\n";

    assert_eq!(objections("src/cli/args.rs", text), ["src/cli/args.rs:1: attic is no layer"]);
    assert_eq!(objections("src/format/line.rs", text).len(), 2);
}
