//! Search in what was said in all sessions.

use maud::{Markup, html};

use super::text::{address_of, line};
use super::units::{count, counted};
use crate::vocabulary::{Event, Record, SessionId, Timestamp};

/// Most hits of one search.
pub(super) const HITS_MAX: usize = 50;
/// Most hits of one session: others are to be found too.
pub(super) const HITS_PER_SESSION_MAX: usize = 3;
/// What is shown before and after a hit, in characters.
const BEFORE_CHARS: usize = 60;
const AFTER_CHARS: usize = 140;

/// A text that was found.
#[derive(Debug, PartialEq)]
pub(super) struct Excerpt {
    before: String,
    found: String,
    after: String,
}

/// Where a text was found.
pub(super) struct Hit {
    pub(super) session: SessionId,
    /// What the session is called.
    pub(super) title: String,
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    pub(super) role: String,
    pub(super) excerpt: Excerpt,
}

/// What a search came to.
#[derive(Default)]
pub(super) struct Results {
    pub(super) hits: Vec<Hit>,
    /// Sessions that were read.
    pub(super) searched: usize,
    /// Why there may be more: the search stopped.
    pub(super) stopped: bool,
}

/// The beginning of what a record says that contains a text, whatever its case.
pub(super) fn find_in(record: &Record, wanted: &[char]) -> Option<(String, Excerpt)> {
    let Ok(Some(Event::MessageRecorded(message))) = record.event() else { return None };
    let excerpt = find(message.text.as_deref()?, wanted)?;
    Some((message.role.as_str().to_owned(), excerpt))
}

/// The text to look for, as [`find`] takes it.
pub(super) fn lowercase(text: &str) -> Vec<char> {
    text.trim().chars().flat_map(char::to_lowercase).collect()
}

fn find(text: &str, wanted: &[char]) -> Option<Excerpt> {
    // Each character of the lower case with the place of the one that it comes from.
    let lower: Vec<(usize, char)> = text
        .char_indices()
        .flat_map(|(place, character)| character.to_lowercase().map(move |lower| (place, lower)))
        .collect();
    let is_here = |window: &&[(usize, char)]| {
        window.iter().zip(wanted).all(|((_, character), wanted)| character == wanted)
    };
    let window = lower.windows(wanted.len().max(1)).find(is_here)?;
    let (first, last) = (window.first()?.0, window.last()?.0);
    let (before, rest) = text.split_at_checked(first)?;
    let end = rest.get(last - first..)?.chars().next().map_or(0, char::len_utf8) + last - first;
    let (found, after) = rest.split_at_checked(end)?;
    let skipped = before.chars().count().saturating_sub(BEFORE_CHARS);
    let lead: String = before.chars().skip(skipped).collect();
    Some(Excerpt {
        before: format!("{}{}", if skipped > 0 { "…" } else { "" }, lead),
        found: found.to_owned(),
        after: after.chars().take(AFTER_CHARS).collect(),
    })
}

/// The page.
pub(super) fn body(query: &str, results: Option<&Results>) -> Markup {
    html! {
        h1 { "Search" }
        form.filters method="get" action="/search" role="search" {
            div {
                label for="q" { "Text in any message" }
                input id="q" name="q" type="search" value=(query) maxlength="200" required;
            }
            button type="submit" { "Search" }
        }
        @if let Some(results) = results { (found(query, results)) }
    }
}

fn found(query: &str, results: &Results) -> Markup {
    let Results { hits, searched, stopped } = results;
    html! {
        p.quiet role="status" {
            (counted(hits.len() as u64, "message")) " found for “" (line(query, 100)) "” in "
            (counted(*searched as u64, "session")) ", newest activity first."
            @if *stopped {
                " The search stopped there, so there may be more: look for something rarer."
            }
        }
        ol.hits {
            @for hit in hits {
                li.card {
                    div.heading {
                        a href={ (address_of(&hit.session)) "?at=" (hit.seq) "#seq-" (hit.seq) } {
                            bdi { (hit.title) }
                        }
                        span.quiet { (line(&hit.role, 32)) " #" (count(hit.seq)) }
                        time.quiet datetime=(hit.at) { (hit.at.to_the_second()) }
                    }
                    p dir="auto" {
                        (untrimmed(&hit.excerpt.before)) mark { (untrimmed(&hit.excerpt.found)) }
                        (untrimmed(&hit.excerpt.after))
                    }
                }
            }
        }
    }
}

fn untrimmed(part: &str) -> String {
    crate::vocabulary::one_line(part).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &str, wanted: &str) -> Option<(String, String, String)> {
        let Excerpt { before, found, after } = find(text, &lowercase(wanted))?;
        Some((before, found, after))
    }

    fn parts(before: &str, found: &str, after: &str) -> Option<(String, String, String)> {
        Some((before.to_owned(), found.to_owned(), after.to_owned()))
    }

    #[test]
    fn a_text_is_found_whatever_its_case_and_script() {
        assert_eq!(excerpt("When do Apple trees", "apple"), parts("When do ", "Apple", " trees"));
        assert_eq!(excerpt("Straße ÄPFEL", "äpfel"), parts("Straße ", "ÄPFEL", ""));
        // One character whose lower case is two.
        assert_eq!(excerpt("aİb", "i"), parts("a", "İ", "b"));
        assert_eq!(excerpt("日本語", "本"), parts("日", "本", "語"));
        assert_eq!(excerpt("abc", "abcd"), None);
        assert_eq!(excerpt("", "a"), None);
    }

    #[test]
    fn what_is_around_a_hit_is_cut() {
        let text = format!("{}needle{}", "x".repeat(500), "y".repeat(500));
        let (before, found, after) = excerpt(&text, "NEEDLE").unwrap();
        assert_eq!(before, format!("…{}", "x".repeat(BEFORE_CHARS)));
        assert_eq!((found.as_str(), after.len()), ("needle", AFTER_CHARS));
    }
}
