//! fjall: keyspaces of events, rows and activity, changed in one batch.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use crate::event::{self, Row};
use crate::peer::{Durability, Peer, Store, fold};
use crate::works::Kind;

pub(super) struct Fjall;

impl Peer for Fjall {
    fn name(&self) -> &'static str {
        "fjall"
    }

    fn title(&self) -> &'static str {
        "fjall"
    }

    fn settings(&self) -> &'static str {
        "`PersistMode::SyncData` with each batch where durable, `Buffer` where buffered; event, row and \
         activity in one batch, rows as JSON; one process alone may open it; it has no check, so \
         everything is read"
    }

    fn takes_part(&self, kind: Kind) -> bool {
        !matches!(kind, Kind::OwnSessions | Kind::OneSession | Kind::ColdAppends)
    }

    fn open(&self, place: &Path, durability: Durability) -> Result<Box<dyn Store>> {
        let database = Database::builder(place.join("store.fjall")).open()?;
        let keyspace = |name| database.keyspace(name, KeyspaceCreateOptions::default);
        Ok(Box::new(FjallStore {
            events: keyspace("events")?,
            rows: keyspace("rows")?,
            activity: keyspace("activity")?,
            database,
            changing: Arc::default(),
            mode: match durability {
                Durability::Durable => PersistMode::SyncData,
                Durability::Buffered => PersistMode::Buffer,
            },
        }))
    }
}

#[derive(Clone)]
struct FjallStore {
    database: Database,
    events: Keyspace,
    rows: Keyspace,
    activity: Keyspace,
    /// A batch does not read: whoever changes a row keeps others from doing so until it is in.
    changing: Arc<Mutex<()>>,
    mode: PersistMode,
}

/// A key that is ordered by session and then by number.
fn event_key(session: &str, seq: u64) -> Vec<u8> {
    [session.as_bytes(), b"/", &seq.to_be_bytes()].concat()
}

fn activity_key(row: &Row<'_>) -> Vec<u8> {
    [&row.last_active.to_be_bytes()[..], row.id.as_bytes()].concat()
}

impl FjallStore {
    fn visit(&self, limit: usize, mut visit: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        for entry in self.activity.iter().rev().take(limit) {
            let session = entry.value()?;
            visit(&self.rows.get(&session)?.context("there is no row")?)?;
        }
        Ok(())
    }
}

impl Store for FjallStore {
    fn for_another_thread(&self) -> Result<Box<dyn Store + Send>> {
        Ok(Box::new(self.clone()))
    }

    fn create(&mut self, session: &str, events: u64) -> Result<()> {
        let at = event::now_us();
        let mut row = Row::begun(session, at);
        let mut batch = self.database.batch();
        for seq in 1..=events {
            batch.insert(&self.events, event_key(session, seq), event::encode(session, seq, at));
            row.advance(at);
        }
        batch.insert(&self.rows, session, serde_json::to_vec(&row)?);
        batch.insert(&self.activity, activity_key(&row), session);
        batch.durability(Some(self.mode)).commit()?;
        Ok(())
    }

    /// The sync is outside the lock, so that threads can share one.
    fn append(&mut self, session: &str) -> Result<()> {
        {
            let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
            let at = event::now_us();
            let found = self.rows.get(session)?.context("there is no such session")?;
            let mut row: Row<'_> = serde_json::from_slice(&found)?;
            let mut batch = self.database.batch();
            batch.remove(&self.activity, activity_key(&row));
            row.advance(at);
            let event = event::encode(session, row.seq, at);
            batch.insert(&self.events, event_key(session, row.seq), event);
            batch.insert(&self.rows, session, serde_json::to_vec(&row)?);
            batch.insert(&self.activity, activity_key(&row), session);
            batch.commit()?;
        }
        if self.mode != PersistMode::Buffer {
            self.database.persist(self.mode)?;
        }
        Ok(())
    }

    fn get(&mut self, session: &str) -> Result<()> {
        let found = self.rows.get(session)?.context("there is no such session")?;
        std::hint::black_box(serde_json::from_slice::<Row<'_>>(&found)?);
        Ok(())
    }

    fn newest(&mut self, limit: usize) -> Result<usize> {
        let mut count = 0;
        self.visit(limit, |row| {
            std::hint::black_box(serde_json::from_slice::<Row<'_>>(row)?);
            count += 1;
            Ok(())
        })?;
        Ok(count)
    }

    fn print_newest(&mut self, limit: usize, out: &mut dyn Write) -> Result<()> {
        self.visit(limit, |row| {
            out.write_all(row)?;
            Ok(out.write_all(b"\n")?)
        })
    }

    fn replay(&mut self, session: &str) -> Result<u64> {
        let mut row = Row::begun(session, 0);
        for entry in
            self.events.prefix(event_key(session, 0).get(..=session.len()).unwrap_or_default())
        {
            fold(&mut row, &entry.value()?)?;
        }
        Ok(std::hint::black_box(row).seq)
    }

    fn verify(&mut self) -> Result<bool> {
        let mut row = Row::default();
        let mut session = Vec::new();
        for entry in self.events.iter() {
            let (key, event) = entry.into_inner()?;
            let owner = key.get(..key.len().saturating_sub(9)).unwrap_or_default();
            if owner != session.as_slice() {
                (session, row) = (owner.to_vec(), Row::default());
            }
            fold(&mut row, &event)?;
        }
        Ok(true)
    }
}
