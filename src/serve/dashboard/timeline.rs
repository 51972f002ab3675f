//! What happened in a session, in order: a transcript that can be read, with everything else that
//! was recorded between the messages, and what is lost or damaged in its place.

use maud::{Markup, html};

use super::findings;
use super::text::{address_of, block, is_cut, line};
use super::units::counted;
use crate::repository::Read;
use crate::vocabulary::{ByteCount, Event, MessageRecorded, Record, SessionId, Timestamp, Tokens};

/// Roles that are drawn in a way of their own.
const ROLES: [&str; 4] = ["user", "assistant", "system", "tool"];
/// Longest words of an event, in characters.
const WORDS_CHARS_MAX: usize = 300;

/// The records of a page, with damage between them, as they were read. `last` is the sequence
/// number before the first that is expected.
pub(super) fn list(session: &SessionId, read: &[Read], last: u64) -> Markup {
    html! {
        ol.timeline {
            @for (gap, read) in with_gaps(read, last) {
                @if let Some((first, last)) = gap { (lost(first, last)) }
                @match read {
                    Read::Damage(finding) => {
                        li.damage { (findings::full(finding)) }
                    }
                    Read::Record(record) => { (entry(session, record)) }
                }
            }
        }
    }
}

/// What was read, each with the first and the last record that are not there before it.
fn with_gaps(read: &[Read], mut last: u64) -> impl Iterator<Item = (Option<(u64, u64)>, &Read)> {
    read.iter().map(move |read| {
        let Read::Record(record) = read else { return (None, read) };
        let gap = (record.seq > last + 1).then_some((last + 1, record.seq - 1));
        last = record.seq;
        (gap, read)
    })
}

fn lost(first: u64, last: u64) -> Markup {
    html! {
        li.damage {
            @if first == last { "Record " (first) " is not there." }
            @else { "Records " (first) " to " (last) " are not there." }
        }
    }
}

fn entry(session: &SessionId, record: &Record) -> Markup {
    match record.event() {
        Ok(Some(Event::MessageRecorded(message))) => spoken(session, record, &message),
        _ => html! {
            li.event id={ "seq-" (record.seq) } {
                (permalink(session, record.seq))
                (time(record.occurred().unwrap_or(record.at)))
                p dir="auto" { (line(&record.in_words(), WORDS_CHARS_MAX)) }
                span.quiet { "by " (line(&record.by.user, 40)) }
            }
        },
    }
}

fn spoken(session: &SessionId, record: &Record, message: &MessageRecorded) -> Markup {
    let role = message.role.as_str();
    let class = ROLES.into_iter().find(|known| *known == role).unwrap_or("other");
    let text = message.text.as_deref().unwrap_or_default();
    html! {
        li.message.(class) id={ "seq-" (record.seq) } {
            div.heading {
                b.role { (line(role, 32)) }
                @if message.meta { span.tag { "by a program" } }
                (permalink(session, record.seq))
                (time(message.occurred.unwrap_or(record.at)))
                @if let Some(model) = &message.model { span.quiet { (line(model, 60)) } }
                @if let Some(tokens) = &message.tokens { span.quiet { (cost(tokens)) } }
            }
            @if text.trim().is_empty() { p.quiet { "without text" } } @else { (block(text)) }
            @if let Some(bytes) = bytes_elsewhere(message) {
                p { a href={ (address_of(session)) "/text/" (record.seq) } {
                    "Whole text, " (ByteCount(bytes))
                } }
            }
        }
    }
}

/// The length of a text of which the page shows only the beginning.
fn bytes_elsewhere(message: &MessageRecorded) -> Option<u64> {
    let text = message.text.as_ref().filter(|text| is_cut(text)).map(|text| text.len() as u64);
    message.blob.as_ref().map(|blob| blob.bytes).or(text)
}

fn cost(Tokens { input, output, cache_read, cache_creation }: &Tokens) -> String {
    let read = input.saturating_add(*cache_read).saturating_add(*cache_creation);
    format!("{} read, {} written", counted(read, "token"), super::units::count(*output))
}

fn permalink(session: &SessionId, seq: u64) -> Markup {
    html! {
        a.seq href={ (address_of(session)) "?at=" (seq) "#seq-" (seq) }
            title="The session right after this record" { "#" (seq) }
    }
}

fn time(moment: Timestamp) -> Markup {
    html! { time.quiet datetime=(moment) { (moment.to_the_second()) } }
}
