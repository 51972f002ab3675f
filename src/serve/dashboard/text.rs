//! Text from sessions on a page. The templates escape what HTML would obey; this makes harmless
//! what would steer, hide or reorder what is read, and keeps it bounded.

use maud::{Markup, html};

use crate::vocabulary::{SessionId, SessionMetadata, one_line, several_lines};

/// Longest text shown inside a page of many records, in bytes.
pub(super) const TEXT_BYTES_MAX: usize = 16 * 1024;
/// A longer text is folded, and only its beginning is shown.
const UNFOLDED_CHARS_MAX: usize = 1_200;
const UNFOLDED_LINES_MAX: usize = 16;
const BEGINNING_CHARS_MAX: usize = 500;
const BEGINNING_LINES_MAX: usize = 8;

/// A text as one line of at most so many characters.
pub(super) fn line(text: &str, chars_max: usize) -> String {
    // Nothing beyond can be shown, whatever is spelled out on the way.
    let beginning: String = text.trim().chars().take(chars_max + 1).collect();
    let shown = one_line(&beginning);
    if shown.chars().count() <= chars_max {
        return shown.into_owned();
    }
    let mut cut: String = shown.chars().take(chars_max.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// What a session is called on a page: its name, or its id.
pub(super) fn title_of(state: &SessionMetadata) -> String {
    state.name.as_ref().map_or_else(|| state.id.to_string(), |name| line(name.as_str(), 100))
}

/// The address of a session's page. Nothing in an id has a meaning in an address.
pub(super) fn address_of(session: &SessionId) -> String {
    format!("/sessions/{session}")
}

/// The longest beginning of a text that is within a bound and ends between two characters.
pub(super) fn beginning(text: &str, bytes_max: usize) -> &str {
    let end = (0..=bytes_max.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// Whether a page of many records shows only the beginning of a text.
pub(super) fn is_cut(text: &str) -> bool {
    text.len() > TEXT_BYTES_MAX
}

/// A text in several lines. A long one is folded behind its beginning, and of one over the bound
/// only so much is there.
pub(super) fn block(text: &str) -> Markup {
    let extent = if is_cut(text) { "The beginning" } else { "Whole text" };
    let shown = several_lines(beginning(text, TEXT_BYTES_MAX));
    let (chars, lines) = (shown.chars().count(), shown.lines().count());
    if chars <= UNFOLDED_CHARS_MAX && lines <= UNFOLDED_LINES_MAX {
        return html! { div.text dir="auto" { (shown) } };
    }
    let lead: Vec<_> = shown.lines().take(BEGINNING_LINES_MAX).collect();
    let lead: String = lead.join("\n").chars().take(BEGINNING_CHARS_MAX).collect();
    html! {
        div.text.lead dir="auto" { (lead) "…" }
        details.long {
            summary { (extent) ", " (super::units::counted(lines as u64, "line")) }
            div.text dir="auto" { (shown) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_with_an_ellipsis_and_never_longer_than_asked() {
        assert_eq!(line("  short ", 10), "short");
        assert_eq!(line("eleven char", 10), "eleven ch…");
        assert_eq!(line("a\nb\u{202e}", 20), r"a b\u{202e}");
        assert_eq!(line(&"\u{1b}".repeat(50), 12).chars().count(), 12);
    }

    #[test]
    fn a_beginning_ends_between_two_characters() {
        assert_eq!(beginning("aé日", 2), "a");
        assert_eq!(beginning("aé日", 3), "aé");
        assert_eq!(beginning("aé", 100), "aé");
        assert_eq!(beginning("日", 0), "");
    }

    #[test]
    fn html_in_a_text_is_shown_not_obeyed() {
        let shown = block("<script>alert(1)</script>\n\u{1b}[2J").into_string();
        assert!(shown.contains("&lt;script&gt;alert(1)&lt;/script&gt;\n\\u{1b}[2J"), "{shown}");
        assert!(!shown.contains("<script"), "{shown}");
    }

    #[test]
    fn a_text_over_the_bound_is_not_called_whole() {
        let whole = "x".repeat(TEXT_BYTES_MAX);
        assert!(block(&whole).into_string().contains("Whole text, 1 line"));
        let shown = block(&format!("{whole}end")).into_string();
        assert!(shown.contains("The beginning, 1 line") && !shown.contains("end"), "{shown}");
    }

    #[test]
    fn a_long_text_is_folded_behind_its_beginning() {
        let text = (0..40).map(|line| format!("line {line}\n")).collect::<String>();
        let shown = block(&text).into_string();
        assert!(shown.contains("<summary>Whole text, 40 lines</summary>"), "{shown}");
        assert_eq!(shown.matches("line 7").count(), 2);
        assert_eq!(shown.matches("line 39").count(), 1);
    }
}
