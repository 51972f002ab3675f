//! Every case is put on a medium and judged, and the verdict is judged in turn.

use std::collections::BTreeMap;

use annals::vocabulary::{Finding, FindingClass, Severity};

use crate::bystander::{Alibi, Expected, expected, intact, is_provable, untouched};
use crate::kinds::Kind;
use crate::medium::Medium;
use crate::mending;
use crate::rivals::{Outcome, first_bad, json_lines};
use crate::shapes::Shape;
use crate::tally::{Region, Rival, Tally};

/// Complaints of one sort that are kept in words; all are counted.
const WORDS_MAX: usize = 8;

/// What did not come out as promised.
#[derive(Debug, Default)]
pub struct Complaints {
    pub count: u64,
    pub words: Vec<String>,
}

impl Complaints {
    pub fn add(&mut self, words: impl FnOnce() -> String) {
        self.count += 1;
        if self.words.len() < WORDS_MAX {
            self.words.push(words());
        }
    }

    pub fn take(&mut self, other: Self) {
        self.count += other.count;
        let room = WORDS_MAX.saturating_sub(self.words.len());
        self.words.extend(other.words.into_iter().take(room));
    }

    pub fn assert_none(&self) {
        assert!(self.count == 0, "{} cases, such as\n{}", self.count, self.words.join("\n"));
    }
}

/// What judging a shape came to.
#[derive(Debug, Default)]
pub struct Judged {
    pub tallies: BTreeMap<(Kind, Region), Tally>,
    /// Verdicts other than the bystander's.
    pub verdicts: Complaints,
    pub not_noticed: Complaints,
    pub torn_called_corrupt: Complaints,
    pub corrupt_called_torn: Complaints,
    pub intact_lost: Complaints,
    /// Recoveries and repairs that left something undone.
    pub mending: Complaints,
    /// Records lost that a head written down elsewhere does not tell.
    pub anchored: Complaints,
    /// Intact records that are not delivered: behind a blank sector of their own write, and alone
    /// in a journal whose header is damaged.
    pub lost_in_batch: u64,
    pub lost_unprovable: u64,
}

impl Judged {
    pub fn take(&mut self, other: Self) {
        for (key, tally) in other.tallies {
            self.tallies.entry(key).or_default().add(&tally);
        }
        self.verdicts.take(other.verdicts);
        self.not_noticed.take(other.not_noticed);
        self.torn_called_corrupt.take(other.torn_called_corrupt);
        self.corrupt_called_torn.take(other.corrupt_called_torn);
        self.intact_lost.take(other.intact_lost);
        self.mending.take(other.mending);
        self.anchored.take(other.anchored);
        self.lost_in_batch += other.lost_in_batch;
        self.lost_unprovable += other.lost_unprovable;
    }

    /// Judges all damage of one kind to one shape.
    pub fn judge(&mut self, shape: &Shape, kind: Kind) {
        let medium = Medium::of(shape, &shape.bytes);
        let mut number = 0;
        kind.each(shape, &mut |damaged| {
            if damaged == shape.bytes && !kind.is_unfinished() {
                return;
            }
            number += 1;
            let expected = expected(shape, damaged);
            let case = Case::of(shape, kind, damaged, number, expected.alibi);
            self.judge_case(&medium, &case, &expected);
            if number % kind.share() == 0 {
                self.tally(&case).mended += 1;
                mending::check(&case, &mut self.mending);
            }
        });
    }

    fn tally(&mut self, case: &Case<'_>) -> &mut Tally {
        self.tallies.entry((case.kind, case.region)).or_default()
    }

    fn judge_case(&mut self, medium: &Medium, case: &Case<'_>, expected: &Expected) {
        medium.put(case.damaged);
        let verification = medium.verify(&[]);
        let found = classes(&verification.findings);
        if found != expected.classes {
            self.verdicts.add(|| format!("{case}: {found:?}, not {expected:?}"));
        }
        let warned = verification.findings.iter().all(|f| f.severity == Severity::Warning);
        let changed = !case.untouched;
        let tally = self.tallies.entry((case.kind, case.region)).or_default();
        tally.cases += 1;
        *tally.verdicts.entry(named(&found)).or_default() += 1;
        if case.kind.is_unfinished() {
            if !warned {
                tally.torn_called_corrupt += 1;
                self.torn_called_corrupt.add(|| format!("{case}: {found:?}"));
            }
        } else if let Some(alibi) = expected.alibi.filter(|_| changed) {
            let told = medium.verify(&[case.shape.head()]).is_corrupted();
            let counts = tally.alibis.entry(alibi).or_default();
            *counts = [counts[0] + 1, counts[1] + u64::from(told)];
            if !told && case.intact.len() < case.shape.lines.len() {
                self.anchored.add(|| format!("{case}"));
            }
        } else if changed && found.is_empty() {
            tally.not_noticed += 1;
            self.not_noticed.add(|| format!("{case}"));
        } else if changed && warned {
            tally.corrupt_called_torn += 1;
            self.corrupt_called_torn.add(|| format!("{case}: {found:?}"));
        }
        let lost = case.lost_by(medium, verification.records);
        tally.intact_lost += lost;
        if expected.alibi == Some(Alibi::BlankInBatch) {
            self.lost_in_batch += lost;
        } else if !is_provable(case.shape, case.damaged) {
            self.lost_unprovable += lost;
        } else if lost > 0 {
            self.intact_lost.add(|| format!("{case}: {lost} lost, {found:?}"));
        }
        case.compare(json_lines(case.shape, case.damaged), &mut tally.json_lines);
        case.compare(first_bad(case.shape, case.damaged), &mut tally.first_bad);
    }
}

/// One damaged journal.
pub struct Case<'a> {
    pub shape: &'a Shape,
    pub kind: Kind,
    pub damaged: &'a [u8],
    pub region: Region,
    /// Whether every record stands where it stood.
    pub untouched: bool,
    /// The lines that are intact, by index.
    pub intact: Vec<usize>,
    /// Why it may be an unfinished write.
    pub alibi: Option<Alibi>,
    number: u64,
}

impl std::fmt::Display for Case<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { shape, kind, region, number, .. } = self;
        write!(formatter, "{}, {kind:?} {number} ({region:?})", shape.name)
    }
}

impl<'a> Case<'a> {
    fn of(
        shape: &'a Shape,
        kind: Kind,
        damaged: &'a [u8],
        number: u64,
        alibi: Option<Alibi>,
    ) -> Self {
        let (region, intact) = (region(shape, damaged), intact(shape, damaged));
        let untouched = untouched(shape, damaged);
        Self { shape, kind, damaged, region, untouched, intact, alibi, number }
    }

    /// How many lines of the sound journal had been acknowledged.
    pub fn acknowledged(&self) -> usize {
        if self.kind.is_unfinished() { self.shape.last_write() } else { self.shape.lines.len() }
    }

    /// The acknowledged lines among those that are intact.
    pub fn acknowledged_intact(&self) -> Vec<usize> {
        let acknowledged = self.acknowledged();
        self.intact.iter().copied().filter(|index| *index < acknowledged).collect()
    }

    /// How many intact records a reader of the journal is not given.
    fn lost_by(&self, medium: &Medium, records: u64) -> u64 {
        let intact = self.acknowledged_intact();
        let intact = intact.into_iter().map(|index| self.shape.lines[index].seq);
        let intact: Vec<u64> = intact.filter(|seq| *seq > 0).collect();
        if !is_provable(self.shape, self.damaged) {
            return intact.len() as u64;
        }
        if records >= intact.len() as u64 {
            return 0;
        }
        let read = medium.read(self.shape.seed());
        intact.iter().filter(|seq| !read.contains(seq)).count() as u64
    }

    fn compare(&self, outcome: Outcome, rival: &mut Rival) {
        let is_right = if self.kind.is_unfinished() {
            outcome.is_right_up_to(self.shape, self.acknowledged())
        } else {
            outcome.is_right(self.shape)
        };
        rival.not_noticed += u64::from(!is_right && !outcome.noticed);
        rival.called_torn += u64::from(!is_right && outcome.noticed);
        rival.intact_lost += outcome.lost(&self.acknowledged_intact());
    }
}

fn region(shape: &Shape, damaged: &[u8]) -> Region {
    let same = shape.bytes.iter().zip(damaged).take_while(|(sound, now)| sound == now).count();
    let last = shape.lines[shape.last_write()].offset;
    match same {
        same if same >= shape.end => Region::Padding,
        same if same < shape.lines[1].offset => Region::Header,
        same if same >= last => Region::LastWrite,
        _ => Region::Middle,
    }
}

fn classes(findings: &[Finding]) -> Vec<FindingClass> {
    let mut classes: Vec<_> = findings.iter().map(|finding| finding.class).collect();
    classes.sort_unstable();
    classes
}

/// The classes as the page names them, each once.
fn named(classes: &[FindingClass]) -> String {
    let mut names: Vec<&str> = classes.iter().map(|class| class.as_str()).collect();
    names.dedup();
    if names.is_empty() { "nothing".to_owned() } else { names.join(" + ") }
}
