//! The table of the page: what was measured, held against the peers and the targets.

use crate::page::{number, table};
use crate::peers::{self, ANNALS, FLOOR, SQLITE};
use crate::rounds::Measured;
use crate::system;
use crate::works::{Better, Figure, Target};

/// Shown where there is nothing to show.
const NOTHING: &str = "–";

/// Everything that a run has to say for the page.
pub fn text(works: &[Measured]) -> String {
    [system::facts(), against_targets(works), every_peer(works), settings()].join("\n")
}

/// What stands above the columns of [`rows`].
pub const HEADING: [&str; 10] = [
    "work",
    "figure",
    "SQLite",
    "best other",
    "raw floor",
    "annals",
    "to SQLite",
    "to the floor",
    "target",
    "met",
];

/// One row a figure, with the targets.
pub fn rows(work: &Measured) -> Vec<Vec<String>> {
    let figures = work.figures.iter().enumerate();
    figures.map(|(index, figure)| row(work, index, figure)).collect()
}

fn against_targets(works: &[Measured]) -> String {
    let heading = std::iter::once(HEADING.map(str::to_owned).to_vec());
    table(&heading.chain(works.iter().flat_map(rows)).collect::<Vec<_>>())
}

fn row(work: &Measured, index: usize, figure: &Figure) -> Vec<String> {
    let of =
        |peer| work.median(peer, index).map_or(NOTHING.to_owned(), |value| show(figure, value));
    let best = work.best_other(index, figure).and_then(peers::named);
    let best =
        best.map_or(NOTHING.to_owned(), |peer| format!("{} {}", peer.title(), of(peer.name())));
    let times = |peer| match (figure.better, work.times(peer, index)) {
        (Better::Yes, _) | (_, None) => NOTHING.to_owned(),
        (_, Some(times)) => format!("{} ×", number(times)),
    };
    let (targets, met): (Vec<_>, Vec<_>) = figure
        .targets
        .iter()
        .map(|target| (wanted(figure, target), is_met(work, index, figure, target)))
        .unzip();
    let met = if met.is_empty() {
        ""
    } else if met.iter().all(|met| *met) {
        "yes"
    } else {
        "no"
    };
    vec![
        work.title.clone(),
        figure.name.to_owned(),
        of(SQLITE),
        best,
        of(FLOOR),
        format!("**{}**", of(ANNALS)),
        times(SQLITE),
        times(FLOOR),
        targets.join(", "),
        met.to_owned(),
    ]
}

fn wanted(figure: &Figure, target: &Target) -> String {
    let sign = if figure.better == Better::Lower { "≤" } else { "≥" };
    match target {
        Target::Times(peer, times) => {
            let title = peers::named(peer).map_or(*peer, |peer| peer.title());
            format!("{sign} {times} × {title}")
        }
        Target::Value(value) if figure.better == Better::Yes => show(figure, *value),
        Target::Value(value) => format!("{sign} {value}"),
    }
}

fn is_met(work: &Measured, index: usize, figure: &Figure, target: &Target) -> bool {
    let (value, limit) = match target {
        Target::Times(peer, times) => (work.times(peer, index), *times),
        Target::Value(limit) => (work.median(ANNALS, index), *limit),
    };
    value.is_some_and(|value| match figure.better {
        Better::Lower => value <= limit,
        Better::Higher | Better::Yes => value >= limit,
    })
}

fn show(figure: &Figure, value: f64) -> String {
    match figure.better {
        Better::Yes => if value >= 1.0 { "yes" } else { "no" }.to_owned(),
        Better::Higher | Better::Lower => number(value),
    }
}

/// One column a peer: the median, and the least and the most of all rounds.
pub fn every_peer(works: &[Measured]) -> String {
    let mut heading = vec!["work".to_owned(), "figure".to_owned()];
    heading.extend(peers::all().iter().map(|peer| peer.title().to_owned()));
    let mut rows = vec![heading];
    for work in works {
        for (index, figure) in work.figures.iter().enumerate() {
            let mut row = vec![work.title.clone(), figure.name.to_owned()];
            row.extend(peers::all().iter().map(|peer| spread(work, index, figure, peer.name())));
            rows.push(row);
        }
    }
    format!(
        "Of every peer, the median of all rounds, with the least and the most:\n\n{}",
        table(&rows)
    )
}

fn spread(work: &Measured, index: usize, figure: &Figure, peer: &str) -> String {
    let (Some(values), Some(median)) = (work.values(peer, index), work.median(peer, index)) else {
        return NOTHING.to_owned();
    };
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match figure.better {
        Better::Yes => show(figure, median),
        Better::Higher | Better::Lower => {
            format!("{} ({} – {})", number(median), number(least), number(most))
        }
    }
}

fn settings() -> String {
    let mut rows = vec![vec!["peer".to_owned(), "settings".to_owned()]];
    let all = peers::all();
    rows.extend(all.iter().map(|peer| vec![peer.title().to_owned(), peer.settings().to_owned()]));
    format!("How each is set up:\n\n{}", table(&rows))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const FIGURES: [Figure; 1] = [Figure {
        name: "events/s",
        better: Better::Higher,
        targets: &[Target::Times(SQLITE, 1.15), Target::Times(FLOOR, 0.9)],
        steady: true,
    }];

    fn measured(annals: f64) -> Measured {
        let rounds = |value: f64| vec![vec![value], vec![value * 2.0], vec![value * 3.0]];
        let rounds = BTreeMap::from([
            (ANNALS, rounds(annals)),
            (SQLITE, rounds(100.0)),
            (FLOOR, rounds(150.0)),
            ("json-lines", rounds(50.0)),
        ]);
        Measured { title: "a work".to_owned(), figures: &FIGURES, rounds }
    }

    #[test]
    fn a_row_has_medians_ratios_and_whether_every_target_is_met() {
        let row = |annals| row(&measured(annals), 0, &FIGURES[0]).join(" | ");

        assert_eq!(
            row(140.0),
            "a work | events/s | 200 | JSON Lines 100 | 300 | **280** | 1.40 × | 0.933 × | \
             ≥ 1.15 × SQLite, ≥ 0.9 × raw floor | yes"
        );
        assert!(row(120.0).ends_with("| no"), "{}", row(120.0));
    }

    #[test]
    fn who_takes_no_part_has_a_dash() {
        let work = measured(1.0);

        assert_eq!(spread(&work, 0, &FIGURES[0], "plan"), NOTHING);
        assert_eq!(spread(&work, 0, &FIGURES[0], "json-lines"), "100 (50.0 – 150)");
    }
}
