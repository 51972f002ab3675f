//! One record of a history as a line.

use unicode_width::UnicodeWidthStr as _;

use super::error::CliError;
use super::output::Output;
use super::{style, table};
use crate::manager::RecordLine;
use crate::vocabulary::{Record, SessionId, one_line};

/// Writes one record. People see the session only where the lines are of several.
pub(super) fn write(
    output: &mut Output,
    session: &SessionId,
    record: &Record,
    names_session: bool,
) -> Result<(), CliError> {
    if !output.json {
        return write_phrase(output, session, record, names_session);
    }
    output.json_line(&RecordLine::new(session, record))
}

fn write_phrase(
    output: &mut Output,
    session: &SessionId,
    record: &Record,
    names_session: bool,
) -> Result<(), CliError> {
    let time = output.times.to_the_second(record.at);
    let place = names_session
        .then(|| table::fit(session.as_str(), output.width.map(table::id_width_max)) + " ");
    let place = place.unwrap_or_default();
    let who = one_line(&record.by.user).into_owned();
    let words = record.in_words();
    let before =
        record.occurred().map(|moment| format!("({}) ", output.times.to_the_second(moment)));
    let lead = format!("{place}{:>5}  {who}  ", record.seq);
    let taken = time.width() + 2 + lead.width();
    let what = one_line(&format!("{}{words}", before.unwrap_or_default())).into_owned();
    let what = table::fit(&what, output.width.map(|columns| columns.saturating_sub(taken).max(1)));
    output.line(&format!("{}  {lead}{what}", output.paint(style::FAINT, &time)))
}
