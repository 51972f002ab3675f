//! What a server may be told, and the bounds it keeps to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::Token;

/// Where a server listens that is told nothing else: this machine only.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7447);

/// How a server is to behave.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address to listen on; port 0 stands for any that is free. Default: [`DEFAULT_LISTEN`].
    pub listen: SocketAddr,
    /// What a request must know. Needed where other machines can reach the address. Default: none.
    pub token: Option<Token>,
    /// Names by which browsers may call this server, besides `localhost` and addresses: in lower
    /// case, without a port. Default: none.
    pub allowed_hosts: Vec<String>,
    /// Whether sessions may be changed. Default: no.
    pub writable: bool,
    /// Most connections at once; whoever comes beyond that is told to come again. Default: 512.
    pub connections_max: usize,
    /// Most connections that follow the changes as they happen. Default: 256.
    pub event_clients_max: usize,
    /// Most requests that work on the store at once; others wait for their turn. Default: 16.
    pub store_calls_max: usize,
    /// Longest head of a request, in bytes; at least 8192. Default: 16 KiB.
    pub head_bytes_max: usize,
    /// Longest address of a request, path and query, in bytes. Default: 4 KiB.
    pub uri_bytes_max: usize,
    /// Longest body of a request, in bytes. Default: 1 MiB.
    pub body_bytes_max: usize,
    /// How long a connection may take to send the head of its next request. Default: 15 s.
    pub head_timeout: Duration,
    /// How long a request may take, its body included. Default: 30 s.
    pub request_timeout: Duration,
    /// How long a client may take nothing of its answer. Default: 30 s.
    pub write_timeout: Duration,
    /// How long requests under way may take once the server stops. Default: 10 s.
    pub drain_timeout: Duration,
    /// How often changes are looked for. Default: 250 ms.
    pub change_period: Duration,
    /// How often figures are taken. Default: 2 s.
    pub sample_period: Duration,
    /// How often the health of the store is checked. Default: 30 s.
    pub health_period: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            token: None,
            allowed_hosts: Vec::new(),
            writable: false,
            connections_max: 512,
            event_clients_max: 256,
            store_calls_max: 16,
            head_bytes_max: 16 * 1024,
            uri_bytes_max: 4 * 1024,
            body_bytes_max: 1024 * 1024,
            head_timeout: Duration::from_secs(15),
            request_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(10),
            change_period: Duration::from_millis(250),
            sample_period: Duration::from_secs(2),
            health_period: Duration::from_secs(30),
        }
    }
}
