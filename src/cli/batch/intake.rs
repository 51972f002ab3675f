//! Starts the work of each line, in the order that each session needs.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use super::answer::{Answer, Outcome};
use super::operation::{Operation, parse};
use super::turns::Turns;
use super::{IN_FLIGHT_BYTES_MAX, Lines};
use crate::cli::context::Manager;
use crate::cli::error::CliError;
use crate::cli::input::Line;
use crate::vocabulary::SessionId;

const LENGTH_HINT: &str = "send long texts with `annals record SESSION --role ROLE -`";
const ENCODING_HINT: &str = "write the line in UTF-8";

/// What a line comes to, once somebody waits for it.
type Work = Pin<Box<dyn Future<Output = Result<Outcome, CliError>> + Send>>;

/// Takes lines in and starts their work.
///
/// Lines of different sessions are worked on together, and those of one session take effect in
/// their order. A line that does not name its session by the full id, and one that lists, could
/// concern any session, so it waits for all before it.
pub(super) struct Intake {
    manager: Arc<Manager>,
    started: Sender<JoinHandle<Answer>>,
    turns: Turns,
    room: Arc<Semaphore>,
}

impl Intake {
    /// An intake that passes started work on, in order.
    pub(super) fn new(manager: Arc<Manager>, started: Sender<JoinHandle<Answer>>) -> Self {
        let room = Arc::new(Semaphore::new(IN_FLIGHT_BYTES_MAX));
        Self { manager, started, turns: Turns::default(), room }
    }

    /// Takes lines until there are no more, or nobody wants the answers.
    ///
    /// # Errors
    ///
    /// The input cannot be read any further.
    pub(super) async fn run(mut self, mut lines: Lines) -> io::Result<()> {
        while let Some(line) = lines.recv().await {
            let work = match line? {
                Line::Text(line) if line.trim().is_empty() => continue,
                Line::Text(line) => self.start(&line).await,
                Line::TooLong => refuse("the line is longer than 16 MiB", LENGTH_HINT),
                Line::NotUtf8 => refuse("the line is not UTF-8", ENCODING_HINT),
            };
            if self.started.send(work).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    async fn start(&mut self, line: &str) -> JoinHandle<Answer> {
        let bytes = u32::try_from(line.len()).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(bytes).await.ok();
        let (reference, operation) = parse(line);
        let work = match operation {
            Ok(operation) => self.work(operation).await,
            Err(error) => Err(error),
        };
        let answering = async move {
            let result = match work {
                Ok(work) => work.await,
                Err(error) => Err(error),
            };
            drop(room);
            Answer::new(reference, result)
        };
        tokio::spawn(answering.in_current_span())
    }

    /// The work of an operation, with its turn among the others of its session.
    async fn work(&mut self, operation: Operation) -> Result<Work, CliError> {
        let manager = Arc::clone(&self.manager);
        Ok(match operation {
            Operation::Create { id, new } => {
                let turn = self.turns.next(&id);
                Box::pin(turn.alone(async move {
                    let state = manager.create_session(Some(id), *new).await?;
                    Ok(Outcome::Session(Box::new(state)))
                }))
            }
            Operation::Change { session, command, options } => {
                let session = self.resolve(&session).await?;
                let turn = self.turns.next(&session);
                Box::pin(turn.in_line(async move {
                    let changed = manager.change(&session, *command, options).await?;
                    Ok(Outcome::Session(Box::new(changed.state)))
                }))
            }
            Operation::Show { session } => {
                let session = self.resolve(&session).await?;
                let turn = self.turns.next(&session);
                Box::pin(turn.alone(async move {
                    let state = manager.get_session(&session).await?;
                    Ok(Outcome::Session(Box::new(state)))
                }))
            }
            Operation::List(filter) => {
                self.turns.settle().await;
                Box::pin(
                    async move { Ok(Outcome::Sessions(manager.list(&filter).await?.sessions)) },
                )
            }
        })
    }

    /// The session that a line means, as it will be once everything before the line is done.
    async fn resolve(&mut self, selector: &str) -> Result<SessionId, CliError> {
        if let Ok(session) = selector.parse::<SessionId>()
            && (self.turns.know(&session) || self.manager.exists(&session).await?)
        {
            return Ok(session);
        }
        self.turns.settle().await;
        Ok(self.manager.resolve(selector).await?)
    }
}

fn refuse(why: &str, hint: &'static str) -> JoinHandle<Answer> {
    let error = CliError::Usage { message: why.to_owned(), hint };
    tokio::spawn(async { Answer::new(Value::Null, Err(error)) })
}
