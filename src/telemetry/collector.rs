//! Where spans and figures are sent, and how long that may take.

use std::fmt;
use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tracing::warn;
use ureq::Agent;

use crate::config::Secret;

/// How binary OTLP is called.
const CONTENT_TYPE: &str = "application/x-protobuf";

/// A collector that takes OTLP over HTTP.
pub(super) struct Collector {
    agent: Agent,
    endpoint: String,
    /// Names and values; values are secret.
    headers: Vec<(String, String)>,
    timeout: Duration,
}

/// Why the collector does not have what was sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum Undelivered {
    /// It took too long, wherever that was.
    #[error("no answer within {} ms", timeout.as_millis())]
    TooSlow { timeout: Duration },
    /// It cannot be reached, or speaks no HTTP.
    #[error("no answer: {0}")]
    Unreachable(#[from] ureq::Error),
    /// It refuses what it is sent.
    #[error("it answers with status {status}")]
    Refused { status: u16 },
    /// The system gives no thread.
    #[error("no thread to send from: {0}")]
    NoThread(#[source] io::Error),
}

impl Collector {
    /// The collector at an address, which is told these headers.
    pub(super) fn new(endpoint: &str, headers: Option<&Secret>, timeout: Duration) -> Self {
        // No time-out for the whole: to look a name up within one, this client starts a thread of
        // its own, and panics where there is none. `send` bounds what one does not cover.
        let agent = Agent::config_builder()
            .timeout_connect(Some(timeout))
            .timeout_send_request(Some(timeout))
            .timeout_send_body(Some(timeout))
            .timeout_recv_response(Some(timeout))
            .http_status_as_error(false)
            .max_redirects(0)
            // Sending is rare, and a connection that was kept may have been closed meanwhile.
            .max_idle_connections(0)
            .proxy(None)
            .user_agent(concat!("annals/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        let headers = headers.map_or_else(Vec::new, |headers| parsed(headers.expose()));
        Self { agent, endpoint, headers, timeout }
    }

    /// Sends one request, which is encoded already. Whatever the network and the collector do, this
    /// returns after the time-out at the latest; a thread may live on until each of its steps has
    /// timed out.
    ///
    /// # Errors
    ///
    /// Nobody has said that it was taken.
    pub(super) fn send(&self, path: &str, body: Vec<u8>) -> Result<(), Undelivered> {
        let mut request = self.agent.post(format!("{}{path}", self.endpoint));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let (tell, told) = mpsc::sync_channel(1);
        let post = move || {
            let _nobody_waits_any_more = tell.send(answered(request, &body));
        };
        thread::Builder::new()
            .name("collector".to_owned())
            .spawn(post)
            .map_err(Undelivered::NoThread)?;
        let late = |_| Err(Undelivered::TooSlow { timeout: self.timeout });
        told.recv_timeout(self.timeout).unwrap_or_else(late)
    }
}

fn answered(
    request: ureq::RequestBuilder<ureq::typestate::WithBody>,
    body: &[u8],
) -> Result<(), Undelivered> {
    let status = request.content_type(CONTENT_TYPE).send(body)?.status();
    if status.is_success() { Ok(()) } else { Err(Undelivered::Refused { status: status.as_u16() }) }
}

/// Headers as OpenTelemetry writes them: `name=value` between commas, with `%20` for a space in a
/// value. One that is not written so is left out, as the specification wants it.
fn parsed(headers: &str) -> Vec<(String, String)> {
    let pairs = headers.split(',').filter(|pair| !pair.trim().is_empty());
    let parsed = pairs.filter_map(|pair| {
        let header = header(pair);
        if header.is_none() {
            // Without it: it may be the secret itself.
            warn!("a header for the collector is no name=value, and is not sent");
        }
        header
    });
    parsed.collect()
}

fn header(pair: &str) -> Option<(String, String)> {
    let (name, value) = pair.split_once('=')?;
    let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
    let name = name.trim();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_value = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    let is_sound = !name.is_empty() && name.bytes().all(is_name) && value.bytes().all(is_value);
    is_sound.then(|| (name.to_owned(), value.into_owned()))
}

impl fmt::Debug for Collector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Collector")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_opentelemetry_writes_them() {
        let read = parsed("authorization=Basic%20cGx1bQ==, x-team = orchard ,");
        let owned = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(read, [owned("authorization", "Basic cGx1bQ=="), owned("x-team", "orchard")]);
    }

    #[test]
    fn what_is_no_header_is_left_out() {
        for other in ["plum", "=plum", "na me=plum", "name=plum%0d%0ax: y", "name=%ff"] {
            assert!(parsed(other).is_empty(), "{other}");
        }
    }

    #[test]
    fn a_collector_does_not_show_what_it_is_told() {
        let secret = Secret::new("authorization=plum");
        let collector = Collector::new("http://localhost", Some(&secret), Duration::from_secs(1));
        assert!(!format!("{collector:?}").contains("plum"));
    }
}
