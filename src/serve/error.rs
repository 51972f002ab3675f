//! Why a server does not start.

use std::io;
use std::net::SocketAddr;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Other machines could reach the address, and nothing would keep them out.
    #[error("{address} can be reached from other machines, and there is no token to keep them out")]
    TokenNeeded {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

impl ServeError {
    /// What kind of error this is, as a name that stays the same over versions.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TokenNeeded { .. } => "token-needed",
            Self::Listen { .. } => "listen",
        }
    }

    /// What to do next, as a sentence for people.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TokenNeeded { .. } => {
                "name a file that holds one with --token-file, or listen on 127.0.0.1"
            }
            Self::Listen { .. } => "choose another port with --listen, or 0 for any that is free",
        }
    }
}
