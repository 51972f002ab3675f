//! `annals show`.

use clap::Args;
use serde_json::Value;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::cli::moment;
use crate::cli::output::Output;
use crate::cli::style;
use crate::manager::Moment;
use crate::repository::Loaded;
use crate::vocabulary::{SessionMetadata, one_line};

/// Show a session's state now, or as it was
#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// The session
    session: String,
    /// As it was right after this record, or at this time
    #[arg(long, value_name = "SEQ or TIME", value_parser = moment::parse)]
    at: Option<Moment>,
}

pub(in crate::cli) async fn run(context: &mut Context, args: ShowArgs) -> Result<Status, CliError> {
    let session = context.manager.resolve(&args.session).await?;
    let state = match args.at {
        Some(moment) => context.manager.state_at(&session, moment).await?,
        None => {
            let Loaded { state, findings, .. } = context.manager.load(&session).await?;
            for finding in &findings {
                context.output.damage(finding);
            }
            state
        }
    };
    let output = &mut context.output;
    if output.json {
        output.json_line(&state)?;
    } else {
        write_state(output, &state)?;
    }
    Ok(Status::Done)
}

fn write_state(output: &mut Output, state: &SessionMetadata) -> Result<(), CliError> {
    for (label, value) in rows(output, state) {
        let label = output.paint(style::HEADING, &format!("{label:<14}"));
        output.line(&format!("{label}{}", one_line(&value)))?;
    }
    Ok(())
}

/// What is known of the session, as labels and values; what is not known has no row.
fn rows(output: &Output, state: &SessionMetadata) -> Vec<(String, String)> {
    let tags: Vec<_> = state.tags.iter().map(|tag| tag.as_str()).collect();
    let known = [
        ("id", Some(state.id.to_string())),
        ("name", state.name.as_ref().map(ToString::to_string)),
        ("status", Some(state.status.to_string())),
        ("created", Some(output.times.both(state.created))),
        ("last active", Some(output.times.both(state.last_active))),
        ("messages", Some(state.message_count.to_string())),
        ("files", Some(state.file_count.to_string())),
        ("first message", state.first_message.clone()),
        ("tags", (!tags.is_empty()).then(|| tags.join(", "))),
        ("directory", state.cwd.clone()),
        ("source", state.source.clone()),
        ("parent", state.parent.as_ref().map(ToString::to_string)),
        ("seq", Some(state.seq.to_string())),
    ];
    let mut rows: Vec<_> =
        known.into_iter().filter_map(|(label, value)| Some((label.to_owned(), value?))).collect();
    rows.extend(state.fields.iter().map(|(key, value)| {
        let value = match value {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        ("field".to_owned(), format!("{key} = {value}"))
    }));
    rows
}
