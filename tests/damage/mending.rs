//! What a recovery leaves, and what the next writer does.

use annals::journal::JournalError;
use annals::vocabulary::{FindingClass, LostRange};

use crate::bystander::Alibi;
use crate::judge::{Case, Complaints};
use crate::medium::Medium;
use crate::shapes::Shape;

/// Recovers one case on a medium of its own and, if it is an unfinished write, lets a writer heal
/// it on another one.
pub fn check(case: &Case<'_>, complaints: &mut Complaints) {
    if let Err(complaint) = recovered(case) {
        complaints.add(|| format!("{case}: recovered, {complaint}"));
    }
    if case.kind.is_unfinished()
        && let Err(complaint) = healed(case)
    {
        complaints.add(|| format!("{case}: healed, {complaint}"));
    }
}

fn recovered(case: &Case<'_>) -> Result<(), String> {
    let medium = Medium::of(case.shape, case.damaged);
    let recovery = match medium.recover() {
        Ok(recovery) => recovery,
        Err(JournalError::Corrupted { finding }) if finding.class == FindingClass::Header => {
            let bytes = medium.bytes();
            return if bytes == case.damaged { Ok(()) } else { Err("refused and changed".into()) };
        }
        Err(error) => return Err(error.to_string()),
    };
    clean(case, &medium)?;
    keeps_what_is_intact(case, &medium)?;
    names_what_is_lost(case, &medium, &recovery.lost)?;
    let once = medium.bytes();
    let again = medium.recover().map_err(|error| format!("not again: {error}"))?;
    if again.changed || medium.bytes() != once {
        return Err(format!("again, which changed it: {:?}", again.findings));
    }
    Ok(())
}

fn healed(case: &Case<'_>) -> Result<(), String> {
    let medium = Medium::of(case.shape, case.damaged);
    medium.append().map_err(|error| error.to_string())?;
    clean(case, &medium)?;
    keeps_what_is_intact(case, &medium)
}

fn clean(case: &Case<'_>, medium: &Medium) -> Result<(), String> {
    let mut findings = medium.findings();
    // Where the record that says why data were removed is lost, their removal stays unexplained.
    if let Some((erased, redaction)) = case.shape.erased
        && !case.intact.iter().any(|index| case.shape.lines[*index].seq == redaction)
    {
        findings.retain(|f| (f.class, f.seq) != (FindingClass::ChainBreak, Some(erased)));
    }
    if findings.is_empty() { Ok(()) } else { Err(format!("not clean: {findings:?}")) }
}

/// Every acknowledged record that is intact is in the journal afterwards. Where a sector is blank
/// inside the last write, the records behind it go with it: nothing says that they were acknowledged.
fn keeps_what_is_intact(case: &Case<'_>, medium: &Medium) -> Result<(), String> {
    let kept = kept_by(case.shape, medium);
    let bound = match case.alibi {
        Some(Alibi::BlankInBatch) => case.shape.last_write(),
        _ => case.acknowledged(),
    };
    let lost = case.intact.iter().filter(|index| **index < bound && !kept.contains(index));
    let lost: Vec<usize> = lost.copied().collect();
    if lost.is_empty() { Ok(()) } else { Err(format!("lines {lost:?} are gone")) }
}

/// The lines of the sound journal that a medium holds now, by index.
fn kept_by(shape: &Shape, medium: &Medium) -> Vec<usize> {
    let bytes = medium.bytes();
    let lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
    let all = 0..shape.lines.len();
    all.filter(|index| lines.contains(&shape.lines[*index].solid())).collect()
}

/// A range names no record that is kept, and every record that is missing before one that is kept
/// is in a range. Behind the last one, as many are named as there are complete lines.
fn names_what_is_lost(case: &Case<'_>, medium: &Medium, lost: &[LostRange]) -> Result<(), String> {
    let shape = case.shape;
    let kept: Vec<u64> =
        kept_by(shape, medium).into_iter().map(|index| shape.lines[index].seq).collect();
    let last = kept.iter().copied().max().unwrap_or(0);
    let names =
        |seq: u64| lost.iter().any(|range| (range.first_seq..=range.last_seq).contains(&seq));
    for seq in (0..=last).filter(|seq| shape.excused != Some(*seq)) {
        if names(seq) == kept.contains(&seq) {
            return Err(format!("record {seq} is kept or lost, {lost:?} says otherwise"));
        }
    }
    let lines = case.damaged.iter().filter(|byte| **byte == b'\n').count() as u64;
    let named = lost.iter().map(|range| range.last_seq).max().unwrap_or(0);
    if named > shape.head().0.max(lines) {
        return Err(format!("{lost:?} names records that never were"));
    }
    Ok(())
}
