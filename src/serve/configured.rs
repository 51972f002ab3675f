//! Options as they are configured.

use std::time::Duration;

use super::Options;
use crate::config::Config;

impl From<&Config> for Options {
    /// The options that a configuration names, without a token: that may be in a file, which is
    /// for others to read.
    fn from(config: &Config) -> Self {
        let ms = Duration::from_millis;
        let hosts = config.serve_allowed_hosts.iter().map(|host| host.to_ascii_lowercase());
        Self {
            listen: config.serve_listen,
            token: None,
            allowed_hosts: hosts.collect(),
            writable: config.serve_writable,
            connections_max: count(config.serve_connections_max),
            event_clients_max: count(config.serve_event_clients_max),
            store_calls_max: count(config.serve_store_calls_max),
            head_bytes_max: count(config.serve_head_bytes_max),
            uri_bytes_max: count(config.serve_uri_bytes_max),
            body_bytes_max: count(config.serve_body_bytes_max),
            head_timeout: ms(config.serve_head_timeout_ms),
            request_timeout: ms(config.serve_request_timeout_ms),
            write_timeout: ms(config.serve_write_timeout_ms),
            drain_timeout: ms(config.serve_drain_timeout_ms),
            change_period: ms(config.serve_change_period_ms),
            sample_period: ms(config.serve_sample_period_ms),
            health_period: ms(config.serve_health_period_ms),
        }
    }
}

fn count(bounded: u64) -> usize {
    usize::try_from(bounded).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_configures_is_the_default_of_the_server() {
        let (configured, default) = (Options::from(&Config::default()), Options::default());
        assert_eq!(format!("{configured:?}"), format!("{default:?}"));
    }
}
