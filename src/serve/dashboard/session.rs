//! One session: its state, now or as it was, and the history that led there.

use maud::{Markup, html};
use serde_json::Value;

use super::sessions::status;
use super::text::{address_of, line, title_of};
use super::timeline;
use super::units::count;
use crate::repository::Read;
use crate::vocabulary::{SessionId, SessionMetadata, Timestamp};

/// Records on one page; the newest of them is the one that the page is at.
pub(super) const PAGE_RECORDS: u64 = 100;
/// Longest value on the page, in characters.
const VALUE_CHARS_MAX: usize = 400;

/// What the page is made of.
pub(super) struct Visit<'a> {
    /// The state that is shown.
    pub(super) state: &'a SessionMetadata,
    /// The last record that there is; beyond `state.seq` where the page shows the past.
    pub(super) last: u64,
    /// The first record that the page shows.
    pub(super) first: u64,
    /// Records from there to the one that the state is at, and damage between them.
    pub(super) read: &'a [Read],
    pub(super) now: Timestamp,
}

impl Visit<'_> {
    /// The first record that a page shows which is at a record, unless they are very long.
    pub(super) fn first_of(at: u64) -> u64 {
        at.saturating_sub(PAGE_RECORDS - 1).max(1)
    }

    fn is_past(&self) -> bool {
        self.state.seq < self.last
    }
}

/// The page.
pub(super) fn body(visit: &Visit<'_>) -> Markup {
    let Visit { state, read, first, .. } = visit;
    let first = *first;
    html! {
        div.heading {
            h1 { bdi { (title_of(state)) } }
            (status(state.status))
            @for tag in &state.tags { span.tag { bdi { (line(tag.as_str(), 64)) } } }
        }
        (travel(visit))
        div.session-page {
            aside.card aria-labelledby="state-title" {
                h2 id="state-title" { @if visit.is_past() { "State after record " (state.seq) } @else { "State" } }
                (facts(visit))
            }
            section aria-labelledby="history-title" {
                h2 id="history-title" { "History" }
                (earlier(&state.id, first))
                (timeline::list(&state.id, read, first.saturating_sub(1)))
            }
        }
    }
}

/// The way to other moments: it works by itself, and the script makes it follow the hand.
fn travel(visit: &Visit<'_>) -> Markup {
    let (at, last) = (visit.state.seq, visit.last.max(visit.state.seq));
    let address = address_of(&visit.state.id);
    html! {
        form.travel method="get" action=(address) aria-label="Time travel" {
            label for="at" { "After record" }
            input id="at" name="at" type="range" min="1" max=(last) value=(at) data-travel;
            output for="at" id="at-shown" { (at) " of " (count(last)) }
            button type="submit" { "Go" }
            span.steps {
                (step(&address, "First", (at > 1).then_some(1)))
                (step(&address, "Earlier", at.checked_sub(1).filter(|seq| *seq > 0)))
                (step(&address, "Later", (at < last).then(|| at + 1)))
                @if at < last { a href=(address) { "Now" } } @else { span.quiet { "Now" } }
            }
        }
    }
}

fn step(address: &str, name: &str, seq: Option<u64>) -> Markup {
    html! {
        @if let Some(seq) = seq { a href={ (address) "?at=" (seq) } { (name) } }
        @else { span.quiet { (name) } }
    }
}

fn earlier(session: &SessionId, first: u64) -> Markup {
    html! {
        @if first > 1 {
            p { a href={ (address_of(session)) "?at=" (first - 1) } {
                "Records before " (first)
            } }
        }
    }
}

fn facts(visit: &Visit<'_>) -> Markup {
    let state = visit.state;
    let both =
        |moment: Timestamp| format!("{} ({})", moment.to_the_second(), moment.ago(visit.now));
    let known = [
        ("Id", Some(state.id.to_string())),
        ("Created", Some(both(state.created))),
        ("Last active", Some(both(state.last_active))),
        ("Messages", Some(count(state.message_count))),
        ("Files", Some(count(state.file_count))),
        ("Directory", state.cwd.clone()),
        ("Source", state.source.clone()),
        ("First message", state.first_message.clone()),
    ];
    html! {
        dl {
            @for (name, value) in known {
                @if let Some(value) = value {
                    dt { (name) } dd dir="auto" { (line(&value, VALUE_CHARS_MAX)) }
                }
            }
            @if let Some(parent) = &state.parent {
                dt { "Parent" } dd { a href=(address_of(parent)) { (parent) } }
            }
            @for (key, value) in &state.fields {
                dt { bdi { (line(key.as_str(), 64)) } } dd dir="auto" { (field(value)) }
            }
        }
    }
}

fn field(value: &Value) -> String {
    match value {
        Value::String(text) => line(text, VALUE_CHARS_MAX),
        value => line(&value.to_string(), VALUE_CHARS_MAX),
    }
}
