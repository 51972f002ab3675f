//! `annals config`.

use clap::Args;
use serde::Serialize;

use crate::cli::error::{CliError, Status};
use crate::cli::output::Output;
use crate::cli::{style, table};
use crate::config::{Config, Setting, Source};
use crate::vocabulary::one_line;

/// Show what is configured: every key, its value, and where that comes from
#[derive(Debug, Args)]
pub(in crate::cli) struct ConfigArgs {}

/// A key as `--json` prints it.
#[derive(Serialize)]
struct SettingLine<'a> {
    key: &'static str,
    value: Option<&'a str>,
    source: &'a str,
    default: Option<&'a str>,
    variable: &'a str,
    expected: &'a str,
    about: &'static str,
}

pub(in crate::cli) fn run(output: &mut Output, config: &Config) -> Result<Status, CliError> {
    if output.json {
        for setting in config.settings() {
            write_json(output, &setting)?;
        }
        return Ok(Status::Done);
    }
    let columns = [table::text("KEY"), table::elastic("VALUE"), table::text("SOURCE")];
    let rows = config.settings().map(|Setting { key, value, source, .. }| {
        let row_style = if source == Source::Default { style::PLAIN } else { style::HEADING };
        let value = value.unwrap_or_else(|| "-".to_owned());
        let cells = [key.name, &value, &source.to_string()];
        (row_style, cells.map(|cell| one_line(cell).into_owned()).to_vec())
    });
    let rows = rows.collect();
    table::write(output, &columns, rows)?;
    Ok(Status::Done)
}

fn write_json(output: &mut Output, setting: &Setting) -> Result<(), CliError> {
    let Setting { key, value, source, default } = setting;
    output.json_line(&SettingLine {
        key: key.name,
        value: value.as_deref(),
        source: &source.to_string(),
        default: default.as_deref(),
        variable: &key.variable(),
        expected: &key.kind.expected(),
        about: key.about,
    })
}
