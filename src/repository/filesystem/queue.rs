//! The appends of one session that wait, in the order in which they came.
//!
//! One sync serves all who wait, so one of them leads: it takes a group out of the queue, carries it
//! out and answers. Nobody else has to run for that.

use std::collections::VecDeque;
use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::oneshot::{self, Receiver, Sender};

use crate::journal::AppendResult;
use crate::vocabulary::Append;

/// Most appends that share one write: enough for every thread of a busy process, few enough that
/// the first of them does not wait for long.
const GROUP_MAX: usize = 128;

/// How long a leader waits for the callers of its last group to ask again: about a third of the
/// sync that they then share, and nothing where one caller is alone.
const GATHER_MAX: Duration = Duration::from_micros(40);

/// The queue of one session.
#[derive(Debug, Default)]
pub(super) struct Queue {
    line: Mutex<Line>,
}

#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    /// Whether somebody works it off.
    led: bool,
}

#[derive(Debug)]
struct Waiting {
    append: Append,
    answer: Sender<AppendResult>,
    lead: Sender<Leading>,
}

/// One whose append is in the queue. Dropping it neither stops the others nor takes the append
/// back, unless nobody else waits and nobody leads.
#[derive(Debug)]
pub(super) struct Waiter {
    answer: Receiver<AppendResult>,
    /// `None` once the append was taken out of the queue.
    lead: Option<Receiver<Leading>>,
}

/// What becomes of one who waits.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "it is moved once; a box would cost each append an allocation"
)]
pub(super) enum Turn {
    /// The append was carried out, or refused.
    Answered(AppendResult),
    /// It is time to lead, and the append is still in the queue.
    Lead(Leading),
    /// Whoever was leading has stopped in the middle of it.
    Left,
}

/// How long somebody leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lead {
    /// Until the queue is empty: for a thread that has nothing else to do.
    UntilEmpty,
    /// For one group, the leader's own append among them.
    OneGroup,
}

/// The lead of a queue. Dropping it gives it to the next who waits, if any.
#[derive(Debug)]
pub(super) struct Leading {
    queue: Arc<Queue>,
    /// How many the last group had.
    last: usize,
}

impl Queue {
    /// Puts an append at the end, and gives the lead to one who comes while nobody has it.
    pub(super) fn enter(self: &Arc<Self>, append: Append) -> (Waiter, Option<Leading>) {
        let (answer, is_answered) = oneshot::channel();
        let (lead, may_lead) = oneshot::channel();
        let mut line = self.locked();
        line.waiting.push_back(Waiting { append, answer, lead });
        let is_led = std::mem::replace(&mut line.led, true);
        let leading = (!is_led).then(|| Leading { queue: Arc::clone(self), last: 0 });
        (Waiter { answer: is_answered, lead: Some(may_lead) }, leading)
    }

    /// A panic elsewhere leaves the line whole: nothing is called while it is locked.
    fn locked(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter {
    /// Waits until there is an answer, or a reason to lead.
    pub(super) async fn turn(&mut self) -> Turn {
        poll_fn(|context| self.poll_turn(context)).await
    }

    fn poll_turn(&mut self, context: &mut Context<'_>) -> Poll<Turn> {
        if let Poll::Ready(answer) = Pin::new(&mut self.answer).poll(context) {
            return Poll::Ready(answer.map_or(Turn::Left, Turn::Answered));
        }
        let Some(lead) = &mut self.lead else { return Poll::Pending };
        match Pin::new(lead).poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(given) => {
                self.lead = None;
                // Nothing given: the append was taken out, and its answer is on the way.
                given.map_or(Poll::Pending, |leading| Poll::Ready(Turn::Lead(leading)))
            }
        }
    }
}

impl Leading {
    /// The next appends to write together, with the ways to answer them; none gives the lead back.
    pub(super) fn next_group(&mut self) -> Option<(Vec<Append>, Vec<Sender<AppendResult>>)> {
        let mut line = self.gathered();
        let count = line.waiting.len().min(GROUP_MAX);
        let group: Vec<Waiting> = line.waiting.drain(..count).collect();
        drop(line);
        self.last = count;
        (count > 0).then(|| group.into_iter().map(|one| (one.append, one.answer)).unzip())
    }

    /// The line, once those of the last group had a moment to come again. Without it, two halves of
    /// the callers take turns, and each sync serves only one of them.
    fn gathered(&self) -> MutexGuard<'_, Line> {
        let until = Instant::now() + GATHER_MAX;
        loop {
            let line = self.queue.locked();
            if self.last < 2 || line.waiting.len() >= self.last || Instant::now() >= until {
                return line;
            }
            drop(line);
            std::thread::yield_now();
        }
    }
}

impl Drop for Leading {
    fn drop(&mut self) {
        let mut line = self.queue.locked();
        // Whose future was dropped cannot lead. The append is carried out by whoever does.
        let next = line.waiting.iter_mut().position(|waiting| !waiting.lead.is_closed());
        let Some(next) = next.and_then(|next| line.waiting.get_mut(next)) else {
            line.led = false;
            line.waiting.clear();
            return;
        };
        let (nobody, _) = oneshot::channel();
        let lead = std::mem::replace(&mut next.lead, nobody);
        drop(line);
        // Should it have gone just now, what is sent comes back, and is dropped in its turn.
        let _next = lead.send(Leading { queue: Arc::clone(&self.queue), last: self.last });
    }
}
