//! What the answers of a server are made of.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

use super::{Changes, Options};
use crate::manager::{MetricsSnapshot, SessionHealth, SessionManager};
use crate::repository::SessionRepository;

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
    /// Turns true once the server is to stop.
    pub stopping: watch::Sender<bool>,
    /// Places for those who follow the changes.
    pub(super) event_places: Arc<Semaphore>,
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
            stopping: watch::Sender::new(false),
            event_places: Arc::new(Semaphore::new(options.event_clients_max)),
            options,
        }
    }
}
