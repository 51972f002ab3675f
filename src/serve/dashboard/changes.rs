//! The newest changes, each as one row.

use maud::{Markup, html};

use super::text::{address_of, line};
use crate::serve::Change;

/// Most rows that a page shows; the script keeps to it too.
pub(super) const ROWS_MAX: usize = 30;
/// Longest name and longest words of a row, in characters.
const NAME_CHARS_MAX: usize = 48;
const WORDS_CHARS_MAX: usize = 140;

/// A change as a row of the newest ones.
pub(in crate::serve) fn change_row(change: &Change) -> Markup {
    let Change { session, name, record } = change;
    let title = line(name.as_deref().unwrap_or(session.as_str()), NAME_CHARS_MAX);
    html! {
        li {
            time datetime=(record.at) title={ (record.at.to_the_second()) " UTC" } {
                (record.at.time_of_day())
            }
            a href={ (address_of(session)) "?at=" (record.seq) } { bdi { (title) } }
            span.quiet { "#" (record.seq) }
            p dir="auto" { (line(&record.in_words(), WORDS_CHARS_MAX)) }
        }
    }
}

/// The newest changes, newest first, and what the page shows until there are any.
pub(super) fn section<'a>(newest_first: impl Iterator<Item = &'a Change>) -> Markup {
    html! {
        section.card.changes aria-labelledby="changes-title" {
            div.heading {
                h2 id="changes-title" { "Newest changes" }
                button id="pause" type="button" aria-pressed="false" hidden { "Pause" }
            }
            ol id="changes" data-rows=(ROWS_MAX) aria-live="polite" aria-relevant="additions" {
                @for change in newest_first.take(ROWS_MAX) { (change_row(change)) }
            }
            p.quiet.empty { "What happens to sessions is shown here as it happens. Times are in UTC." }
        }
    }
}
