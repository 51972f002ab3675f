//! `annals verify`.

use std::collections::VecDeque;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use crate::cli::anchors::{self, Anchors};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Status};
use crate::cli::output::Output;
use crate::cli::{progress, style};
use crate::manager::SessionError;
use crate::repository::{Depth, RepositoryError};
use crate::vocabulary::{ByteCount, Finding, FindingClass, SessionId, Verification, one_line};

/// Sessions under way at once, for each processor: enough that none waits for one that is told, or
/// for a long one. Each holds about a line, however long its journal is.
const AT_ONCE_PER_PROCESSOR: usize = 4;

/// Replay and check sessions; exit code 1 if anything is found
#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArgs {
    /// The sessions [default: all]
    #[arg(value_name = "SESSION")]
    sessions: Vec<String>,
    /// Check headers, checksums and sequence only
    #[arg(long)]
    quick: bool,
    /// Check against heads written down earlier with `annals head`; - for standard input
    #[arg(long, value_name = "FILE")]
    anchors: Option<PathBuf>,
}

/// What all verifications came to.
#[derive(Debug, Default, Serialize)]
struct Summary {
    sessions: u64,
    records: u64,
    bytes: u64,
    findings: u64,
    corrupted: u64,
    anchored: u64,
}

#[derive(Serialize)]
struct SummaryLine<'a> {
    summary: &'a Summary,
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: VerifyArgs,
) -> Result<Status, CliError> {
    let mut anchors = args.anchors.as_deref().map(anchors::read).transpose()?.unwrap_or_default();
    let sessions = context.named_or_all(&args.sessions).await?;
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let bar = progress::bar(sessions.len(), "verifying");
    let mut waiting = sessions.iter();
    let mut running: VecDeque<(&SessionId, Running)> = VecDeque::new();
    let mut summary = Summary::default();
    let mut status = Status::Done;
    loop {
        while running.len() < AT_ONCE_PER_PROCESSOR * processors
            && let Some(session) = waiting.next()
        {
            let depth =
                Depth { quick: args.quick, anchors: anchors.remove(session).unwrap_or_default() };
            running.push_back((session, start(context, session, depth)));
        }
        let Some((session, verification)) = running.pop_front() else { break };
        match finished(session, verification).await {
            Ok(Some(verification)) => bar.suspend(|| tell(context, &mut summary, &verification))?,
            Ok(None) => {}
            Err(error) => status = bar.suspend(|| status.or_failed(context, &error)),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if args.sessions.is_empty() {
        for vanished in missing(anchors) {
            tell(context, &mut summary, &vanished)?;
        }
    }
    conclude(&mut context.output, &summary)?;
    Ok(match status {
        Status::Failed(_) => status,
        _ => Status::found(summary.findings > 0),
    })
}

type Running = JoinHandle<Result<Verification, SessionError>>;

fn start(context: &Context, session: &SessionId, depth: Depth) -> Running {
    let (manager, session) = (Arc::clone(&context.manager), session.clone());
    let verifying = async move { manager.verify_session(&session, &depth).await };
    tokio::spawn(verifying.in_current_span())
}

/// The verification, or `None` for a session that was purged meanwhile.
async fn finished(session: &SessionId, running: Running) -> Result<Option<Verification>, CliError> {
    match running.await {
        Ok(Ok(verification)) => Ok(Some(verification)),
        Ok(Err(SessionError::Repository(RepositoryError::NotFound { .. }))) => Ok(None),
        Ok(Err(error)) => Err(error.into()),
        Err(error) => {
            let why = format!("verifying {session}: {error}");
            Err(RepositoryError::Interrupted { why }.into())
        }
    }
}

/// Anchored sessions that are not there at all: the most thorough truncation.
fn missing(anchors: Anchors) -> impl Iterator<Item = Verification> {
    anchors.into_iter().map(|(session, heads)| {
        let seq = heads.iter().map(|(seq, _)| *seq).max().unwrap_or_default();
        let message = format!("the session is gone, although it was anchored at seq {seq}");
        let finding = Finding::new(&session, FindingClass::Truncated, message).at_seq(seq);
        let next = "restore the session from a backup, or drop the anchor if it was purged";
        Verification { findings: vec![Finding { next, ..finding }], ..Verification::default() }
    })
}

fn tell(
    context: &mut Context,
    summary: &mut Summary,
    verification: &Verification,
) -> Result<(), CliError> {
    summary.sessions += 1;
    summary.records += verification.records;
    summary.bytes += verification.bytes;
    summary.anchored += verification.anchored;
    summary.corrupted += u64::from(verification.is_corrupted());
    for finding in &verification.findings {
        summary.findings += 1;
        write_finding(&mut context.output, finding)?;
    }
    Ok(())
}

/// Writes one finding: where, what, and what to do about it.
pub(super) fn write_finding(output: &mut Output, finding: &Finding) -> Result<(), CliError> {
    if output.json {
        return output.json_line(finding);
    }
    let mut place = finding.session.to_string();
    if let Some(seq) = finding.seq {
        place.push_str(&format!(", seq {seq}"));
    }
    if let Some(offset) = finding.offset {
        place.push_str(&format!(", byte {offset}"));
    }
    let class = output.paint(style::of_severity(finding.severity), finding.class.as_str());
    output.line(&format!("{class}: {place}: {}", one_line(&finding.message)))?;
    output.line(&format!("  next: {}", finding.next))
}

fn conclude(output: &mut Output, summary: &Summary) -> Result<(), CliError> {
    if output.json {
        return output.json_line(&SummaryLine { summary });
    }
    let Summary { sessions, records, bytes, findings, corrupted, anchored } = summary;
    let verdict = match (findings, corrupted) {
        (0, _) => output.paint(style::HEADING, "nothing is wrong"),
        (_, 0) => {
            output.paint(style::WARNING, &format!("{findings} findings, none of them damage"))
        }
        _ => output
            .paint(style::ERROR, &format!("{findings} findings, {corrupted} sessions damaged")),
    };
    let bytes = ByteCount(*bytes);
    output.line(&format!(
        "{sessions} sessions, {records} records ({anchored} anchored), {bytes}: {verdict}"
    ))
}
