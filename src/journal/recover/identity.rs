//! Which journal it was, where that does not say so itself.

use super::arrange::Arranged;
use crate::format::JournalId;
use crate::journal::JournalError;
use crate::journal::history::WITNESSES;
use crate::journal::recognise::Recognised;
use crate::vocabulary::{Finding, FindingClass, SessionId};

/// The id of a journal that does not say it itself, from what else there is of it: whatever names
/// the session, or else the records that agree.
pub(super) fn named_by_copies(
    session: &SessionId,
    arranged: &Arranged,
) -> Result<JournalId, JournalError> {
    let copies = &arranged.copies.0;
    let named = copies.iter().find_map(|copy| match &copy.what {
        Recognised::Journal { session: of, id, .. }
        | Recognised::Snapshot { session: of, id, .. }
            if of == session =>
        {
            Some(*id)
        }
        Recognised::Segment { owner: Some((of, id)), .. } if of == session => Some(*id),
        _ => None,
    });
    let agreed = || {
        let nameless = copies.iter().filter(|copy| copy.what.session().is_none());
        let seeds = nameless.filter_map(|copy| copy.what.seed());
        let (seed, witnesses) = seeds.max_by_key(|(_, witnesses)| *witnesses)?;
        WITNESSES.contains(&witnesses).then(|| seed.to_journal_id())
    };
    named.or_else(agreed).ok_or_else(|| {
        let message = match (arranged.findings.first(), arranged.has_journal) {
            (Some(foreign), _) => format!("{}, and nothing is left of its own", foreign.message),
            (None, true) => {
                "the header is damaged, no two records agree on a journal, and nothing \
                             else names it: nothing can be proved"
                    .to_owned()
            }
            (None, false) => {
                "the journal is gone, and no snapshot, segment or copy of it is left: \
                              nothing can be proved"
                    .to_owned()
            }
        };
        let finding = Finding::new(session, FindingClass::Header, message).at_seq(0).at_offset(0);
        JournalError::Corrupted { finding: Box::new(finding) }
    })
}
