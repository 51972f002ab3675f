//! What several processes asked of one session and were told, and what its journal holds.

use std::collections::HashMap;

use annals::vocabulary::{
    Append, Author, Command, Entry, Event, ExpectedSeq, Key, Plan, Projection, Rejection,
    SessionId, SessionMetadata, Timestamp, fold, plan,
};

/// One thing that a process was asked to do with a session.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) process: u32,
    /// `None` asks for the state.
    pub(crate) command: Option<Command>,
    pub(crate) expected: ExpectedSeq,
    pub(crate) key: Option<Key>,
    /// When it was sent, in nanoseconds.
    pub(crate) asked: u64,
    /// When its answer was read, and what that was; `None` if the process was killed before.
    pub(crate) answered: Option<(u64, Answer)>,
}

/// What an operation was answered with.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// It was carried out, and the session is now as told.
    Done(Box<SessionMetadata>),
    /// The session was not at the expected record.
    Conflict,
    /// The state spoke against it.
    Refused,
    /// The lock could not be had.
    Busy,
}

/// One record of the journal.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) seq: u64,
    pub(crate) process: u32,
    pub(crate) key: Key,
    pub(crate) at: Timestamp,
    pub(crate) event: Event,
}

/// A journal, and the states that it went through.
pub(crate) struct Course<'j> {
    session: &'j SessionId,
    pub(crate) journal: &'j [Recorded],
    /// By sequence number; nothing at 0.
    states: Vec<Option<Projection>>,
    keys: HashMap<&'j Key, u64>,
}

impl<'j> Course<'j> {
    /// Folds a journal.
    pub(crate) fn of(session: &'j SessionId, journal: &'j [Recorded]) -> Self {
        let (mut states, mut keys) = (vec![None], HashMap::new());
        for Recorded { seq, key, at, event, .. } in journal {
            let blank = || Projection::blank(session.clone(), *at);
            let before = states.last().cloned().flatten().unwrap_or_else(blank);
            states.push(Some(fold(before, *seq, *at, event)));
            keys.entry(key).or_insert(*seq);
        }
        Self { session, journal, states, keys }
    }

    pub(crate) fn last_seq(&self) -> u64 {
        self.journal.len() as u64
    }

    pub(crate) fn record(&self, seq: u64) -> &Recorded {
        &self.journal[index(seq) - 1]
    }

    /// What applications saw of the session when it stood at a record.
    pub(crate) fn metadata(&self, seq: u64) -> Option<&SessionMetadata> {
        let state = self.states.get(index(seq))?.as_ref()?;
        Some(&state.metadata)
    }

    /// What an operation comes to, carried out alone when the session stands at a record: this is
    /// the specification that many processes together must not be told from.
    fn alone(&self, operation: &Operation, seq: u64, at: Timestamp) -> Result<Plan, Rejection> {
        let command = operation.command.clone();
        let key = operation.key.clone();
        let entries = command.map(|command| Entry { command, key }).into_iter().collect();
        let append = Append { expected: operation.expected, entries, by: nobody() };
        let state = self.states[index(seq)].as_ref();
        let holding = |key: &Key| self.keys.get(key).copied().filter(|&first| first <= seq);
        plan(self.session, state, append, at, holding)
    }

    /// Whether an operation makes a record out of the state before it.
    pub(crate) fn makes(&self, operation: &Operation, seq: u64) -> bool {
        let Recorded { process, key, at, event, .. } = self.record(seq);
        let is_its_own =
            *process == operation.process && operation.key.as_ref().is_none_or(|own| own == key);
        is_its_own
            && self.alone(operation, seq - 1, *at).is_ok_and(|plan| {
                let [planned] = plan.events.as_slice() else { return false };
                format!("{:?}", planned.event) == format!("{event:?}")
            })
    }

    /// Whether an operation leaves the session as it is when it stands at a record.
    pub(crate) fn changes_nothing(&self, operation: &Operation, seq: u64) -> bool {
        self.alone(operation, seq, Timestamp::EPOCH).is_ok_and(|plan| plan.events.is_empty())
    }

    /// Whether an answer that refuses an operation is right when the session stands at a record.
    pub(crate) fn refuses(&self, operation: &Operation, answer: &Answer, seq: u64) -> bool {
        matches!(
            (self.alone(operation, seq, Timestamp::EPOCH), answer),
            (Err(Rejection::Conflict { .. }), Answer::Conflict)
                | (Err(Rejection::Refused(_)), Answer::Refused)
        )
    }
}

fn index(seq: u64) -> usize {
    usize::try_from(seq).unwrap()
}

/// The author of what is only planned.
fn nobody() -> Author {
    let nobody = String::new;
    Author { user: nobody(), host: nobody(), pid: 0, program: nobody(), version: nobody() }
}
