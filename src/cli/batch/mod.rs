//! Commands as JSON lines, worked on together and answered in order.
//!
//! Three parties pass lines along: a thread reads them, the [`intake`] starts their work in the
//! order that each session needs, and [`run`] writes the answers in the order of the lines. The
//! channels between them are bounded, so a fast producer waits for a slow disk.

mod answer;
mod intake;
mod operation;
mod turns;

use std::path::PathBuf;

use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use self::answer::Answer;
use self::intake::Intake;
use super::context::Context;
use super::error::{CliError, Status};
use super::input::{self, BoundedLines, Line};
use super::output::Output;
use crate::repository::RepositoryError;

/// Longest line of commands. A message of more goes through `annals record SESSION -`.
const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Lines worked on at the same time: enough that many sessions share the disk's time.
const IN_FLIGHT_MAX: usize = 64;
/// Bytes of the lines worked on at the same time.
const IN_FLIGHT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Lines read ahead of the intake.
const READ_AHEAD_LINES: usize = 4;

type Lines = Receiver<std::io::Result<Line>>;

/// Carries out the lines of a file.
pub(super) async fn run(context: &mut Context, file: PathBuf) -> Result<Status, CliError> {
    let lines = read_in_background(&file)?;
    let (started, answers) = mpsc::channel(IN_FLIGHT_MAX);
    let intake = Intake::new(context.manager.clone(), started);
    let intake = tokio::spawn(intake.run(lines).in_current_span());
    let all_well = write_answers(&mut context.output, answers).await?;
    let read_to_the_end = intake.await.map_err(|error| interrupted(&error))?;
    read_to_the_end.map_err(|error| CliError::Input { path: file, why: error.to_string() })?;
    Ok(Status::found(!all_well))
}

fn read_in_background(file: &std::path::Path) -> Result<Lines, CliError> {
    let lines = BoundedLines::new(input::open(file)?, LINE_BYTES_MAX);
    let (sender, receiver) = mpsc::channel(READ_AHEAD_LINES);
    let read = move || {
        for line in lines {
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    };
    // A thread of its own, and not one of the runtime's: those are waited for at the end, and a
    // read of a terminal may never return.
    std::thread::Builder::new()
        .name("batch-input".to_owned())
        .spawn(read)
        .map_err(CliError::Start)?;
    Ok(receiver)
}

/// Writes each answer once it is true, and hands it on as soon as nothing else is ready. Returns
/// whether every line was carried out.
async fn write_answers(
    output: &mut Output,
    mut answers: Receiver<JoinHandle<Answer>>,
) -> Result<bool, CliError> {
    let mut all_well = true;
    loop {
        let answer = match answers.try_recv() {
            Ok(answer) => answer,
            Err(TryRecvError::Disconnected) => break,
            Err(TryRecvError::Empty) => {
                output.flush()?;
                let Some(answer) = answers.recv().await else { break };
                answer
            }
        };
        if !answer.is_finished() {
            output.flush()?;
        }
        let answer = answer.await.map_err(|error| interrupted(&error))?;
        all_well &= answer.ok;
        output.json_line(&answer)?;
    }
    Ok(all_well)
}

fn interrupted(error: &tokio::task::JoinError) -> CliError {
    RepositoryError::Interrupted { why: error.to_string() }.into()
}
