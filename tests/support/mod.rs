//! What the runners share: a clock that stands still, and values without ceremony.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use annals::vocabulary::{Author, Clock, SessionId, Timestamp};

/// The moment at which every test begins.
pub const START: &str = "2026-11-22T13:45:04.000000Z";

/// A clock that moves when it is told to.
pub struct TestClock {
    micros: AtomicI64,
}

impl TestClock {
    pub fn new() -> Arc<Self> {
        let start: Timestamp = START.parse().unwrap();
        Arc::new(Self { micros: AtomicI64::new(start.as_micros()) })
    }

    pub fn advance_ms(&self, ms: i64) {
        self.micros.fetch_add(ms * 1000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Ordering::SeqCst)).unwrap()
    }
}

pub fn author() -> Author {
    Author {
        user: "ada".to_owned(),
        host: "engine".to_owned(),
        pid: 1843,
        program: "tests".to_owned(),
        version: "1.0.0".to_owned(),
    }
}

pub fn id(text: &str) -> SessionId {
    text.parse().unwrap()
}
