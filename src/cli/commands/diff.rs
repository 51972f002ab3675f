//! `annals diff`.

use std::collections::BTreeSet;

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::cli::{moment, style};
use crate::manager::Moment;
use crate::vocabulary::{SessionId, SessionMetadata, one_line};

/// Show what changed in a session between two points of its history
#[derive(Debug, Args)]
pub(in crate::cli) struct DiffArgs {
    /// The session
    session: String,
    /// The two points, each a SEQ or a TIME
    #[arg(value_name = "A..B", value_parser = moment::parse_range)]
    range: (Moment, Moment),
}

/// What `--json` prints.
#[derive(Serialize)]
struct Difference<'a> {
    session: &'a SessionId,
    from_seq: u64,
    to_seq: u64,
    changes: &'a [Change],
}

/// One part of the state that is not what it was.
#[derive(Debug, PartialEq, Serialize)]
struct Change {
    field: String,
    before: Value,
    after: Value,
}

pub(in crate::cli) async fn run(context: &mut Context, args: DiffArgs) -> Result<Status, CliError> {
    let session = context.manager.resolve(&args.session).await?;
    let before = context.manager.state_at(&session, args.range.0).await?;
    let after = context.manager.state_at(&session, args.range.1).await?;
    let changes = differences(&before, &after);
    let output = &mut context.output;
    if output.json {
        let (from_seq, to_seq) = (before.seq, after.seq);
        output.json_line(&Difference { session: &session, from_seq, to_seq, changes: &changes })?;
        return Ok(Status::Done);
    }
    for Change { field, before, after } in &changes {
        let field = output.paint(style::HEADING, &one_line(field));
        let (before, after) = (before.to_string(), after.to_string());
        output.line(&format!("{field}: {} -> {}", one_line(&before), one_line(&after)))?;
    }
    Ok(Status::Done)
}

/// The parts of the state that differ; custom fields are compared one by one.
fn differences(before: &SessionMetadata, after: &SessionMetadata) -> Vec<Change> {
    let (before, after) = (flattened(before), flattened(after));
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let value = |map: &Map<String, Value>, name: &str| map.get(name).cloned().unwrap_or_default();
    names
        .into_iter()
        .map(|name| Change {
            field: name.clone(),
            before: value(&before, name),
            after: value(&after, name),
        })
        .filter(|change| change.before != change.after)
        .collect()
}

fn flattened(state: &SessionMetadata) -> Map<String, Value> {
    // A state always is a JSON object: its keys are fixed names, and labels are strings.
    let Ok(Value::Object(mut map)) = serde_json::to_value(state) else { return Map::new() };
    if let Some(Value::Object(fields)) = map.remove("fields") {
        map.extend(fields.into_iter().map(|(key, value)| (format!("fields.{key}"), value)));
    }
    map
}
