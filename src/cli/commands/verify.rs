//! `annals verify`.

use std::collections::VecDeque;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use indicatif::ProgressBar;
use serde::Serialize;
use tokio::runtime::Handle;
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

/// Groups of sessions under way at once, for each processor: enough that none waits for one that is
/// told, or for a long one. Each holds about a line, however long its journals are.
const GROUPS_PER_PROCESSOR: usize = 4;

/// Most sessions of a group, which one thread verifies one after the other: handing over one session
/// costs about as much as verifying it.
const GROUP_MAX: usize = 64;

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
    let at_once = GROUPS_PER_PROCESSOR * processors;
    let bar = progress::bar(sessions.len(), "verifying");
    let mut waiting = sessions.chunks((sessions.len() / at_once).clamp(1, GROUP_MAX));
    let mut running: VecDeque<Running> = VecDeque::new();
    let mut summary = Summary::default();
    let mut status = Status::Done;
    loop {
        while running.len() < at_once
            && let Some(group) = waiting.next()
        {
            let with_depth = |session: &SessionId| {
                let anchors = anchors.remove(session).unwrap_or_default();
                (session.clone(), Depth { quick: args.quick, anchors })
            };
            running.push_back(start(context, group.iter().map(with_depth).collect(), &bar));
        }
        let Some(group) = running.pop_front() else { break };
        for verification in finished(group).await {
            match verification {
                Ok(found) => bar.suspend(|| tell(context, &mut summary, &found))?,
                Err(error) => status = bar.suspend(|| status.or_failed(context, &error)),
            }
        }
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

type Verified = Result<Verification, SessionError>;
type Running = JoinHandle<Vec<Verified>>;

/// Verifies sessions one after the other on a thread of their own.
fn start(context: &Context, group: Vec<(SessionId, Depth)>, bar: &ProgressBar) -> Running {
    let (manager, runtime) = (Arc::clone(&context.manager), Handle::current());
    let bar = bar.clone();
    let verifying = async move {
        let mut verified = Vec::with_capacity(group.len());
        for (session, depth) in &group {
            let verification = manager.verify_session(session, depth).await;
            // Nobody asks for the state, and it may be large.
            verified.push(verification.map(|found| Verification { state: None, ..found }));
            bar.inc(1);
        }
        verified
    };
    let verifying = verifying.in_current_span();
    tokio::task::spawn_blocking(move || runtime.block_on(verifying))
}

/// The verifications of a group, but for those of sessions that were purged meanwhile.
async fn finished(running: Running) -> Vec<Result<Verification, CliError>> {
    match running.await {
        Ok(verified) => verified
            .into_iter()
            .filter(|verified| {
                !matches!(verified, Err(SessionError::Repository(RepositoryError::NotFound { .. })))
            })
            .map(|verified| verified.map_err(CliError::from))
            .collect(),
        Err(error) => {
            let why = format!("verifying: {error}");
            vec![Err(RepositoryError::Interrupted { why }.into())]
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
