//! Aligned columns that fit the terminal.

use anstyle::Style;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};

use super::error::CliError;
use super::output::Output;
use super::style;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// Its heading.
    pub(super) heading: &'static str,
    /// Numbers stand to the right.
    pub(super) numeric: bool,
    /// Takes the width that the others leave; what does not fit is cut.
    pub(super) elastic: bool,
}

/// A column of text as wide as its widest cell.
pub(super) const fn text(heading: &'static str) -> Column {
    Column { heading, numeric: false, elastic: false }
}

/// A column of numbers.
pub(super) const fn number(heading: &'static str) -> Column {
    Column { heading, numeric: true, elastic: false }
}

/// A column of text that gives way when the terminal is narrow.
pub(super) const fn elastic(heading: &'static str) -> Column {
    Column { heading, numeric: false, elastic: true }
}

/// Writes rows under headings: cut to the terminal's width on a terminal, whole anywhere else.
/// Cells must be harmless already; the style is the whole row's.
///
/// # Errors
///
/// Those of standard output.
pub(super) fn write(
    output: &mut Output,
    columns: &[Column],
    rows: Vec<(Style, Vec<String>)>,
) -> Result<(), CliError> {
    let mut styles = vec![style::HEADING];
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.add_row(columns.iter().map(|column| column.heading));
    for (style, cells) in rows {
        styles.push(style);
        table.add_row(cells);
    }
    arrange(&mut table, columns, output.width);
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    for (line, style) in lines.iter().zip(styles) {
        output.line(&output.paint(style, line))?;
    }
    Ok(())
}

fn arrange(table: &mut Table, columns: &[Column], width: Option<usize>) {
    for row in table.row_iter_mut() {
        row.max_height(1);
    }
    let last = columns.len().saturating_sub(1);
    for (index, column) in table.column_iter_mut().enumerate() {
        let wanted = columns.get(index);
        column.set_padding((0, if index == last { 0 } else { 2 }));
        if wanted.is_some_and(|wanted| wanted.numeric) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        if width.is_some() && !wanted.is_some_and(|wanted| wanted.elastic) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    match width.and_then(|columns| u16::try_from(columns).ok()) {
        Some(columns) => {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(columns);
        }
        None => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
}

/// The text cut to a number of terminal columns, with a mark where something is missing.
pub(super) fn fit(text: &str, columns_max: Option<usize>) -> String {
    use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

    let Some(columns_max) = columns_max else { return text.to_owned() };
    if text.width() <= columns_max {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut columns = 1;
    for character in text.chars() {
        columns += character.width().unwrap_or(0);
        if columns > columns_max {
            break;
        }
        kept.push(character);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn text_is_cut_by_columns_and_not_by_characters() {
        assert_eq!(fit("plain", Some(5)), "plain");
        assert_eq!(fit("plainer", Some(5)), "plai…");
        assert_eq!(fit("日本語日本語", Some(5)), "日本…");
        assert_eq!(fit("whole", None), "whole");
        assert_eq!(fit("x", Some(0)), "…");
    }
}
