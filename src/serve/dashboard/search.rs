//! Search in what was said in all sessions.

use maud::{Markup, html};

use super::text::{address_of, beginning, line};
use super::units::{count, counted};
use crate::vocabulary::{SessionId, Timestamp};

/// Most hits of one search.
pub(super) const HITS_MAX: usize = 50;
/// Most hits of one session: others are to be found too.
pub(super) const HITS_PER_SESSION_MAX: usize = 3;
/// How much of a text is looked through at a time: each of its characters takes sixteen bytes then.
const PIECE_BYTES: usize = 64 * 1024;
/// Bytes of the longest character.
const CHAR_BYTES_MAX: usize = 4;
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
    /// Why there may be more: some sessions have as many hits as are shown of one.
    pub(super) shortened: bool,
}

/// The text to look for, as [`find`] takes it.
pub(super) fn lowercase(text: &str) -> Vec<char> {
    text.trim().chars().flat_map(char::to_lowercase).collect()
}

/// The first place of a text that says what is wanted, whatever its case.
pub(super) fn find(text: &str, wanted: &[char]) -> Option<Excerpt> {
    // What lies across the end of a piece is found in the next one.
    let overlap = wanted.len() * CHAR_BYTES_MAX;
    let mut begin = 0;
    loop {
        let piece = beginning(text.get(begin..)?, PIECE_BYTES + overlap);
        let end = begin + piece.len();
        if let Some((first, last)) = place_in(piece, wanted) {
            return excerpt(text, begin + first, begin + last);
        }
        if end == text.len() {
            return None;
        }
        begin = beginning(text, end - overlap).len();
    }
}

/// Where the first and the last character begin of what is wanted.
fn place_in(text: &str, wanted: &[char]) -> Option<(usize, usize)> {
    // Each character of the lower case with the place of the one that it comes from.
    let lower: Vec<(usize, char)> = text
        .char_indices()
        .flat_map(|(place, character)| character.to_lowercase().map(move |lower| (place, lower)))
        .collect();
    let is_here = |window: &&[(usize, char)]| {
        window.iter().zip(wanted).all(|((_, character), wanted)| character == wanted)
    };
    let window = lower.windows(wanted.len().max(1)).find(is_here)?;
    Some((window.first()?.0, window.last()?.0))
}

fn excerpt(text: &str, first: usize, last: usize) -> Option<Excerpt> {
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
    let Results { hits, searched, stopped, shortened } = results;
    html! {
        p.quiet role="status" {
            (counted(hits.len() as u64, "message")) " found for “" (line(query, 100)) "” in "
            (counted(*searched as u64, "session")) ", newest activity first."
            @if *shortened {
                " Of one session, the first " (HITS_PER_SESSION_MAX) " are shown."
            }
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

    fn found(text: &str, wanted: &str) -> Option<(String, String, String)> {
        let Excerpt { before, found, after } = find(text, &lowercase(wanted))?;
        Some((before, found, after))
    }

    fn parts(before: &str, found: &str, after: &str) -> Option<(String, String, String)> {
        Some((before.to_owned(), found.to_owned(), after.to_owned()))
    }

    #[test]
    fn a_text_is_found_whatever_its_case_and_script() {
        assert_eq!(found("When do Apple trees", "apple"), parts("When do ", "Apple", " trees"));
        assert_eq!(found("Straße ÄPFEL", "äpfel"), parts("Straße ", "ÄPFEL", ""));
        // One character whose lower case is two.
        assert_eq!(found("aİb", "i"), parts("a", "İ", "b"));
        assert_eq!(found("日本語", "本"), parts("日", "本", "語"));
        assert_eq!(found("abc", "abcd"), None);
        assert_eq!(found("", "a"), None);
    }

    #[test]
    fn a_text_is_found_wherever_it_lies_in_a_long_one() {
        for lead in [PIECE_BYTES - 3, PIECE_BYTES, PIECE_BYTES + 4, 3 * PIECE_BYTES + 11] {
            let text = format!("{}nädle{}", "é".repeat(lead / 2), "y".repeat(lead));
            let found = find(&text, &lowercase("NÄDLE")).map(|excerpt| excerpt.found);
            assert_eq!(found.as_deref(), Some("nädle"), "{lead} bytes before it");
        }
    }

    #[test]
    fn what_is_around_a_hit_is_cut() {
        let text = format!("{}needle{}", "x".repeat(500), "y".repeat(500));
        let (before, found, after) = found(&text, "NEEDLE").unwrap();
        assert_eq!(before, format!("…{}", "x".repeat(BEFORE_CHARS)));
        assert_eq!((found.as_str(), after.len()), ("needle", AFTER_CHARS));
    }
}
