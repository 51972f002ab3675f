//! Log lines on standard error, for those who ask.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Turns logging on if `-v` asks for it, or the configuration, with directives as
/// `tracing-subscriber` reads them. Nothing is set up otherwise, because a
/// command that starts ten thousand times a day should not pay for what nobody reads.
pub(super) fn start(verbose: u8, directives: Option<&str>) {
    if verbose == 0 && directives.is_none() {
        return;
    }
    let level = match verbose {
        0 | 1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let filter = EnvFilter::builder()
        .with_default_directive(level.into())
        .parse_lossy(directives.unwrap_or_default());
    let ansi = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // A second subscriber in the same process is refused, and the first one does.
    let _ = subscriber.with_ansi(ansi).try_init();
}
