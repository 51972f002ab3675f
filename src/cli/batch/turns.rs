//! Who goes when, among the lines of one session.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use tokio::sync::oneshot::{self, Receiver, Sender, error::TryRecvError};

use crate::vocabulary::SessionId;

/// Sessions whose last line is remembered before finished ones are forgotten.
const SESSIONS_KEPT_MAX: usize = 1024;

/// The last line of each session that was worked on.
#[derive(Default)]
pub(super) struct Turns {
    last: HashMap<SessionId, Signals>,
}

/// What a line tells the next one of its session, by dropping the other ends.
struct Signals {
    /// It waits in the session's queue: what is asked for now comes after it.
    queued: Receiver<()>,
    /// It and everything before it has had its effect.
    done: Receiver<()>,
}

/// A line's place among the others of its session.
pub(super) struct Turn {
    before: Option<Signals>,
    queued: Sender<()>,
    done: Sender<()>,
}

impl Turns {
    /// Whether the session was worked on, as far as is remembered.
    pub(super) fn know(&self, session: &SessionId) -> bool {
        self.last.contains_key(session)
    }

    /// A place behind all that were given for the session before.
    pub(super) fn next(&mut self, session: &SessionId) -> Turn {
        if self.last.len() >= SESSIONS_KEPT_MAX {
            self.last.retain(|_, last| matches!(last.done.try_recv(), Err(TryRecvError::Empty)));
        }
        let (queued, is_queued) = oneshot::channel();
        let (done, is_done) = oneshot::channel();
        let signals = Signals { queued: is_queued, done: is_done };
        Turn { before: self.last.insert(session.clone(), signals), queued, done }
    }

    /// Waits until everything has had its effect.
    pub(super) async fn settle(&mut self) {
        for (_, last) in self.last.drain() {
            dropped(last.done).await;
        }
    }
}

impl Turn {
    /// Does work that nothing else of the session may overlap: it begins or reads the session.
    pub(super) async fn alone<T>(self, work: impl Future<Output = T>) -> T {
        if let Some(before) = self.before {
            dropped(before.done).await;
        }
        let result = work.await;
        drop((self.queued, self.done));
        result
    }

    /// Does work that appends to the session. Its first poll puts it into the session's queue, so
    /// the next append need not wait for more than that, and both may share a sync.
    pub(super) async fn in_line<T>(self, work: impl Future<Output = T>) -> T {
        if let Some(before) = self.before {
            dropped(before.queued).await;
        }
        let mut work = pin!(work);
        let first = poll_once(work.as_mut()).await;
        drop(self.queued);
        let result = match first {
            Poll::Ready(result) => result,
            Poll::Pending => work.await,
        };
        drop(self.done);
        result
    }
}

async fn poll_once<F: Future>(mut work: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await
}

/// Waits until the other end is gone; nothing is ever sent.
async fn dropped(signal: Receiver<()>) {
    let _nothing = signal.await;
}
