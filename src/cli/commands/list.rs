//! `annals list`.

use std::io;

use anstyle::Style;
use clap::{Args, ValueEnum};

use crate::cli::context::Context;
use crate::cli::directory;
use crate::cli::error::{CliError, Report, Status};
use crate::cli::output::Output;
use crate::cli::{style, table, time};
use crate::manager::SessionError;
use crate::repository::{Listing, Met, Unreadable};
use crate::vocabulary::{
    SessionFilter, SessionMetadata, SortKey, Statuses, Tag, Timestamp, one_line,
};

/// List sessions: active ones, newest activity first
#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// Only these statuses, separated by commas, or all [default: active]
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = Statuses::parse)]
    status: Vec<Statuses>,
    /// Only sessions whose name, first message or tags contain this text
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only sessions with this tag; several times for several tags
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<Tag>,
    /// Only sessions that work in the current directory
    #[arg(long)]
    here: bool,
    /// Only sessions active at this time or later
    #[arg(long, value_name = "TIME", value_parser = time::parse_argument)]
    since: Option<Timestamp>,
    /// Only sessions last active at this time or earlier
    #[arg(long, value_name = "TIME", value_parser = time::parse_argument)]
    until: Option<Timestamp>,
    /// What to order by
    #[arg(long, value_enum, default_value_t, value_name = "KEY")]
    sort: Sort,
    /// At most this many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

/// The orders of a listing, as people name them.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(in crate::cli) enum Sort {
    /// Newest activity first
    #[default]
    #[value(name = "last_active", aliases = ["last-active", "activity"])]
    LastActive,
    /// Newest session first
    Created,
    /// By name; unnamed ones last
    Name,
    /// Most messages first
    #[value(aliases = ["message_count", "message-count"])]
    Messages,
}

impl From<Sort> for SortKey {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::LastActive => Self::LastActive,
            Sort::Created => Self::Created,
            Sort::Name => Self::Name,
            Sort::Messages => Self::Messages,
        }
    }
}

pub(in crate::cli) async fn run(context: &mut Context, args: ListArgs) -> Result<Status, CliError> {
    let filter = SessionFilter {
        statuses: Statuses::collect(&args.status),
        search: args.search,
        tags: args.tags,
        cwd: args.here.then(directory::current).transpose()?,
        since: args.since,
        until: args.until,
        sort: args.sort.into(),
        limit: args.limit,
        ..SessionFilter::default()
    };
    if context.output.json {
        write_lines(context, &filter).await
    } else {
        tell(context, &filter).await
    }
}

/// Writes each session as it comes.
async fn write_lines(context: &mut Context, filter: &SessionFilter) -> Result<Status, CliError> {
    let output = &mut context.output;
    let mut sessions = context.manager.sessions(filter).await?;
    let mut status = Status::Done;
    while let Some(met) = sessions.next().await {
        match met.map_err(SessionError::from)? {
            Met::Session(listed) => output.json_text(&listed.json().map_err(io::Error::from)?)?,
            Met::Damage(finding) => output.damage(&finding),
            Met::Unreadable(unreadable) => {
                status = Status::Found;
                warn_of(output, unreadable);
            }
        }
    }
    Ok(status)
}

/// Tells people of all sessions at once: how wide a column is depends on each of them.
async fn tell(context: &mut Context, filter: &SessionFilter) -> Result<Status, CliError> {
    let Listing { sessions, findings, unreadable } = context.manager.list(filter).await?;
    let output = &mut context.output;
    write_table(output, &sessions)?;
    for finding in &findings {
        output.damage(finding);
    }
    let status = Status::found(!unreadable.is_empty());
    unreadable.into_iter().for_each(|unreadable| warn_of(output, unreadable));
    Ok(status)
}

fn warn_of(output: &mut Output, Unreadable { session, why }: Unreadable) {
    let message = format!("{session} cannot be listed: {why}");
    let hint = "see all that is wrong with `annals verify`".to_owned();
    let kind = "unreadable";
    output.warning(&Report { kind, message, session: None, hint, candidates: Vec::new() });
}

fn write_table(output: &mut Output, sessions: &[SessionMetadata]) -> Result<(), CliError> {
    if sessions.is_empty() {
        output.note("no sessions; --status all shows archived and deleted ones too");
        return Ok(());
    }
    let any_tags = sessions.iter().any(|session| !session.tags.is_empty());
    let mut columns = vec![
        table::id("ID"),
        table::text("STATUS"),
        table::text("ACTIVE"),
        table::number("MSGS"),
        table::elastic("NAME OR FIRST MESSAGE"),
    ];
    if any_tags {
        columns.push(table::elastic("TAGS"));
    }
    let rows = sessions.iter().map(|session| row(output, session, any_tags)).collect();
    table::write(output, &columns, rows)
}

fn row(output: &Output, session: &SessionMetadata, with_tags: bool) -> (Style, Vec<String>) {
    let tags: Vec<_> = session.tags.iter().map(|tag| one_line(tag.as_str())).collect();
    let mut cells = vec![
        session.id.to_string(),
        session.status.to_string(),
        output.times.ago(session.last_active),
        session.message_count.to_string(),
        one_line(title(session)).into_owned(),
    ];
    if with_tags {
        cells.push(tags.join(","));
    }
    (style::of_status(session.status), cells)
}

/// What people know a session by.
fn title(session: &SessionMetadata) -> &str {
    let name = session.name.as_ref().map(|name| name.as_str());
    name.or(session.first_message.as_deref()).unwrap_or_default()
}
