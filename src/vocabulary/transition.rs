//! Which events may follow which states.

use super::{Event, Projection, SessionStatus};

/// An event that cannot follow the state it met. It is a finding when a journal holds one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{event} cannot follow: {why}")]
pub struct Impossible {
    /// The kind of the event.
    pub event: String,
    /// What speaks against it.
    pub why: &'static str,
}

/// Whether `event` may follow `state`; `None` is a journal without events. Pure.
///
/// # Errors
///
/// The event is none that [`decide`](super::decide) would have made of that state.
pub fn check_transition(state: Option<&Projection>, event: &Event) -> Result<(), Impossible> {
    match objection(state, event) {
        Some(why) => Err(Impossible { event: event.kind_name().to_owned(), why }),
        None => Ok(()),
    }
}

fn objection(state: Option<&Projection>, event: &Event) -> Option<&'static str> {
    use SessionStatus::{Active, Archived, Background, Deleted};

    let begins = matches!(event, Event::Created(_) | Event::Forked(_));
    let Some(state) = state else {
        // A recovered journal may have lost its beginning; the repair itself says so.
        let may_begin = begins || matches!(event, Event::Recovered(_) | Event::Unknown { .. });
        return (!may_begin).then_some("the session does not exist yet");
    };
    let state = &state.metadata;
    match event {
        _ if begins => Some("the session exists already"),
        Event::Recovered(_) | Event::Redacted(_) | Event::Imported(_) | Event::Unknown { .. } => {
            None
        }
        Event::Restored(to) => match (state.status, to) {
            (Archived | Deleted, Active | Background) | (Deleted, Archived) => None,
            (Active | Background, _) => Some("the session is neither archived nor deleted"),
            (Archived | Deleted, _) => Some("a session is restored to a status it can be used in"),
        },
        _ if state.status == Deleted => Some("the session is deleted"),
        Event::Deleted => None,
        Event::Activated if state.status != Background => {
            Some("the session is not in the background")
        }
        Event::Backgrounded if state.status != Active => Some("the session is not active"),
        Event::MessageRecorded(_) | Event::FileRecorded(_) if state.status == Archived => {
            Some("the session is archived")
        }
        Event::Archived if state.status == Archived => Some("the session is archived already"),
        Event::Tagged(tag) if state.tags.contains(tag) => Some("the session has this tag already"),
        Event::Untagged(tag) if !state.tags.contains(tag) => Some("the session has no such tag"),
        Event::FieldCleared(key) if !state.fields.contains_key(key) => {
            Some("the session has no such field")
        }
        _ => None,
    }
}
