//! What an append comes to, before anything is written.

use std::collections::HashMap;

use super::{
    Append, Event, ExpectedSeq, Key, LongText, Outcome, Projection, Refusal, SessionId, Timestamp,
    decide, fold,
};

/// What is to be written for an append, and what the session comes to with it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The state after it.
    pub state: Projection,
    /// The events to write, in order; none when nothing changes.
    pub events: Vec<PlannedEvent>,
    /// One outcome for each entry of the append, in order.
    pub outcomes: Vec<Outcome>,
}

/// One event to write.
#[derive(Debug, Clone)]
pub struct PlannedEvent {
    /// Its place in the journal.
    pub seq: u64,
    /// The caller's idempotency key; `None` asks for a generated one.
    pub key: Option<Key>,
    /// What is recorded. A text too long for a record is an excerpt here.
    pub event: Event,
    /// The whole of that text, to be kept outside the journal before the record is written.
    pub text: Option<LongText>,
}

/// Why an append is not to be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The state speaks against one of the commands.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The session is not where the caller expected it.
    #[error("expected {expected}")]
    Conflict {
        /// What the caller expected.
        expected: ExpectedSeq,
        /// Where it stands; `None` if it does not exist.
        actual: Option<u64>,
    },
}

/// Decides every entry of an append against a state, each seeing what the ones before it came to.
/// Pure: `state` is the session as it stands (`None` if there is none), `at` is the moment of the
/// append, and `holding` tells the first record of the journal with a given key.
///
/// An entry whose key the journal holds is passed over. Where that is true of every entry, the
/// append is a retry of one that succeeded, and its condition is not looked at: the session has
/// moved on since, if only by that append itself.
///
/// # Errors
///
/// The condition is not met, or a command is refused; then the whole append is.
pub fn plan(
    session: &SessionId,
    state: Option<&Projection>,
    append: Append,
    at: Timestamp,
    holding: impl Fn(&Key) -> Option<u64>,
) -> Result<Plan, Rejection> {
    let repeat_of = |key: Option<&Key>| key.and_then(&holding);
    let is_retry = !append.entries.is_empty()
        && append.entries.iter().all(|entry| repeat_of(entry.key.as_ref()).is_some());
    let actual = state.map(|state| state.metadata.seq);
    if !is_retry && !append.expected.is_met_by(actual) {
        return Err(Rejection::Conflict { expected: append.expected, actual });
    }

    let mut state = state.cloned();
    let mut added: HashMap<Key, u64> = HashMap::new();
    let (mut events, mut outcomes) = (Vec::new(), Vec::new());
    for entry in append.entries {
        let added_seq = entry.key.as_ref().and_then(|key| added.get(key).copied());
        if let Some(seq) = repeat_of(entry.key.as_ref()).or(added_seq) {
            outcomes.push(Outcome::Repeated { seq });
            continue;
        }
        let decided = decide(state.as_ref(), entry.command)?;
        let mut key = entry.key;
        let mut recorded = None;
        for event in decided {
            let (event, text) = event.with_long_text_aside();
            let before = state.unwrap_or_else(|| Projection::blank(session.clone(), at));
            let seq = before.metadata.seq + 1;
            state = Some(fold(before, seq, at, &event));
            if let Some(key) = &key {
                added.insert(key.clone(), seq);
            }
            recorded = Some((recorded.map_or(seq, |(first, _)| first), seq));
            events.push(PlannedEvent { seq, key: key.take(), event, text });
        }
        outcomes.push(recorded.map_or(Outcome::Unchanged, |(first_seq, last_seq)| {
            Outcome::Recorded { first_seq, last_seq }
        }));
    }
    let state = state.ok_or(Refusal::NoSession)?;
    Ok(Plan { state, events, outcomes })
}
