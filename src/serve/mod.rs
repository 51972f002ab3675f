//! The store over HTTP: probes and figures for monitoring, a JSON API, live changes, and a
//! dashboard.
//!
//! A [`Server`] listens on one address and answers until it is asked to stop. It is read-only
//! unless it was told otherwise, listens to this machine only unless it was given a [`Token`], and
//! holds a bounded amount of memory whoever its clients are: `docs/serve.md` says what protects it.

mod api;
mod background;
mod changes;
mod configured;
mod connections;
mod dashboard;
mod error;
mod events;
mod fault;
mod guard;
mod history;
mod login;
mod options;
mod probes;
mod protection;
mod recent;
mod routes;
mod state;
mod token;
mod traffic;
mod writable;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

pub use changes::{Change, Changes, Missed, Numbered, Telling};
pub use error::ServeError;
pub use history::{History, Sample, Totals, Window};
pub use options::{DEFAULT_LISTEN, Options};
pub use routes::router;
pub use state::Shared;
pub use token::{Token, TokenError};

use crate::manager::SessionManager;
use crate::repository::SessionRepository;

/// A server that has its address, and answers once it is [run](Self::run).
#[derive(Debug)]
pub struct Server<R: SessionRepository> {
    listener: TcpListener,
    shared: Arc<Shared<R>>,
}

impl<R: SessionRepository> Server<R> {
    /// Takes the address that the options name.
    ///
    /// # Errors
    ///
    /// [`ServeError::TokenNeeded`] where other machines could reach it and no token keeps them out,
    /// and [`ServeError::Listen`] where the address cannot be had.
    pub async fn bind(
        manager: Arc<SessionManager<R>>,
        options: Options,
    ) -> Result<Self, ServeError> {
        let address = options.listen;
        if !address.ip().is_loopback() && options.token.is_none() {
            return Err(ServeError::TokenNeeded { address });
        }
        let listening = TcpListener::bind(address).await;
        let listener = listening.map_err(|source| ServeError::Listen { address, source })?;
        Ok(Self { listener, shared: Arc::new(Shared::new(manager, options)) })
    }

    /// The address that it listens on, with the port that the system chose where none was named.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn local_address(&self) -> Result<SocketAddr, ServeError> {
        let address = self.shared.options.listen;
        self.listener.local_addr().map_err(|source| ServeError::Listen { address, source })
    }

    /// What its answers are made of.
    #[must_use]
    pub fn shared(&self) -> &Arc<Shared<R>> {
        &self.shared
    }

    /// Answers until `stop` is done; then no connection is taken any more, streams of events end,
    /// and requests under way have [`Options::drain_timeout`] to finish. Dropping the future closes
    /// every connection at once.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { listener, shared } = self;
        let background = background::start(&shared);
        connections::serve(listener, &shared, stop).await;
        background.stop().await;
    }
}
