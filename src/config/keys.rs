//! The one table of what can be configured.

use super::Config;
use super::value::Kind;

/// A day in milliseconds: no wait is meant to be longer.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const GIB: u64 = 1024 * 1024 * 1024;
const MIB: u64 = 1024 * 1024;

/// Something that can be configured.
#[derive(Debug)]
pub struct Key {
    /// Its name in the file. Units are part of it.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// What it is for, in a line.
    pub about: &'static str,
}

impl Key {
    /// The environment variable of the same meaning.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("ANNALS_{}", self.name.to_uppercase())
    }

    /// Its value in a configuration, as people write it; of a secret only that it is set.
    #[must_use]
    pub fn shown(&self, config: &Config) -> Option<String> {
        self.kind.shown(config)
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Key {}

const fn key(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key { name, kind, about }
}

/// Everything that can be configured.
pub static KEYS: &[Key] = &[
    key(
        "store",
        Kind::Path(|config| &mut config.store),
        "The store: a directory. Without it, `annals` in the user's data directory",
    ),
    key(
        "durability",
        Kind::Durability(|config| &mut config.durability),
        "What an acknowledged change survives: `sync` a crash of the machine, `buffered` only one of the process",
    ),
    key(
        "lock_timeout_ms",
        Kind::Count { place: |config| &mut config.lock_timeout_ms, min: 0, max: DAY_MS },
        "How long a change waits for a session's lock; a lock held for longer is stale",
    ),
    key(
        "snapshot_every_records",
        Kind::Count { place: |config| &mut config.snapshot_every_records, min: 0, max: 1_000_000 },
        "After how many records a snapshot is written; 0 for never",
    ),
    key(
        "log",
        Kind::Text(|config| &mut config.log),
        "What is logged on standard error, as `tracing-subscriber` reads it: `annals=info`",
    ),
    key(
        "metrics",
        Kind::Switch(|config| &mut config.metrics),
        "Whether processes tell the store what they measured",
    ),
    key(
        "catalog",
        Kind::Switch(|config| &mut config.catalog),
        "Whether listing goes through the catalog; `off` opens every session",
    ),
    key(
        "cache",
        Kind::Switch(|config| &mut config.cache),
        "Whether `annals serve` keeps states of sessions in memory",
    ),
    key(
        "cache_capacity_sessions",
        Kind::Count { place: |config| &mut config.cache_capacity_sessions, min: 1, max: 1_000_000 },
        "How many states it keeps",
    ),
    key(
        "cache_ttl_ms",
        Kind::Count { place: |config| &mut config.cache_ttl_ms, min: 0, max: DAY_MS },
        "How long it believes one without asking the store; 0 asks each time",
    ),
    key(
        "health_error_rate_max",
        Kind::Number { place: |config| &mut config.health_error_rate_max, min: 0.0, max: 1.0 },
        "Most failures of the store as a share of all calls",
    ),
    key(
        "health_latency_p95_ms_max",
        Kind::Number {
            place: |config| &mut config.health_latency_p95_ms_max,
            min: 0.0,
            max: 3_600_000.0,
        },
        "Longest 95th percentile of durations",
    ),
    key(
        "health_cache_hit_rate_min",
        Kind::Number { place: |config| &mut config.health_cache_hit_rate_min, min: 0.0, max: 1.0 },
        "Least share of look-ups that the cache answers",
    ),
    key(
        "health_stale_locks_max",
        Kind::Count { place: |config| &mut config.health_stale_locks_max, min: 0, max: 1_000_000 },
        "Most locks held for longer than `lock_timeout_ms`",
    ),
    key(
        "health_samples_min",
        Kind::Count { place: |config| &mut config.health_samples_min, min: 1, max: 1_000_000 },
        "Rates and percentiles over fewer measurements are not judged",
    ),
    key(
        "health_verify_bytes_max",
        Kind::Count {
            place: |config| &mut config.health_verify_bytes_max,
            min: MIB,
            max: 1024 * GIB,
        },
        "Most bytes of histories that one health check verifies",
    ),
    key(
        "health_rotation_checks",
        Kind::Count { place: |config| &mut config.health_rotation_checks, min: 1, max: 10_000 },
        "In how many health checks each unchanged session is verified again",
    ),
    key(
        "telemetry",
        Kind::Switch(|config| &mut config.telemetry),
        "Whether spans and figures are sent where `telemetry_endpoint` says",
    ),
    key(
        "telemetry_endpoint",
        Kind::HttpAddress(|config| &mut config.telemetry_endpoint),
        "An OpenTelemetry collector: the address before `/v1/traces`. Without it, nothing is sent",
    ),
    key(
        "telemetry_headers",
        Kind::Secret(|config| &mut config.telemetry_headers),
        "What the collector must be told with it: `name=value` between commas; a file that says it must be private",
    ),
    key(
        "telemetry_timeout_ms",
        Kind::Count { place: |config| &mut config.telemetry_timeout_ms, min: 1, max: 60_000 },
        "How long sending may take, and so how long a command may wait for the collector at its end",
    ),
    key(
        "telemetry_period_ms",
        Kind::Count { place: |config| &mut config.telemetry_period_ms, min: 100, max: DAY_MS },
        "How often `annals serve` sends",
    ),
    key("serve", Kind::Switch(|config| &mut config.serve), "Whether `annals serve` may be started"),
    key(
        "serve_listen",
        Kind::Address(|config| &mut config.serve_listen),
        "The address to listen on; any but this machine's own needs a token",
    ),
    key(
        "serve_token",
        Kind::Secret(|config| &mut config.serve_token),
        "What a request must know; a file that says it must be private",
    ),
    key(
        "serve_token_file",
        Kind::Path(|config| &mut config.serve_token_file),
        "A private file that holds the token",
    ),
    key(
        "serve_allowed_hosts",
        Kind::Words(|config| &mut config.serve_allowed_hosts),
        "Names by which browsers may call the server, besides `localhost` and addresses",
    ),
    key(
        "serve_writable",
        Kind::Switch(|config| &mut config.serve_writable),
        "Whether sessions may be changed through the server",
    ),
    key(
        "serve_connections_max",
        Kind::Count { place: |config| &mut config.serve_connections_max, min: 1, max: 100_000 },
        "Most connections at once",
    ),
    key(
        "serve_event_clients_max",
        Kind::Count { place: |config| &mut config.serve_event_clients_max, min: 1, max: 100_000 },
        "Most connections that follow changes",
    ),
    key(
        "serve_store_calls_max",
        Kind::Count { place: |config| &mut config.serve_store_calls_max, min: 1, max: 1024 },
        "Most requests that work on the store at once",
    ),
    key(
        "serve_head_bytes_max",
        Kind::Count { place: |config| &mut config.serve_head_bytes_max, min: 8192, max: MIB },
        "Longest head of a request",
    ),
    key(
        "serve_uri_bytes_max",
        Kind::Count { place: |config| &mut config.serve_uri_bytes_max, min: 256, max: 64 * 1024 },
        "Longest address of a request, path and query",
    ),
    key(
        "serve_body_bytes_max",
        Kind::Count { place: |config| &mut config.serve_body_bytes_max, min: 1024, max: GIB },
        "Longest body of a request",
    ),
    key(
        "serve_head_timeout_ms",
        Kind::Count { place: |config| &mut config.serve_head_timeout_ms, min: 100, max: DAY_MS },
        "How long a connection may take to send the head of its next request",
    ),
    key(
        "serve_request_timeout_ms",
        Kind::Count { place: |config| &mut config.serve_request_timeout_ms, min: 100, max: DAY_MS },
        "How long a request may take, its body included",
    ),
    key(
        "serve_write_timeout_ms",
        Kind::Count { place: |config| &mut config.serve_write_timeout_ms, min: 100, max: DAY_MS },
        "How long a client may take nothing of its answer",
    ),
    key(
        "serve_drain_timeout_ms",
        Kind::Count { place: |config| &mut config.serve_drain_timeout_ms, min: 0, max: DAY_MS },
        "How long requests under way may take once the server stops",
    ),
    key(
        "serve_change_period_ms",
        Kind::Count { place: |config| &mut config.serve_change_period_ms, min: 10, max: DAY_MS },
        "How often changes are looked for",
    ),
    key(
        "serve_sample_period_ms",
        Kind::Count { place: |config| &mut config.serve_sample_period_ms, min: 100, max: DAY_MS },
        "How often figures are taken",
    ),
    key(
        "serve_health_period_ms",
        Kind::Count { place: |config| &mut config.serve_health_period_ms, min: 1000, max: DAY_MS },
        "How often the health of the store is checked",
    ),
];
