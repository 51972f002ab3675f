//! Every kind of damage to journals of every shape: what `verify` says of it, what `recover` saves
//! from it, and the page about it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod bystander;
#[path = "../support/figures.rs"]
mod figures;
mod judge;
mod kinds;
mod medium;
mod mending;
mod page;
mod rivals;
mod shapes;
mod tally;
#[allow(dead_code, reason = "another runner pads its journals itself")]
#[path = "../format/writing.rs"]
mod writing;

use std::path::Path;
use std::sync::OnceLock;
use std::thread;

use figures::figure;
use judge::Judged;
use kinds::Kind;
use shapes::{Scale, Shape, shapes};

const THREADS: usize = 2;

/// Everything, judged once for all tests.
fn judged() -> &'static Judged {
    static JUDGED: OnceLock<Judged> = OnceLock::new();
    JUDGED.get_or_init(|| {
        let scale = if figures::long_form() { Scale::LONG } else { Scale::QUICK };
        let shapes = shapes(scale);
        let mut all = Judged::default();
        thread::scope(|scope| {
            let shapes = &shapes;
            let workers: Vec<_> = (0..THREADS)
                .map(|first| scope.spawn(move || judge(shapes.iter().skip(first).step_by(THREADS))))
                .collect();
            for worker in workers {
                all.take(worker.join().unwrap());
            }
        });
        all
    })
}

fn judge<'a>(shapes: impl Iterator<Item = &'a Shape>) -> Judged {
    let mut judged = Judged::default();
    for shape in shapes {
        for (kind, _) in Kind::ALL {
            judged.judge(shape, kind);
        }
    }
    judged
}

fn count(of: impl Fn(&tally::Tally) -> u64) -> u64 {
    judged().tallies.values().map(of).sum()
}

#[test]
fn every_verdict_is_the_one_of_somebody_who_knows_the_sound_journal() {
    judged().verdicts.assert_none();
    figure("damaged journals judged", count(|tally| tally.cases));
}

#[test]
fn no_damage_to_a_record_goes_unnoticed() {
    judged().not_noticed.assert_none();
    figure("damage not noticed", count(|tally| tally.not_noticed));
    figure("damage not noticed by JSON Lines", count(|tally| tally.json_lines.not_noticed));
}

#[test]
fn no_unfinished_write_is_called_corrupt() {
    judged().torn_called_corrupt.assert_none();
    let unfinished = judged().tallies.iter().filter(|((kind, _), _)| kind.is_unfinished());
    figure("unfinished writes judged", unfinished.map(|(_, tally)| tally.cases).sum::<u64>());
}

#[test]
fn acknowledged_records_are_called_unfinished_only_where_nothing_tells_them_apart() {
    judged().corrupt_called_torn.assert_none();
    judged().anchored.assert_none();
}

#[test]
fn no_intact_record_is_lost() {
    judged().intact_lost.assert_none();
}

#[test]
fn a_recovery_keeps_what_is_intact_names_what_is_lost_and_leaves_nothing_to_do() {
    judged().mending.assert_none();
    figure("recoveries of damaged journals", count(|tally| tally.mended));
}

#[test]
fn the_page_says_what_was_counted() {
    // The page has the counts of the quick form, which are the same in every run.
    if figures::long_form() {
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reliability/damage.md");
    let counted = page::page(judged());
    if std::env::var_os("ANNALS_WRITE_PAGES").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &counted).unwrap();
    }

    let written = std::fs::read_to_string(&path).unwrap();

    let differing = counted.lines().zip(written.lines()).find(|(now, then)| now != then);
    assert_eq!(
        differing, None,
        "write the page anew: ANNALS_WRITE_PAGES=1 cargo test --test damage"
    );
    assert_eq!(counted.len(), written.len());
}
