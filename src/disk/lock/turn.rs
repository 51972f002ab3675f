//! Waiting for a lock in the kernel's queue.
//!
//! The kernel wakes who is next, and only that one, at the moment that a lock is given back; but it knows
//! no time-out. So a thread of its own waits there, and whoever wants the lock waits for that thread
//! as long as it cares to. A thread that nobody waits for any more gives the lock back as soon as it
//! has had it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::disk::{DiskError, DiskFile, LockMode};

/// Most threads of a process that wait in the kernel's queue. They cannot be called back, so those of
/// callers who gave up stay until the lock is free, and must not become ever more while a holder stands
/// still.
const WAITING_MAX: usize = 16;

static WAITING: AtomicUsize = AtomicUsize::new(0);

/// What came of waiting.
pub(super) enum Turn {
    /// The lock was had, by this handle.
    Had(Box<dyn DiskFile>),
    /// The time is over.
    TimedOut,
    /// There is no queue to wait in, or no thread to wait with.
    Unqueued,
}

/// What the waiting thread and its caller know of each other.
#[derive(Default)]
struct Ticket {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
enum State {
    #[default]
    Waiting,
    GivenUp,
    Over(Result<Option<Box<dyn DiskFile>>, DiskError>),
}

/// Waits for the lock of an open file. Blocks the thread for up to `timeout`.
///
/// # Errors
///
/// What the system says.
pub(super) fn wait(
    file: &dyn DiskFile,
    mode: LockMode,
    timeout: Duration,
) -> Result<Turn, DiskError> {
    let Some(place) = Place::take() else { return Ok(Turn::Unqueued) };
    // An open of its own: the kernel gives a lock to an open file, and whoever gives up must be able
    // to go on with theirs.
    let Some(in_line) = file.open_in_line()? else { return Ok(Turn::Unqueued) };
    let ticket = Arc::new(Ticket::default());
    let theirs = Arc::clone(&ticket);
    let stand_in_line = move || {
        let _place = place;
        let had = in_line.lock_in_turn(mode);
        theirs.hand_over(had.map(|had| had.then_some(in_line)));
    };
    let named = std::thread::Builder::new().name("annals-lock".to_owned());
    if named.spawn(stand_in_line).is_err() {
        return Ok(Turn::Unqueued);
    }
    ticket.await_turn(timeout)
}

impl Ticket {
    /// Gives what was had to the caller. Where nobody waits for it the file is closed, and its lock
    /// is free.
    fn hand_over(&self, had: Result<Option<Box<dyn DiskFile>>, DiskError>) {
        let mut state = self.state();
        if matches!(*state, State::Waiting) {
            *state = State::Over(had);
            self.changed.notify_one();
        }
    }

    fn await_turn(&self, timeout: Duration) -> Result<Turn, DiskError> {
        let is_waiting = |state: &mut State| matches!(state, State::Waiting);
        let waited = self.changed.wait_timeout_while(self.state(), timeout, is_waiting);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *state, State::GivenUp) {
            State::Over(Ok(Some(file))) => Ok(Turn::Had(file)),
            State::Over(Ok(None)) => Ok(Turn::Unqueued),
            State::Over(Err(error)) => Err(error),
            State::Waiting | State::GivenUp => Ok(Turn::TimedOut),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // It is whole between any two of its changes.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the places of a process in the kernel's queues, given back when dropped.
struct Place;

impl Place {
    fn take() -> Option<Self> {
        let place = WAITING.fetch_add(1, Ordering::Relaxed);
        // Taken before the look, so that it is given back either way.
        Some(Self).filter(|_| place < WAITING_MAX)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::Relaxed);
    }
}
