//! `annals import`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Report, Status};
use crate::cli::output::Output;
use crate::cli::progress::ImportBar;
use crate::disk::{Disk, EntryKind, RealDisk};
use crate::manager::SessionError;
use crate::manager::import::{
    Discovery, ImportError, ImportReport, Note, Skipped, TranscriptSource, discover,
};
use crate::repository::RepositoryError;
use crate::vocabulary::one_line;

/// Unreadable lines of one transcript that people are shown; `--json` shows more.
const UNREADABLE_SHOWN_MAX: usize = 10;

/// Bring in the transcripts of other programs; run again, it adds only what is new
///
/// The exit code is 1 if a line of a transcript could not be read, or a session takes no more.
#[derive(Debug, Args)]
pub(in crate::cli) struct ImportArgs {
    /// The program that wrote them: claude-code, codex or amazon-q [default: all]
    #[arg(long, value_name = "PROGRAM")]
    from: Option<TranscriptSource>,
    /// Transcripts, or folders of them [default: where the program keeps them]
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
}

/// What the whole import came to.
#[derive(Debug, Default, Serialize)]
struct Summary {
    sessions: u64,
    events_added: u64,
    events_present: u64,
    unreadable: u64,
    refused: u64,
    skipped: u64,
    failed: u64,
}

#[derive(Serialize)]
struct SummaryLine<'a> {
    summary: &'a Summary,
}

pub(in crate::cli) async fn run(
    context: &mut Context,
    args: ImportArgs,
) -> Result<Status, CliError> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let Discovery { transcripts, skipped } = find(&disk, args).await?;
    let mut summary = Summary::default();
    for Skipped { path, why } in skipped {
        summary.skipped += 1;
        warn(&mut context.output, "skipped", format!("{} is left out: {why}", path.display()));
    }
    let bar = ImportBar::new(transcripts.len());
    let mut status = Status::Done;
    for transcript in &transcripts {
        match context.manager.import_transcript(&disk, transcript, &bar).await {
            Ok(report) => bar.suspend(|| {
                tell(&mut context.output, &mut summary, &report)?;
                context.output.flush()
            })?,
            Err(error) => {
                summary.failed += 1;
                status = bar.suspend(|| status.or_failed(context, &error.into()));
            }
        }
    }
    bar.clear();
    conclude(&mut context.output, &summary)?;
    Ok(match status {
        Status::Failed(_) => status,
        _ => Status::found(summary.unreadable + summary.refused > 0),
    })
}

/// Looks for transcripts on a thread that may wait for the disk.
async fn find(disk: &Arc<dyn Disk>, args: ImportArgs) -> Result<Discovery, CliError> {
    let disk = Arc::clone(disk);
    let search = tokio::task::spawn_blocking(move || {
        let sources = args.from.map_or(TranscriptSource::ALL.to_vec(), |source| vec![source]);
        if args.paths.is_empty() {
            search_usual_folders(&*disk, &sources)
        } else {
            search_paths(&*disk, &sources, &args.paths)
        }
    });
    search.await.map_err(|error| RepositoryError::Interrupted { why: error.to_string() })?
}

/// Folders that do not exist hold nothing.
fn search_usual_folders(
    disk: &dyn Disk,
    sources: &[TranscriptSource],
) -> Result<Discovery, CliError> {
    let home = etcetera::home_dir().map_err(|_| CliError::NoHome)?;
    let here = std::env::current_dir().unwrap_or_default();
    let mut found = Discovery::default();
    for source in sources {
        for folder in source.default_folders(&home, &here) {
            match discover(disk, *source, &folder) {
                Ok(more) => extend(&mut found, more),
                Err(ImportError::Missing { .. }) => {}
                Err(error) => return Err(SessionError::from(error).into()),
            }
        }
    }
    Ok(found)
}

fn search_paths(
    disk: &dyn Disk,
    sources: &[TranscriptSource],
    paths: &[String],
) -> Result<Discovery, CliError> {
    let mut found = Discovery::default();
    for path in paths.iter().map(Path::new) {
        let is_file = matches!(disk.info(path), Ok(Some(info)) if info.kind == EntryKind::File);
        if is_file && sources.len() > 1 {
            let message = format!("{} could be of any program", path.display());
            return Err(CliError::Usage { message, hint: "name the program with --from" });
        }
        for source in sources {
            extend(&mut found, discover(disk, *source, path).map_err(SessionError::from)?);
        }
    }
    // What one program's search leaves out may be another program's transcript.
    let taken: Vec<PathBuf> = found.transcripts.iter().map(|found| found.path.clone()).collect();
    found.skipped.retain(|skipped| !taken.contains(&skipped.path));
    found.skipped.dedup();
    Ok(found)
}

fn extend(found: &mut Discovery, more: Discovery) {
    found.transcripts.extend(more.transcripts);
    found.skipped.extend(more.skipped);
}

fn warn(output: &mut Output, kind: &'static str, message: String) {
    let (session, hint, candidates) = (None, String::new(), Vec::new());
    output.warning(&Report { kind, message, session, hint, candidates });
}

fn tell(output: &mut Output, summary: &mut Summary, report: &ImportReport) -> Result<(), CliError> {
    summary.sessions += 1;
    summary.events_added += report.events_added;
    summary.events_present += report.events_present;
    summary.unreadable += report.tally.unreadable_count;
    summary.refused += u64::from(report.refused.is_some());
    if output.json {
        return output.json_line(report);
    }
    let ImportReport { session, source, events_added, events_present, .. } = report;
    output.line(&format!(
        "{session}: {events_added} added, {events_present} present, of {source} from {}",
        one_line(&report.path.to_string_lossy())
    ))?;
    for Note { line, why } in report.tally.unreadable.iter().take(UNREADABLE_SHOWN_MAX) {
        output.line(&format!("  line {line} is unreadable: {}", one_line(why)))?;
    }
    let shown = u64::try_from(UNREADABLE_SHOWN_MAX).unwrap_or(u64::MAX);
    if let Some(more @ 1..) = report.tally.unreadable_count.checked_sub(shown) {
        output.line(&format!("  and {more} more unreadable lines; --json lists them"))?;
    }
    for Note { line, why } in &report.tally.notes {
        output.line(&format!("  line {line}: {}", one_line(why)))?;
    }
    for path in &report.cleared {
        output.line(&format!("  removed the leftover {}", one_line(&path.to_string_lossy())))?;
    }
    if let Some(Note { line, why }) = &report.refused {
        output.line(&format!("  stopped at line {line}: {}", one_line(why)))?;
    }
    Ok(())
}

fn conclude(output: &mut Output, summary: &Summary) -> Result<(), CliError> {
    if output.json {
        return output.json_line(&SummaryLine { summary });
    }
    let Summary { sessions, events_added, events_present, unreadable, .. } = summary;
    output.line(&format!(
        "{sessions} sessions: {events_added} events added, {events_present} present, \
         {unreadable} lines unreadable"
    ))
}
