//! The page about damage, made of what was counted.

use std::fmt::Write as _;

use crate::bystander::Alibi;
use crate::judge::Judged;
use crate::kinds::Kind;
use crate::tally::{Region, Tally};

const BEGINNING: &str = "\
# Damage and verdicts

Small journals of every shape were damaged in every way below, in every place where that can be done: each bit
flipped, each byte taken out, and so on. Each damaged journal went through `annals verify` (the same code),
whose findings had to be exactly those that [the format](../format.md#verdicts) prescribes, as reckoned by a
model that knows the sound journal. This page is made by the test, which fails when it differs from
what was counted:

    cargo test --test damage                       # compares
    ANNALS_WRITE_PAGES=1 cargo test --test damage  # writes this page anew

With `ANNALS_LONG=1` the journals are longer; the counts on this page are those of the short ones.
";

const SUMMARY: &str = "
## What goes unnoticed, and what is lost

*Not noticed*: records changed, and not a word. *Torn called corrupt*: an unfinished write, which no one was told of,
called anything worse than `torn-tail`. *Corrupt called torn*: acknowledged records changed and called an
unfinished write although something tells the two apart. *Intact lost*: records that stand intact in the
damaged file and are not delivered, summed over all cases.

Beside annals stand two common ways to read a log, on the same bytes. *JSON Lines* takes every line that is
JSON, and skips what is not. *Cut at first bad* has checksums that build on each other: reading ends at the first
record that fails, and what is behind it is taken for an unfinished write and cut off. *Taken for torn* is how
often that happened to acknowledged records.

| damage | cases | not noticed | torn called corrupt | corrupt called torn | intact lost | JSON Lines: not noticed | intact lost | cut at first bad: not noticed | taken for torn | intact lost |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
";

const ALIBIS: &str = "
## What nothing in the journal can tell

In these cases acknowledged records are damaged or gone, and the file is one that an unfinished write could have
left. annals calls them `torn-tail`, or finds nothing where the file ends cleanly. A snapshot behind the
place makes them `truncated`. So does a head that was written down elsewhere (`annals verify --anchors`): every case
was verified a second time with one. Those that are not errors then have all their records: only the last
line feed is gone.

| what the file looks like | cases | an error with an anchored head |
|---|--:|--:|
";

const VERDICTS: &str = "
## Verdicts

*Where* is the first byte that differs. In the padding no record is touched: what stands there may be an unfinished
write, and `nothing` is wrong where only spaces are more or fewer. Several classes are several findings.

| damage | where | cases | verdicts |
|---|---|--:|---|
";

/// The page.
pub fn page(judged: &Judged) -> String {
    let mut page = BEGINNING.to_owned();
    page.push_str(SUMMARY);
    let mut all = Tally::default();
    for (kind, name) in Kind::ALL {
        let sum = sum_of(judged, kind);
        page.push_str(&summary_row(name, &sum));
        all.add(&sum);
    }
    page.push_str(&summary_row("**all**", &all));
    page.push_str(&lost_note(judged));
    page.push_str(ALIBIS);
    for (alibi, words) in Alibi::ALL {
        let [cases, told] = all.alibis.get(&alibi).copied().unwrap_or_default();
        writeln!(page, "| {words} | {cases} | {told} |").unwrap();
    }
    page.push_str(&recoveries(&all));
    page.push_str(VERDICTS);
    for ((kind, region), tally) in &judged.tallies {
        page.push_str(&verdict_row(*kind, *region, tally));
    }
    page
}

fn sum_of(judged: &Judged, kind: Kind) -> Tally {
    let mut sum = Tally::default();
    let of_kind = judged.tallies.iter().filter(|((other, _), _)| *other == kind);
    of_kind.for_each(|(_, tally)| sum.add(tally));
    sum
}

fn summary_row(name: &str, sum: &Tally) -> String {
    let numbers = [
        sum.cases,
        sum.not_noticed,
        sum.torn_called_corrupt,
        sum.corrupt_called_torn,
        sum.intact_lost,
        sum.json_lines.not_noticed,
        sum.json_lines.intact_lost,
        sum.first_bad.not_noticed,
        sum.first_bad.called_torn,
        sum.first_bad.intact_lost,
    ];
    let cells: Vec<String> = numbers.iter().map(u64::to_string).collect();
    format!("| {name} | {} |\n", cells.join(" | "))
}

fn lost_note(judged: &Judged) -> String {
    let Judged { lost_in_batch, lost_unprovable, .. } = judged;
    format!(
        "\nOf the intact records that annals does not deliver, {lost_in_batch} stand behind a blank \
         sector of their own write\n(see below), and {lost_unprovable} are alone in a journal whose \
         header is damaged: one record and no snapshot prove nothing.\n\
         The bytes are all there: `recover` sets them aside, or leaves the journal as it is.\n"
    )
}

fn recoveries(all: &Tally) -> String {
    format!(
        "\n## Recovery\n\n\
         `annals recover` was run after {} of the {} cases: all cases of the rarer kinds, and one in \
         31 or 127 of\nthe others. Each time every intact record was kept; the ranges named as lost \
         held every missing record before the last\none kept, and none that was kept; `verify` found \
         nothing afterwards; and a second recovery changed no byte. (Where\nthe record that explains \
         a redaction is lost, the redacted one stays reported. Where nothing could be proved, \
         recovery\nrefused and changed nothing.) Unfinished writes were also healed by the next \
         writer, with the same result.\n",
        all.mended, all.cases
    )
}

fn verdict_row(kind: Kind, region: Region, tally: &Tally) -> String {
    let name = Kind::ALL.iter().find(|(other, _)| *other == kind).map_or("", |(_, name)| name);
    let mut verdicts: Vec<(&String, &u64)> = tally.verdicts.iter().collect();
    verdicts.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
    let verdicts: Vec<String> =
        verdicts.into_iter().map(|(name, count)| format!("{name} {count}")).collect();
    format!("| {name} | {} | {} | {} |\n", region.name(), tally.cases, verdicts.join(", "))
}
