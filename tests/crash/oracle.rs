//! What may be found of a session after a crash, and what may not.

use annals::vocabulary::FindingClass;

use crate::session::{Session, link, serious};

/// A session at one moment; `None` where there is none.
pub type Standing = Option<Session>;

/// Why a state is not one that a crash may leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Objection {
    /// The session is there and cannot be read, or not consistently.
    Unreadable(String),
    /// The session is gone.
    Gone,
    /// A session that was removed is back.
    Back,
    /// Records are gone that were acknowledged.
    Lost {
        /// Lines there should be at least.
        acknowledged: usize,
        /// Lines that are as they should be.
        kept: usize,
    },
    /// Records are there that were never appended, or not in this order.
    Invented,
    /// Something is wrong with it, beyond an unfinished write.
    Wrong(Vec<FindingClass>),
    /// Bytes that a repair had set aside are gone.
    SetAsideGone,
    /// What repairs have noted is not so.
    Dishonest(String),
    /// Data are in this file that were removed.
    NotRemoved(String),
    /// The next command fails, or leaves something wrong.
    Next(String),
}

/// What a session has been since the last acknowledgement, oldest first: the last one is what is
/// live. After a crash it is any of these, or on the way from one to the next.
#[derive(Debug, Clone)]
pub struct Life {
    standings: Vec<Standing>,
    /// Whether data are being removed, from what was set aside too.
    redacted: bool,
}

impl Life {
    /// A session about which everything was acknowledged.
    pub fn settled(standing: Standing) -> Self {
        Self { standings: vec![standing], redacted: false }
    }

    /// A session that is being changed from the first of these to the last.
    pub fn changing(standings: Vec<Standing>) -> Self {
        Self { standings, redacted: false }
    }

    /// The same, and data may have been removed from what was set aside.
    pub fn with_redactions(self, redacted: bool) -> Self {
        Self { redacted, ..self }
    }

    /// Holds what was found after a crash against it.
    pub fn judge(&self, found: &Result<Standing, String>) -> Result<(), Objection> {
        let found = found.as_ref().map_err(|why| Objection::Unreadable(why.clone()))?;
        let is_one = |standing: &Standing| {
            let (found, standing) = (found.as_ref(), standing.as_ref());
            is_same(found, standing)
                || !self.is_settled() && is_same_but_for_snapshots(found, standing)
        };
        let stood = self.standings.iter().any(is_one);
        let on_the_way =
            || self.standings.windows(2).any(|step| self.is_between(found, &step[0], &step[1]));
        if !stood && !on_the_way() {
            return Err(self.objection(found.as_ref()));
        }
        let Some(session) = found else { return Ok(()) };
        let altered = session.altered.as_ref().filter(|_| !self.redacted);
        if let Some(why) = session.dishonest.as_ref().or(altered) {
            return Err(Objection::Dishonest(why.clone()));
        }
        let base = self.standings.first().and_then(Option::as_ref);
        // A session that was removed and made again owes nothing to the one before it.
        match base.filter(|base| base.lines.first() == session.lines.first()) {
            Some(base) if !self.redacted && !holds(session, base) => Err(Objection::SetAsideGone),
            _ => Ok(()),
        }
    }

    fn is_settled(&self) -> bool {
        self.standings.len() == 1
    }

    /// Whether it has all of the one and some of what leads to the other, with nothing but an
    /// unfinished write behind.
    fn is_between(&self, found: &Standing, from: &Standing, to: &Standing) -> bool {
        let (Some(found), Some(from), Some(to)) = (found, from, to) else { return false };
        let mut pairs = found.lines.iter().zip(&to.lines);
        let leads_there = |(now, then): (&Vec<u8>, &Vec<u8>)| {
            now == then || self.redacted && link(now) == link(then)
        };
        found.lines.starts_with(&from.lines)
            && found.lines.len() <= to.lines.len()
            && pairs.all(leads_there)
            && is_at_most_torn(found)
            && is_at_most_torn(from)
    }

    /// What is wrong with something that this life does not allow.
    fn objection(&self, found: Option<&Session>) -> Objection {
        let standings = || self.standings.iter().flatten();
        let Some(found) = found else { return Objection::Gone };
        let Some(first) = standings().next() else { return Objection::Back };
        let common = |standing: &Session| {
            standing.lines.iter().zip(&found.lines).take_while(|(a, b)| a == b).count()
        };
        let kept = common(first);
        let intact = |standing: &Session| common(standing) == found.lines.len();
        if kept < first.lines.len() {
            Objection::Lost { acknowledged: first.lines.len(), kept }
        } else if !standings().any(intact) {
            Objection::Invented
        } else {
            Objection::Wrong(found.findings.clone())
        }
    }
}

fn is_same(found: Option<&Session>, standing: Option<&Session>) -> bool {
    match (found, standing) {
        (None, None) => true,
        (Some(found), Some(standing)) => {
            found.lines == standing.lines && found.findings == standing.findings
        }
        _ => false,
    }
}

/// A recovery replaces the journal before its snapshots, which it may still need until then: a crash
/// in between leaves old ones that know more than the journal. They are derived, and a warning.
fn is_same_but_for_snapshots(found: Option<&Session>, standing: Option<&Session>) -> bool {
    let (Some(found), Some(standing)) = (found, standing) else { return false };
    found.lines == standing.lines && serious(&found.findings) == serious(&standing.findings)
}

fn is_at_most_torn(session: &Session) -> bool {
    serious(&session.findings).iter().all(|class| *class == FindingClass::TornTail)
}

/// Whether everything that the one had set aside is still there.
fn holds(session: &Session, base: &Session) -> bool {
    base.set_aside.iter().all(|(name, bytes)| session.set_aside.get(name) == Some(bytes))
}
