//! The import of one transcript, as an operation of the manager.

use std::sync::Arc;

use tokio::task::spawn_blocking;
use tracing::{debug, instrument, warn};

use super::draft::{Drafted, bounded_detail};
use super::reading::Reading;
use super::report::{Note, Tally};
use super::{ImportProgress, ImportReport, Transcript, TranscriptSource, amazon_q};
use crate::disk::Disk;
use crate::manager::{Operation, SessionError, SessionManager};
use crate::repository::{RepositoryError, SessionRepository};
use crate::vocabulary::{Append, Command, Entry, ExpectedSeq, Imported, Outcome, Refusal};

/// Whether a session takes more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Continue,
    Stop,
}

impl<R: SessionRepository> SessionManager<R> {
    /// Makes a session of a transcript, or adds to it what is new.
    ///
    /// Every event carries the time it happened at the source and a key made of what it stands
    /// for, so that a second import adds nothing. Events are appended in batches while the
    /// transcript is read, at most some 1 MiB of text or one message at a time; a run that added
    /// any appends an `imported` event at its end. A session that was archived or deleted in
    /// annals is not brought back: the report says what was refused. Damage in the transcript is
    /// reported and never an error.
    ///
    /// Dropping the future stops the import between two batches; running it again goes on.
    ///
    /// # Errors
    ///
    /// [`SessionError::Import`] where the transcript cannot be read at all, and those of
    /// [`SessionRepository::append`].
    #[instrument(skip_all, fields(
        session_id = %transcript.session,
        source = %transcript.source,
        path = %transcript.path.display(),
    ))]
    pub async fn import_transcript(
        &self,
        disk: &Arc<dyn Disk>,
        transcript: &Transcript,
        progress: &dyn ImportProgress,
    ) -> Result<ImportReport, SessionError> {
        let work = async {
            let report = self.import(disk, transcript, progress).await?;
            warn_of(&report);
            Ok(report)
        };
        self.observe(Operation::ImportTranscript, Some(&transcript.session), work).await
    }

    async fn import(
        &self,
        disk: &Arc<dyn Disk>,
        transcript: &Transcript,
        progress: &dyn ImportProgress,
    ) -> Result<ImportReport, SessionError> {
        let mut report = ImportReport::new(transcript);
        let mut reading = on_a_blocking_thread(disk, transcript, |disk, transcript| {
            Reading::open(disk, transcript)
        })
        .await??;
        progress.begin(&transcript.path, reading.bytes_total);
        let _finish = FinishOnDrop(progress);
        loop {
            let hop = spawn_blocking(move || {
                let batch = reading.next_batch();
                (reading, batch)
            });
            let batch;
            (reading, batch) = hop.await.map_err(|error| interrupted(&error))?;
            let batch = batch?;
            debug!(entries = batch.entries.len(), bytes = batch.bytes, "read");
            let flow = self.append_batch(batch.entries, &mut report).await?;
            progress.advance(batch.bytes);
            if batch.is_last || flow == Flow::Stop {
                break;
            }
        }
        let refusals = std::mem::replace(&mut report.tally, reading.into_tally());
        for Note { line, why } in refusals.unreadable {
            report.tally.unreadable(line, why);
        }
        self.close(disk, transcript, &mut report).await?;
        Ok(report)
    }

    /// Appends entries together. Where one of them is refused, they are appended one by one, so
    /// that the refusal can be told to its line and costs no other entry.
    async fn append_batch(
        &self,
        batch: Vec<Drafted>,
        report: &mut ImportReport,
    ) -> Result<Flow, SessionError> {
        if batch.len() <= 1 {
            return self.append_one_by_one(batch, report).await;
        }
        let entries = batch.iter().map(|drafted| drafted.entry.clone()).collect();
        match self.append_entries(entries, report).await {
            Err(RepositoryError::Refused { refusal, .. }) => {
                debug!(%refusal, "appending one by one");
                self.append_one_by_one(batch, report).await
            }
            Err(error) => Err(error.into()),
            Ok(()) => Ok(Flow::Continue),
        }
    }

    async fn append_one_by_one(
        &self,
        batch: Vec<Drafted>,
        report: &mut ImportReport,
    ) -> Result<Flow, SessionError> {
        for Drafted { line, entry } in batch {
            match self.append_entries(vec![entry], report).await {
                Ok(()) => {}
                Err(RepositoryError::Refused { refusal, .. }) => match refusal {
                    // Somebody else began the session: what follows is added to it.
                    Refusal::Exists { .. } => report.events_present += 1,
                    Refusal::Status { .. } | Refusal::NoSession => {
                        report.refused = Some(Note { line, why: refusal.to_string() });
                        return Ok(Flow::Stop);
                    }
                    other => report.tally.unreadable(line, other.to_string()),
                },
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Flow::Continue)
    }

    async fn append_entries(
        &self,
        entries: Vec<Entry>,
        report: &mut ImportReport,
    ) -> Result<(), RepositoryError> {
        let append = Append { expected: ExpectedSeq::Any, entries, by: self.author.clone() };
        let appended = self.repository.append(&report.session, append).await?;
        for outcome in appended.outcomes {
            match outcome {
                Outcome::Recorded { first_seq, last_seq } => {
                    report.events_added += last_seq - first_seq + 1;
                }
                Outcome::Unchanged | Outcome::Repeated { .. } => report.events_present += 1,
            }
        }
        Ok(())
    }
}

impl<R: SessionRepository> SessionManager<R> {
    /// What follows the last batch: the `imported` event, and the leftovers of Amazon Q.
    async fn close(
        &self,
        disk: &Arc<dyn Disk>,
        transcript: &Transcript,
        report: &mut ImportReport,
    ) -> Result<(), SessionError> {
        if report.events_added > 0 {
            let imported = Imported {
                source: transcript.source.to_string(),
                path: bounded_detail(&transcript.path.to_string_lossy()),
                lines: report.tally.lines,
                events_added: report.events_added,
                unreadable: report.tally.unreadable_count,
            };
            let append = Append::one(Command::NoteImport(imported), self.author.clone());
            self.repository.append(&transcript.session, append).await?;
        }
        let is_in_store = report.events_added + report.events_present > 0;
        if transcript.source == TranscriptSource::AmazonQ && is_in_store {
            let (cleared, notes) = on_a_blocking_thread(disk, transcript, |disk, transcript| {
                let mut notes = Tally::default();
                amazon_q::clear_leftovers(disk, transcript, &mut notes)
                    .map(|cleared| (cleared, notes.notes))
            })
            .await??;
            report.cleared.extend(cleared);
            report.tally.notes.extend(notes);
        }
        Ok(())
    }
}

/// Tells the log what was healed, left out or refused on the way.
fn warn_of(report: &ImportReport) {
    for path in &report.cleared {
        warn!(path = %path.display(), "removed a leftover lock file");
    }
    for Note { line, why } in &report.tally.unreadable {
        warn!(line, why, "not read");
    }
    if let Some(Note { line, why }) = &report.refused {
        warn!(line, why, "the session takes no more");
    }
}

/// Runs blocking work on a disk and a transcript away from the asynchronous threads.
async fn on_a_blocking_thread<T: Send + 'static>(
    disk: &Arc<dyn Disk>,
    transcript: &Transcript,
    work: impl FnOnce(&dyn Disk, &Transcript) -> T + Send + 'static,
) -> Result<T, SessionError> {
    let (disk, transcript) = (Arc::clone(disk), transcript.clone());
    let hop = spawn_blocking(move || work(&*disk, &transcript));
    hop.await.map_err(|error| interrupted(&error))
}

fn interrupted(error: &tokio::task::JoinError) -> SessionError {
    RepositoryError::Interrupted { why: error.to_string() }.into()
}

/// Tells the watcher that it is over, even when an error or a dropped future ends it.
struct FinishOnDrop<'a>(&'a dyn ImportProgress);

impl Drop for FinishOnDrop<'_> {
    fn drop(&mut self) {
        self.0.finish();
    }
}
