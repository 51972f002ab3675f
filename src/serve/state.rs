//! What the answers of a server are made of.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit, watch};

use super::traffic::Traffic;
use super::{Changes, History, Options};
use crate::manager::{MetricsSnapshot, SessionHealth, SessionManager};
use crate::repository::{HeldLock, SessionRepository};

/// What all requests share.
#[derive(Debug)]
pub struct Shared<R: SessionRepository> {
    /// The sessions.
    pub manager: Arc<SessionManager<R>>,
    /// How the server is to behave.
    pub options: Options,
    /// What happens to sessions, as it happens.
    pub changes: Changes,
    /// The last report about the store; `None` until there is a first one.
    pub health: watch::Sender<Option<Arc<SessionHealth>>>,
    /// The figures as they were taken last; `None` until they were.
    pub metrics: watch::Sender<Option<Arc<MetricsSnapshot>>>,
    /// The locks that were held when they were looked at last.
    pub locks: watch::Sender<Arc<[HeldLock]>>,
    /// What the figures were over time.
    pub(super) history: Mutex<History>,
    /// Turns true once every change from then on is told.
    pub following: watch::Sender<bool>,
    /// Turns true once the server is to stop.
    pub stopping: watch::Sender<bool>,
    /// Figures of the server itself.
    pub(super) traffic: Traffic,
    /// Places for those who follow the changes.
    pub(super) event_places: Arc<Semaphore>,
    /// Places for those who work on the store.
    store_places: Semaphore,
}

impl<R: SessionRepository> Shared<R> {
    /// What a server of this manager answers from, before anything is known.
    #[must_use]
    pub fn new(manager: Arc<SessionManager<R>>, options: Options) -> Self {
        Self {
            manager,
            changes: Changes::default(),
            health: watch::Sender::new(None),
            metrics: watch::Sender::new(None),
            locks: watch::Sender::new(Arc::default()),
            history: Mutex::default(),
            following: watch::Sender::new(false),
            stopping: watch::Sender::new(false),
            traffic: Traffic::default(),
            event_places: Arc::new(Semaphore::new(options.event_clients_max)),
            store_places: Semaphore::new(options.store_calls_max),
            options,
        }
    }

    /// All figures as OpenMetrics text, as `/metrics` answers with them: those of the store as they
    /// were taken last, and those of the server.
    #[must_use]
    pub fn open_metrics(&self) -> String {
        self.traffic.text(self)
    }

    /// What the figures were over time.
    pub(super) fn history(&self) -> MutexGuard<'_, History> {
        // It is whole between any two of its changes.
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many clients follow the changes.
    #[must_use]
    pub fn event_clients(&self) -> usize {
        self.options.event_clients_max - self.event_places.available_permits()
    }

    /// Waits until it is one's turn to work on the store. What that costs in memory and threads is
    /// bounded by how many do so at once; the turn ends when the permit is dropped.
    ///
    /// Dropping the future gives the place in the queue up.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.store_places.acquire().await.ok()
    }
}
