//! What the commands that change sessions have in common: which sessions, on which condition, and
//! how the outcome is told.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::manager::{ChangeOptions, Changed};
use crate::vocabulary::{
    Appended, Command, Entry, ExpectedSeq, Outcome, SessionId, SessionMetadata,
};

/// The condition on which a change goes ahead.
#[derive(Debug, Clone, Copy, Args)]
pub(in crate::cli) struct Condition {
    /// Change it only if its last record is this one
    #[arg(long, value_name = "SEQ")]
    expect: Option<u64>,
}

impl Condition {
    /// The condition as the store checks it.
    pub(super) fn expected(self) -> ExpectedSeq {
        self.expect.map_or(ExpectedSeq::Any, ExpectedSeq::Exactly)
    }
}

/// One session to change.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct OneSession {
    /// The session to change
    #[arg(value_name = "SESSION")]
    pub(super) session: String,
    #[command(flatten)]
    pub(super) condition: Condition,
}

/// Sessions to change, one after the other.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct Sessions {
    /// The sessions to change
    #[arg(value_name = "SESSION", required = true)]
    sessions: Vec<String>,
    #[command(flatten)]
    condition: Condition,
}

/// Sends one command to several sessions. All selectors are resolved before anything is changed;
/// a session that refuses does not keep the others from being changed.
pub(super) async fn each(
    context: &mut Context,
    targets: Sessions,
    verb: &str,
    command: Command,
) -> Result<Status, CliError> {
    let sessions = context.named_or_all(&targets.sessions).await?;
    let mut outcomes = Vec::with_capacity(sessions.len());
    for session in &sessions {
        let options =
            ChangeOptions { expected: targets.condition.expected(), ..ChangeOptions::default() };
        outcomes.push(context.manager.change(session, command.clone(), options).await);
    }
    // Told only now, so that a reader who goes away cannot keep a change from being made.
    let mut status = Status::Done;
    for outcome in outcomes {
        match outcome {
            Ok(changed) => tell_changed(context, verb, &changed)?,
            Err(error) => status = status.or_failed(context, &error.into()),
        }
    }
    Ok(status)
}

/// Sends commands to one session, all of them or none.
pub(super) async fn together(
    context: &mut Context,
    target: &OneSession,
    verb: &str,
    commands: impl IntoIterator<Item = Command>,
) -> Result<Status, CliError> {
    let session = context.manager.resolve(&target.session).await?;
    let entries = commands.into_iter().map(|command| Entry { command, key: None }).collect();
    let expected = target.condition.expected();
    let Appended { state, outcomes } = context.manager.append(&session, expected, entries).await?;
    let unchanged = outcomes.iter().all(|outcome| *outcome == Outcome::Unchanged);
    tell(context, if unchanged { UNCHANGED } else { verb }, &state)?;
    Ok(Status::Done)
}

const UNCHANGED: &str = "unchanged";

/// Tells what became of one command.
pub(super) fn tell_changed(
    context: &mut Context,
    verb: &str,
    changed: &Changed,
) -> Result<(), CliError> {
    let verb = match changed.outcome {
        Outcome::Recorded { .. } => verb,
        Outcome::Unchanged => UNCHANGED,
        Outcome::Repeated { .. } => "already recorded",
    };
    tell(context, verb, &changed.state)
}

fn tell(context: &mut Context, verb: &str, state: &SessionMetadata) -> Result<(), CliError> {
    if context.output.json {
        return context.output.json_line(state);
    }
    let SessionMetadata { id, seq, .. } = state;
    context.output.line(&format!("{verb} {id} (seq {seq})"))
}

/// Tells the id of a session that was made.
pub(super) fn tell_made(context: &mut Context, state: &SessionMetadata) -> Result<(), CliError> {
    if context.output.json {
        return context.output.json_line(state);
    }
    let id: &SessionId = &state.id;
    context.output.line(id.as_str())
}
