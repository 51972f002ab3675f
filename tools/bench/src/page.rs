//! The parts of `docs/performance.md` that are made, each between two markers.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Where the page is, from the top of the repository.
pub const PAGE: &str = "docs/performance.md";

/// Puts a text between the markers of a part of the page.
pub fn put(part: &str, text: &str) -> Result<()> {
    let path = Path::new(PAGE);
    let page = fs::read_to_string(path).context(PAGE)?;
    fs::write(path, replaced(&page, part, text)?)?;
    println!("{PAGE}: {part} was written");
    Ok(())
}

fn replaced(page: &str, part: &str, text: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- {part} -->\n"), format!("<!-- end of {part} -->\n"));
    let (before, rest) =
        page.split_once(&begin).with_context(|| format!("{PAGE} has no {begin}"))?;
    let (_, after) = rest.split_once(&end).with_context(|| format!("{PAGE} has no {end}"))?;
    Ok(format!("{before}{begin}{text}{end}{after}"))
}

/// A table of text; the first row is the heading.
pub fn table(rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        text += &format!("| {} |\n", row.join(" | "));
        if index == 0 {
            text += &format!("|{}\n", "---|".repeat(row.len()));
        }
    }
    text
}

/// A number with three digits that mean something, or with all before the point.
pub fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 999.5 => grouped(value),
        size if size >= 99.95 || size == 0.0 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        size if size >= 0.995 => format!("{value:.2}"),
        size if size >= 0.0995 => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    }
}

fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_replaced_and_the_rest_of_the_page_stays() {
        let page = "one\n<!-- table -->\nold\n<!-- end of table -->\ntwo\n";

        let written = replaced(page, "table", "new\n").unwrap();

        assert_eq!(written, "one\n<!-- table -->\nnew\n<!-- end of table -->\ntwo\n");
    }

    #[test]
    fn a_page_without_the_markers_is_left_alone() {
        assert!(replaced("<!-- table -->\n", "table", "").is_err());
        assert!(replaced("", "table", "").is_err());
    }

    #[test]
    fn numbers_have_three_digits_that_mean_something() {
        let shown = [1_234_567.8, 999.7, 123.4, 12.34, 1.234, 0.1234, 0.01234].map(number);

        assert_eq!(shown, ["1,234,568", "1,000", "123", "12.3", "1.23", "0.123", "0.0123"]);
    }
}
