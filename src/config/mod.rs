//! What annals is told to do differently: one file, and environment variables.
//!
//! [`KEYS`] is the one table of what can be said. Reading, checking, `annals config` and
//! `docs/configuration.md` all come from it. A flag counts more than a variable, a variable more
//! than the file, and the file more than the default.

mod error;
mod file;
mod keys;
mod loading;
mod places;
mod secret;
#[cfg(feature = "otel")]
mod standard;
mod suggestion;
mod value;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use error::{ConfigError, Objection};
pub use keys::{KEYS, Key};
pub use loading::{Inputs, Overridden};
pub use secret::Secret;
pub use value::Kind;

use crate::manager::HealthThresholds;
#[cfg(feature = "cache")]
use crate::repository::CacheOptions;
use crate::repository::{Durability, Effort, FileSystemOptions};
use crate::vocabulary::Author;

/// Everything that can be configured, with the values that count. The fields are the keys of
/// [`KEYS`], which says what each means.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each is the key of its name, which says what it means")]
pub struct Config {
    /// A directory, or the address of a remote store; `None` where no home is known to have one in.
    pub store: Option<OsString>,
    pub durability: Durability,
    pub lock_timeout_ms: u64,
    pub snapshot_every_records: u64,
    pub log: Option<String>,
    pub metrics: bool,
    pub catalog: bool,
    pub cache: bool,
    pub cache_capacity_sessions: u64,
    pub cache_ttl_ms: u64,
    pub health_error_rate_max: f64,
    pub health_latency_p95_ms_max: f64,
    pub health_cache_hit_rate_min: f64,
    pub health_stale_locks_max: u64,
    pub health_samples_min: u64,
    pub health_verify_bytes_max: u64,
    pub health_rotation_checks: u64,
    pub telemetry: bool,
    pub telemetry_endpoint: Option<String>,
    pub telemetry_headers: Option<Secret>,
    pub telemetry_timeout_ms: u64,
    pub telemetry_period_ms: u64,
    pub serve: bool,
    pub serve_listen: SocketAddr,
    pub serve_token: Option<Secret>,
    pub serve_token_file: Option<OsString>,
    pub serve_allowed_hosts: Vec<String>,
    pub serve_writable: bool,
    pub serve_connections_max: u64,
    pub serve_event_clients_max: u64,
    pub serve_store_calls_max: u64,
    pub serve_head_bytes_max: u64,
    pub serve_uri_bytes_max: u64,
    pub serve_body_bytes_max: u64,
    pub serve_head_timeout_ms: u64,
    pub serve_request_timeout_ms: u64,
    pub serve_write_timeout_ms: u64,
    pub serve_drain_timeout_ms: u64,
    pub serve_change_period_ms: u64,
    pub serve_sample_period_ms: u64,
    pub serve_health_period_ms: u64,
    /// Where values come from that are not the defaults.
    sources: BTreeMap<&'static str, Source>,
}

impl Default for Config {
    fn default() -> Self {
        let HealthThresholds {
            error_rate_max,
            latency_p95_ms_max,
            cache_hit_rate_min,
            stale_locks_max,
            samples_min,
        } = HealthThresholds::default();
        let Effort { bytes_max, rotation, .. } = Effort::default();
        Self {
            store: None,
            durability: Durability::Sync,
            lock_timeout_ms: 30_000,
            snapshot_every_records: 256,
            log: None,
            metrics: true,
            catalog: true,
            cache: true,
            cache_capacity_sessions: 1024,
            cache_ttl_ms: 0,
            health_error_rate_max: error_rate_max,
            health_latency_p95_ms_max: latency_p95_ms_max,
            health_cache_hit_rate_min: cache_hit_rate_min,
            health_stale_locks_max: stale_locks_max,
            health_samples_min: samples_min,
            health_verify_bytes_max: bytes_max,
            health_rotation_checks: rotation,
            telemetry: true,
            telemetry_endpoint: None,
            telemetry_headers: None,
            telemetry_timeout_ms: 1_000,
            telemetry_period_ms: 10_000,
            serve: true,
            serve_listen: SocketAddr::from(([127, 0, 0, 1], 7447)),
            serve_token: None,
            serve_token_file: None,
            serve_allowed_hosts: Vec::new(),
            serve_writable: false,
            serve_connections_max: 512,
            serve_event_clients_max: 256,
            serve_store_calls_max: 16,
            serve_head_bytes_max: 16 * 1024,
            serve_uri_bytes_max: 4 * 1024,
            serve_body_bytes_max: 1024 * 1024,
            serve_head_timeout_ms: 15_000,
            serve_request_timeout_ms: 30_000,
            serve_write_timeout_ms: 30_000,
            serve_drain_timeout_ms: 10_000,
            serve_change_period_ms: 250,
            serve_sample_period_ms: 2_000,
            serve_health_period_ms: 30_000,
            sources: BTreeMap::new(),
        }
    }
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nobody said anything else.
    Default,
    /// A line of the configuration file, counted from 1.
    File {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
    },
    /// An environment variable.
    Environment(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl Source {
    /// Where a name stands that is repeated behind this: a variable is its own place.
    fn place(&self) -> String {
        match self {
            Self::File { .. } => format!("{self}: "),
            Self::Default | Self::Environment(_) | Self::Flag(_) => String::new(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { path, line } => write!(formatter, "{}:{line}", path.display()),
            Self::Environment(variable) => formatter.write_str(variable),
            Self::Flag(flag) => formatter.write_str(flag),
        }
    }
}

/// One key with the value that counts. What is secret is shown as `set`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The key.
    pub key: &'static Key,
    /// Its value; `None` where there is none.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: Source,
    /// What the value would be if nobody said anything.
    pub default: Option<String>,
}

impl Config {
    /// Every key with its value, in the order of [`KEYS`].
    pub fn settings(&self) -> impl Iterator<Item = Setting> {
        let defaults = Self { store: places::default_store(), ..Self::default() };
        KEYS.iter().map(move |key| Setting {
            key,
            value: key.shown(self),
            source: self.sources.get(key.name).cloned().unwrap_or(Source::Default),
            default: key.shown(&defaults),
        })
    }

    /// How journals are written, in somebody's name.
    #[must_use]
    pub fn file_system_options(&self, by: Author) -> FileSystemOptions {
        FileSystemOptions {
            durability: self.durability,
            lock_timeout: Duration::from_millis(self.lock_timeout_ms),
            snapshot_every: self.snapshot_every_records,
            catalog: self.catalog,
            ..FileSystemOptions::new(by)
        }
    }

    /// How a cache in front of the store is to cache; `None` where there is to be none.
    #[cfg(feature = "cache")]
    #[must_use]
    pub fn cache_options(&self) -> Option<CacheOptions> {
        let ttl = Some(Duration::from_millis(self.cache_ttl_ms)).filter(|ttl| !ttl.is_zero());
        self.cache.then_some(CacheOptions { capacity: self.cache_capacity_sessions, ttl })
    }

    /// The limits of a health check.
    #[must_use]
    pub fn thresholds(&self) -> HealthThresholds {
        HealthThresholds {
            error_rate_max: self.health_error_rate_max,
            latency_p95_ms_max: self.health_latency_p95_ms_max,
            cache_hit_rate_min: self.health_cache_hit_rate_min,
            stale_locks_max: self.health_stale_locks_max,
            samples_min: self.health_samples_min,
        }
    }

    /// How much of the store one health check verifies.
    #[must_use]
    pub fn effort(&self) -> Effort {
        Effort {
            full: false,
            bytes_max: self.health_verify_bytes_max,
            rotation: self.health_rotation_checks,
        }
    }
}
