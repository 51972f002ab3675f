//! `annals locks`.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::cli::{style, table};
use crate::manager::LockLine;
use crate::repository::{HeldLock, SessionRepository as _};
use crate::vocabulary::{Holder, one_line};

/// Show which sessions are locked at this moment, by whom and since when
#[derive(Debug, Args)]
pub(in crate::cli) struct LocksArgs {}

pub(in crate::cli) async fn run(
    context: &mut Context,
    LocksArgs {}: LocksArgs,
) -> Result<Status, CliError> {
    let mut locks = context.manager.repository().locks().await?;
    locks.sort_by(|a, b| a.session.cmp(&b.session));
    let output = &mut context.output;
    if output.json {
        for lock in &locks {
            output.json_line(&LockLine::from(lock))?;
        }
        return Ok(Status::Done);
    }
    if locks.is_empty() {
        output.note("no session is locked");
        return Ok(Status::Done);
    }
    let columns = [table::id("SESSION"), table::text("SINCE"), table::elastic("HOLDER")];
    let rows = locks
        .iter()
        .map(|HeldLock { session, holder }| {
            let since = holder.as_ref().map(|holder| output.times.ago(holder.since));
            let who = holder.as_ref().map_or("unknown".to_owned(), |Holder { by, .. }| {
                let who = format!("{} (pid {}, {} on {})", by.program, by.pid, by.user, by.host);
                one_line(&who).into_owned()
            });
            (style::PLAIN, vec![session.to_string(), since.unwrap_or_default(), who])
        })
        .collect();
    table::write(output, &columns, rows)?;
    Ok(Status::Done)
}
