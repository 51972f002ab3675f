//! Where the time comes from, so that tests can pin it.

use super::Timestamp;

/// Tells the time. The layers that stamp records take one, and nothing else reads a clock.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[allow(clippy::disallowed_methods, reason = "this is the clock")]
        let micros = jiff::Timestamp::now().as_microsecond();
        Timestamp::from_micros(micros).unwrap_or(Timestamp::EPOCH)
    }
}
