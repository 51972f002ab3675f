//! salamander-db: an event-sourcing engine with one log and one writer.

use std::path::Path;

use anyhow::Result;
use salamander::{
    AppendRequest, BranchId, Durability as Promise, EventType, ExpectedRevision, NewEvent,
    RecordReader as _, ReplayPlan, Salamander as Engine, StreamName, VerificationMode,
};
use serde::{Deserialize, Serialize};

use crate::event;
use crate::peer::{Durability, Peer, Store};
use crate::works::Kind;

/// Most events of one append.
const EVENTS_AT_ONCE: u64 = AppendRequest::<Said>::MAX_EVENTS as u64;

pub(super) struct Salamander;

impl Peer for Salamander {
    fn name(&self) -> &'static str {
        "salamander"
    }

    fn title(&self) -> &'static str {
        "salamander-db"
    }

    fn settings(&self) -> &'static str {
        "0.2, a stream a session, a payload type of its own, `Durability::Sync` where durable, `Flush` \
         where buffered; one thread alone may use it, and a list is replayed from the whole log at every \
         start, so it takes no part in those works; verified by reading the whole log"
    }

    fn takes_part(&self, kind: Kind) -> bool {
        use Kind::{Buffered, Create, Durable, Replay, Verify};
        matches!(kind, Durable | Buffered | Create | Replay | Verify)
    }

    fn open(&self, place: &Path, durability: Durability) -> Result<Box<dyn Store>> {
        let engine = Engine::open(place.join("store.salamander"))?;
        let promise = match durability {
            Durability::Durable => Promise::Sync,
            Durability::Buffered => Promise::Flush,
        };
        Ok(Box::new(SalamanderStore { engine, promise }))
    }
}

/// The payload of an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Said {
    at: i64,
    role: String,
    text: String,
}

struct SalamanderStore {
    engine: Engine<Said>,
    promise: Promise,
}

impl SalamanderStore {
    fn write(&mut self, session: &str, seqs: std::ops::RangeInclusive<u64>) -> Result<()> {
        let kind = EventType::new("message_recorded")?;
        let at = event::now_us();
        let said = |seq| Said { at, role: "user".to_owned(), text: event::text(session, seq) };
        let events = seqs.map(|seq| NewEvent::new(kind.clone(), said(seq))).collect();
        let request = AppendRequest {
            branch: BranchId::ZERO,
            stream: StreamName::new(session)?,
            expected: ExpectedRevision::Any,
            idempotency_key: None,
            events,
            durability: self.promise,
        };
        self.engine.append_batch(request)?;
        Ok(())
    }
}

impl Store for SalamanderStore {
    fn create(&mut self, session: &str, events: u64) -> Result<()> {
        for first in (1..=events).step_by(EVENTS_AT_ONCE as usize) {
            self.write(session, first..=events.min(first + EVENTS_AT_ONCE - 1))?;
        }
        Ok(())
    }

    fn append(&mut self, session: &str) -> Result<()> {
        self.write(session, 0..=0)
    }

    fn replay(&mut self, session: &str) -> Result<u64> {
        let (mut count, mut last) = (0, String::new());
        self.engine.replay(session, 0..self.engine.head(), |event| {
            count += 1;
            last.clone_from(&event.body.text);
        })?;
        Ok(count)
    }

    fn verify(&mut self) -> Result<bool> {
        let verification = VerificationMode::BatchDigests;
        let mut reader = self.engine.read(ReplayPlan { verification, ..ReplayPlan::default() })?;
        while reader.next()?.is_some() {}
        Ok(true)
    }
}
