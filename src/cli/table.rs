//! Aligned columns that fit the terminal.

use anstyle::Style;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

use super::error::CliError;
use super::output::Output;
use super::style;

/// Most of a terminal's width that ids take, in per cent: the beginning of one is enough to name
/// a session.
const ID_PERCENT_MAX: u16 = 40;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    heading: &'static str,
    kind: ColumnKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ColumnKind {
    /// As wide as its widest cell.
    Text,
    /// The same, and set to the right.
    Number,
    /// As wide as its widest cell, up to a share of the terminal.
    Id,
    /// Takes the width that the others leave.
    Elastic,
}

/// A column of short texts.
pub(super) const fn text(heading: &'static str) -> Column {
    Column { heading, kind: ColumnKind::Text }
}

/// A column of numbers.
pub(super) const fn number(heading: &'static str) -> Column {
    Column { heading, kind: ColumnKind::Number }
}

/// A column of ids.
pub(super) const fn id(heading: &'static str) -> Column {
    Column { heading, kind: ColumnKind::Id }
}

/// A column of text that gives way when the terminal is narrow.
pub(super) const fn elastic(heading: &'static str) -> Column {
    Column { heading, kind: ColumnKind::Elastic }
}

/// The columns of the terminal that an id may take.
pub(super) fn id_width_max(width: usize) -> usize {
    width * usize::from(ID_PERCENT_MAX) / 100
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
    for ((index, column), wanted) in table.column_iter_mut().enumerate().zip(columns) {
        column.set_padding((0, if index == last { 0 } else { 2 }));
        if wanted.kind == ColumnKind::Number {
            column.set_cell_alignment(CellAlignment::Right);
        }
        match wanted.kind {
            ColumnKind::Text | ColumnKind::Number if width.is_some() => {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
            ColumnKind::Id if width.is_some() => {
                let share = Width::Percentage(ID_PERCENT_MAX);
                column.set_constraint(ColumnConstraint::UpperBoundary(share));
            }
            _ => {}
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
    use unicode_width::UnicodeWidthStr as _;

    use super::*;

    const COLUMNS: [Column; 4] = [id("ID"), text("STATUS"), number("MSGS"), elastic("NAME")];

    fn written(width: Option<usize>, styled: bool) -> String {
        let (mut output, captured) = Output::captured(width, styled);
        let row = |id: &str, messages: &str, name: &str| {
            let cells = [id, "active", messages, name].map(ToOwned::to_owned).to_vec();
            (style::FAINT, cells)
        };
        let rows = vec![
            row("01a20422-83e6-776c-b6f1-daed1c8ffe28", "7", "日本語の名前はここで切られます"),
            row("short", "1234", "a name with a good many words that cannot all be shown"),
        ];
        write(&mut output, &COLUMNS, rows).unwrap();
        captured.text()
    }

    #[test]
    fn on_a_terminal_every_row_is_one_line_that_fits() {
        for width in [30, 50, 80, 120] {
            let text = written(Some(width), false);
            assert_eq!(text.lines().count(), 3, "{text}");
            for line in text.lines() {
                assert!(line.width() <= width, "{width}: {line:?}");
            }
        }
        insta::assert_snapshot!(written(Some(50), false), @r"
        ID                 STATUS  MSGS  NAME
        01a20422-83e6-77…  active     7  日本語の名前はこ…
        short              active  1234  a name with a…
        ");
    }

    #[test]
    fn anywhere_else_nothing_is_cut() {
        let text = written(None, false);
        assert!(text.contains("01a20422-83e6-776c-b6f1-daed1c8ffe28"), "{text}");
        assert!(text.contains("that cannot all be shown"), "{text}");
    }

    #[test]
    fn a_style_covers_its_row_and_ends_with_it() {
        for line in written(Some(50), true).lines() {
            assert!(line.starts_with("\u{1b}[") && line.ends_with("\u{1b}[0m"), "{line:?}");
        }
    }

    #[test]
    fn text_is_cut_by_columns_and_not_by_characters() {
        assert_eq!(fit("plain", Some(5)), "plain");
        assert_eq!(fit("plainer", Some(5)), "plai…");
        assert_eq!(fit("日本語日本語", Some(5)), "日本…");
        assert_eq!(fit("whole", None), "whole");
        assert_eq!(fit("x", Some(0)), "…");
    }
}
