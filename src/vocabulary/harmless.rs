//! Text from sessions made harmless: nothing of it can steer a terminal, or hide or reorder what
//! is shown on a terminal or a page.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character could move the cursor, change colours, reorder what stands around it, or
/// stand there unseen.
#[must_use]
pub fn is_treacherous(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The text as one line for people: line breaks and tabs become spaces, and every treacherous
/// character is spelled out as `\u{…}`.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    harmless(text, [' ', ' '])
}

/// The text for people, its line breaks and tabs kept; every other treacherous character is spelled
/// out as `\u{…}`.
#[must_use]
pub fn several_lines(text: &str) -> Cow<'_, str> {
    harmless(text, ['\n', '\t'])
}

/// The text with these in the place of line breaks and tabs.
fn harmless(text: &str, [line_break, tab]: [char; 2]) -> Cow<'_, str> {
    if !text.chars().any(is_treacherous) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.replace("\r\n", "\n").chars() {
        match character {
            '\n' => shown.push(line_break),
            '\t' => shown.push(tab),
            character if is_treacherous(character) => {
                // Writing to a string cannot fail.
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
            }
            character => shown.push(character),
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::{one_line, several_lines};

    #[test]
    fn plain_text_in_any_script_is_left_as_it_is() {
        for text in ["", "plain", "naïve 日本語 עברית 🦀", r"back\slash"] {
            assert_eq!(one_line(text), text);
        }
    }

    #[test]
    fn escape_sequences_are_spelled_out() {
        assert_eq!(one_line("a\u{1b}[31mred\u{7}"), r"a\u{1b}[31mred\u{7}");
        assert_eq!(one_line("\u{9b}2J\u{7f}\0"), r"\u{9b}2J\u{7f}\u{0}");
    }

    #[test]
    fn reordering_and_invisible_characters_are_spelled_out() {
        assert_eq!(one_line("a\u{202e}b\u{2066}c\u{200b}d"), r"a\u{202e}b\u{2066}c\u{200b}d");
        assert_eq!(one_line("\u{feff}\u{e0041}\u{3164}"), r"\u{feff}\u{e0041}\u{3164}");
    }

    #[test]
    fn line_breaks_become_spaces_and_a_lone_return_is_spelled_out() {
        assert_eq!(one_line("one\r\ntwo\nthree\tfour\rfive"), r"one two three four\u{d}five");
    }

    #[test]
    fn lines_and_tabs_are_kept_where_there_is_room_for_them() {
        assert_eq!(several_lines("one\r\ntwo\n\tthree\r\u{1b}"), "one\ntwo\n\tthree\\u{d}\\u{1b}");
        assert_eq!(several_lines("a\u{202e}b"), r"a\u{202e}b");
    }
}
