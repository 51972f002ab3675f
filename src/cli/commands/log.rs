//! `annals log`.

use std::collections::VecDeque;

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::cli::{entry, time};
use crate::manager::SessionError;
use crate::repository::{Read, RepositoryError};
use crate::vocabulary::{Record, SessionId, Timestamp};

/// Show the history: who did what, and when
#[derive(Debug, Args)]
pub(in crate::cli) struct LogArgs {
    /// The session [default: all, merged by time]
    session: Option<String>,
    /// Only what was recorded at this time or later
    #[arg(long, value_name = "TIME", value_parser = time::parse_argument)]
    since: Option<Timestamp>,
    /// Only what was recorded at this time or earlier
    #[arg(long, value_name = "TIME", value_parser = time::parse_argument)]
    until: Option<Timestamp>,
    /// Only records of this type, such as message_recorded; several times for several types
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Only what this user did
    #[arg(long, value_name = "USER")]
    by: Option<String>,
    /// The newest N only, oldest of them first
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Go on showing what is recorded from now on
    #[arg(short, long, requires = "session")]
    follow: bool,
}

/// Which records to show.
struct Choice {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    types: Vec<String>,
    by: Option<String>,
    limit: Option<usize>,
}

impl Choice {
    fn admits(&self, record: &Record) -> bool {
        self.since.is_none_or(|since| record.at >= since)
            && self.until.is_none_or(|until| record.at <= until)
            && (self.types.is_empty() || self.types.iter().any(|kind| **kind == *record.kind))
            && self.by.as_ref().is_none_or(|user| *user == record.by.user)
    }
}

pub(in crate::cli) async fn run(context: &mut Context, args: LogArgs) -> Result<Status, CliError> {
    let LogArgs { session, since, until, types, by, limit, follow } = args;
    let choice = Choice { since, until, types, by, limit };
    let Some(selector) = session else { return all(context, &choice).await };
    let session = context.manager.resolve(&selector).await?;
    let last_seq = one(context, &session, 1, &choice).await?;
    if follow {
        let choice = Choice { limit: None, ..choice };
        self::follow(context, &session, last_seq, &choice).await?;
    }
    Ok(Status::Done)
}

/// Shows one session's records as they are read; returns the last sequence number met.
async fn one(
    context: &mut Context,
    session: &SessionId,
    from_seq: u64,
    choice: &Choice,
) -> Result<u64, CliError> {
    let mut last_seq = from_seq.saturating_sub(1);
    let mut newest = VecDeque::new();
    let mut records = context.manager.history(session, from_seq).await?;
    while let Some(read) = records.next().await {
        let record = match read? {
            Read::Record(record) => record,
            Read::Damage(finding) => {
                context.output.damage(&finding);
                continue;
            }
        };
        last_seq = last_seq.max(record.seq);
        if !choice.admits(&record) {
            continue;
        }
        let Some(limit) = choice.limit else {
            entry::write(&mut context.output, session, &record, false)?;
            continue;
        };
        newest.push_back(record);
        if newest.len() > limit {
            newest.pop_front();
        }
    }
    for record in newest {
        entry::write(&mut context.output, session, &record, false)?;
    }
    Ok(last_seq)
}

/// Shows records as they are appended, until standard output is closed or the process ends.
async fn follow(
    context: &mut Context,
    session: &SessionId,
    mut last_seq: u64,
    choice: &Choice,
) -> Result<(), CliError> {
    loop {
        context.output.flush()?;
        let reached = context.manager.changed(session, last_seq).await?;
        // Where damage hides the newest records, waiting for them again would never end.
        last_seq = one(context, session, last_seq + 1, choice).await?.max(reached);
    }
}

/// A record among those of other sessions.
struct Placed {
    /// When it was recorded, but never before the records that precede it in its session.
    at: Timestamp,
    session: usize,
    record: Box<Record>,
}

/// Shows all sessions' records, merged by time. They are gathered in memory first: a limit keeps
/// that small.
async fn all(context: &mut Context, choice: &Choice) -> Result<Status, CliError> {
    let sessions = context.manager.session_ids().await?;
    let mut status = Status::Done;
    let mut placed = Vec::new();
    for (index, session) in sessions.iter().enumerate() {
        match gather(context, index, session, choice, &mut placed).await {
            // Purged since the ids were read.
            Err(CliError::Session(SessionError::Repository(RepositoryError::NotFound {
                ..
            }))) => {}
            Err(error) => status = status.or_failed(context, &error),
            Ok(()) => keep_newest(&mut placed, choice.limit),
        }
    }
    placed.sort_by_key(|placed| placed.at);
    let passed_over = choice.limit.map_or(0, |limit| placed.len().saturating_sub(limit));
    for Placed { session, record, .. } in placed.into_iter().skip(passed_over) {
        if let Some(session) = sessions.get(session) {
            entry::write(&mut context.output, session, &record, true)?;
        }
    }
    Ok(status)
}

async fn gather(
    context: &mut Context,
    index: usize,
    session: &SessionId,
    choice: &Choice,
    placed: &mut Vec<Placed>,
) -> Result<(), CliError> {
    let mut records = context.manager.history(session, 1).await?;
    let mut floor = None;
    while let Some(read) = records.next().await {
        match read? {
            Read::Damage(finding) => context.output.damage(&finding),
            Read::Record(record) => {
                let at = floor.map_or(record.at, |floor: Timestamp| floor.max(record.at));
                floor = Some(at);
                if choice.admits(&record) {
                    placed.push(Placed { at, session: index, record });
                }
            }
        }
    }
    Ok(())
}

/// Drops what a limit cannot show any more, once there is enough of it to be worth sorting.
fn keep_newest(placed: &mut Vec<Placed>, limit: Option<usize>) {
    let Some(limit) = limit else { return };
    if placed.len() > limit.saturating_mul(2) {
        placed.sort_by_key(|placed| placed.at);
        placed.drain(..placed.len() - limit);
    }
}
