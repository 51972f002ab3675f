//! What a salvage comes to: what is wrong, what is lost, and whether anything has to be done.

use std::collections::BTreeMap;

use super::Recovery;
use super::arrange::Arranged;
use super::ranges::{Named, without};
use super::salvage::{Salvage, Source};
use crate::format::Segment;
use crate::journal::reader::Tail;
use crate::journal::recognise::Recognised;
use crate::vocabulary::{Finding, FindingClass, Link, LostRange};

impl Salvage<'_> {
    /// The records that are missing and that no earlier recovery has named.
    pub(super) fn lost(&self) -> Vec<LostRange> {
        let with_bytes =
            |lost: LostRange| LostRange { bytes: self.bytes_of(lost.first_seq), ..lost };
        let missing = self.candidates.missing(self.reached()).into_iter().map(with_bytes);
        let excused = self.excused();
        missing.flat_map(|range| without(range, &excused)).collect()
    }

    /// What the recoveries that are kept have named.
    fn excused(&self) -> Vec<LostRange> {
        if self.named.is_empty() {
            return Vec::new();
        }
        let kept: BTreeMap<u64, Link> =
            self.candidates.chosen().into_iter().map(|(seq, kept)| (seq, kept.link)).collect();
        let is_kept = |named: &&Named| kept.get(&named.seq) == Some(&named.link);
        self.named.iter().filter(is_kept).filter_map(Named::standing).collect()
    }

    /// The last record that the journal is known to have had.
    fn reached(&self) -> u64 {
        let tail = match &self.end.tail {
            Tail::Ambiguous(wrong) => wrong.lost.map_or(0, |lost| lost.last_seq),
            Tail::Clean | Tail::Torn { .. } => 0,
        };
        let sealed = self.journal.sealed_seq().max(self.last_sealed_in_copies());
        // Whoever seals leaves at least one record behind.
        let unsealed = if !self.has_journal && sealed > 0 { sealed + 1 } else { 0 };
        self.snapshots.floor().max(tail).max(unsealed)
    }

    fn last_sealed_in_copies(&self) -> u64 {
        let sealed = self.copies.iter().filter_map(|source| match &source.copy.what {
            Recognised::Segment { segment: Some(segment), .. } => Some(segment.last_seq),
            _ => None,
        });
        sealed.max().unwrap_or(0)
    }

    /// How many bytes were found in the place of a missing range.
    fn bytes_of(&self, first_seq: u64) -> u64 {
        let tail = match &self.end.tail {
            Tail::Ambiguous(wrong) => Some(wrong),
            Tail::Clean | Tail::Torn { .. } => None,
        };
        let known = self.wrongs.iter().chain(tail).filter_map(|wrong| wrong.lost);
        known.filter(|lost| lost.first_seq == first_seq).map(|lost| lost.bytes).sum()
    }

    /// Whether the journal has to be written again.
    pub(super) fn must_rewrite(&self) -> bool {
        let is_merged = self.copies.iter().any(|source| source.merged.added.is_some());
        is_merged || !self.damage().is_empty() || !self.lost().is_empty()
    }

    /// What this comes to, with what was done before.
    pub(super) fn recovery(&self, arranged: &Arranged) -> Recovery {
        let Arranged { adopted, quarantined, .. } = arranged;
        let mut findings = arranged.findings.clone();
        findings.extend(self.damage());
        findings.extend(self.copies.iter().filter_map(|source| self.finding_of(source)));
        let changed = self.must_rewrite()
            || !adopted.is_empty()
            || !quarantined.is_empty()
            || self.copies_to_set_aside().next().is_some();
        let records_kept = self.candidates.count();
        let (adopted, quarantined) = (adopted.clone(), quarantined.clone());
        Recovery { records_kept, lost: self.lost(), quarantined, adopted, findings, changed }
    }

    /// What is wrong with the journal itself.
    fn damage(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if !self.has_journal {
            let message = "the journal is gone: what is left of its history is written anew";
            findings.push(Finding::new(self.session, FindingClass::Header, message));
        }
        findings.extend(self.wrongs.iter().map(|wrong| wrong.finding.clone()));
        match &self.end.tail {
            Tail::Clean => {}
            Tail::Torn { finding, .. } => findings.push(finding.clone()),
            Tail::Ambiguous(wrong) => findings.push(wrong.finding.clone()),
        }
        findings.extend(self.journal.broken().iter().map(|part| {
            let Segment { first_seq, last_seq, .. } = part.segment;
            let message =
                format!("the segment of records {first_seq} to {last_seq} is missing or damaged");
            Finding::new(self.session, FindingClass::MissingSegment, message)
                .at_seq(first_seq)
                .at_offset(part.from)
        }));
        let (last, floor) = (self.journal_end.unwrap_or(0), self.snapshots.floor());
        if self.has_journal && last < floor {
            let message = format!("the history ends at record {last}, and had reached {floor}");
            let finding = Finding::new(self.session, FindingClass::Truncated, message);
            findings.push(finding.at_seq(last + 1).at_offset(self.end.offset));
        }
        findings
    }

    fn finding_of(&self, source: &Source) -> Option<Finding> {
        let Source { copy, file, merged } = source;
        if source.stays() && merged.added.is_none() {
            return None;
        }
        let name = &copy.name;
        let (class, seq, message) = match (file, merged.added, merged.diverges_at) {
            (None, ..) => {
                let message = format!("{name} is another journal of this session: it is set aside");
                (FindingClass::Header, 0, message)
            }
            (_, Some((count, first, last)), _) => {
                let message = format!(
                    "{name} has {count} records between {first} and {last} that the journal lacks"
                );
                (FindingClass::Truncated, first, message)
            }
            (_, None, Some(seq)) => {
                let message =
                    format!("{name} tells another history from record {seq} on: it is set aside");
                (FindingClass::Duplicate, seq, message)
            }
            (_, None, None) => return None,
        };
        Some(Finding::new(self.session, class, message).at_seq(seq))
    }
}
