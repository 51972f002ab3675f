//! The fuzz targets on their kept corpus, and on seeded changes of it. The fuzzer itself is run by
//! `tools/fuzz/run`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

#[path = "../support/figures.rs"]
mod figures;
mod mutations;
#[path = "../../tools/fuzz/targets/mod.rs"]
mod targets;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use figures::figure;
use mutations::Mutations;
use targets::{ALL, Target};

/// Changed inputs of each target, for each one that is kept.
const CHANGES_QUICK: usize = 250;
const CHANGES_LONG: usize = 10_000;

/// The kept inputs of a target, by name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/fuzz/corpus").join(target);
    let mut inputs: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(Result::unwrap)
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    inputs.sort();
    inputs
}

/// Runs a target on one input; a failure says how to have it again.
fn run((name, target): Target, input: &[u8], which: &str) {
    if catch_unwind(|| target(input)).is_err() {
        let kept = std::env::temp_dir().join(format!("annals-fuzz-{name}"));
        fs::write(&kept, input).unwrap();
        panic!("{name} fails on {which}: the input is in {}", kept.display());
    }
}

#[test]
fn no_target_fails_on_what_is_kept_nor_on_changes_of_it() {
    let changes = if figures::long_form() { CHANGES_LONG } else { CHANGES_QUICK };
    let mut runs = 0;
    for target in ALL {
        let corpus = corpus(target.0);
        assert!(!corpus.is_empty(), "{} has no corpus", target.0);
        let inputs: Vec<&[u8]> = corpus.iter().map(|(_, input)| &**input).collect();
        for (index, (name, input)) in corpus.iter().enumerate() {
            run(target, input, name);
            let mut mutations = Mutations::seeded(index as u64);
            for change in 0..changes {
                let which = format!("change {change} of {name}");
                run(target, &mutations.of(input, &inputs), &which);
            }
            runs += 1 + changes;
        }
    }
    figure("fuzz inputs run in the tests", runs);
}

#[test]
fn an_empty_input_fails_nowhere() {
    ALL.into_iter().for_each(|target| run(target, b"", "nothing"));
}
