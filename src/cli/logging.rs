//! Who hears of what happens: log lines on standard error, for those who ask, and a collector.

use std::io;

use tracing::Subscriber;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// Somebody else who hears of spans and log events.
pub(super) type Listener = Box<dyn Layer<Registry> + Send + Sync>;

/// Turns logging on if `-v` asks for it, or the configuration, with directives as
/// `tracing-subscriber` reads them. Nothing is set up where nobody listens, because a
/// command that starts ten thousand times a day should not pay for what nobody reads.
pub(super) fn start(verbose: u8, directives: Option<&str>, listener: Option<Listener>) {
    let is_logging = verbose > 0 || directives.is_some();
    if !is_logging && listener.is_none() {
        return;
    }
    let lines = is_logging.then(|| lines(verbose, directives));
    // A second subscriber in the same process is refused, and the first one does.
    let _ = tracing_subscriber::registry().with(listener).with(lines).try_init();
}

/// Log lines on standard error.
fn lines<S>(verbose: u8, directives: Option<&str>) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let level = match verbose {
        0 | 1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let filter = EnvFilter::builder()
        .with_default_directive(level.into())
        .parse_lossy(directives.unwrap_or_default());
    let ansi = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(ansi).with_filter(filter)
}
