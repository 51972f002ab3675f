//! `annals fork`.

use clap::Args;

use super::change::{self, OneSession};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::repository::{Loaded, RepositoryError};
use crate::vocabulary::{Command, Entry, ExpectedSeq, NewFork, SessionId, SessionName};

/// Begin a session from the state of another; prints its id
#[derive(Debug, Args)]
pub(in crate::cli) struct ForkArgs {
    #[command(flatten)]
    parent: OneSession,
    /// The id of the new session [default: a new UUID]
    #[arg(long)]
    id: Option<SessionId>,
    /// A name for the new session [default: the parent's]
    #[arg(long)]
    name: Option<SessionName>,
}

pub(in crate::cli) async fn run(context: &mut Context, args: ForkArgs) -> Result<Status, CliError> {
    let parent = context.manager.resolve(&args.parent.session).await?;
    let Loaded { state, head, findings } = context.manager.load(&parent).await?;
    let expected = args.parent.condition.expected();
    if !expected.is_met_by(Some(state.seq)) {
        let actual = Some(state.seq);
        return Err(RepositoryError::Conflict { session: parent, expected, actual }.into());
    }
    for finding in &findings {
        context.output.damage(finding);
    }
    // The condition holds for the very state that is forked, whatever the parent does meanwhile.
    let fork = Box::new(NewFork { parent: state, head, name: args.name });
    let id = args.id.unwrap_or_else(SessionId::generate);
    let entry = Entry { command: Command::Fork(fork), key: None };
    let made = context.manager.append(&id, ExpectedSeq::Any, vec![entry]).await?;
    change::tell_made(context, &made.state)?;
    Ok(Status::Done)
}
