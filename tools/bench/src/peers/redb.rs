//! redb: tables of events, rows and activity, changed in one transaction.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use redb::{
    Builder, ConcurrencyMode, Database, ReadableDatabase as _, ReadableTable as _, TableDefinition,
    WriteTransaction,
};

use crate::event::{self, Row};
use crate::peer::{Durability, Peer, Store, fold};
use crate::works::Kind;

const EVENTS: TableDefinition<(&str, u64), &str> = TableDefinition::new("events");
const ROWS: TableDefinition<&str, &str> = TableDefinition::new("rows");
const ACTIVITY: TableDefinition<(i64, &str), ()> = TableDefinition::new("activity");

pub(super) struct Redb;

impl Peer for Redb {
    fn name(&self) -> &'static str {
        "redb"
    }

    fn title(&self) -> &'static str {
        "redb"
    }

    fn settings(&self) -> &'static str {
        "`Durability::Immediate`; `ConcurrencyMode::MultiWriter`, so that several processes may use it; \
         event, row and activity in one transaction, rows as JSON; it has no promise between in \
         memory and on the disk, so it takes no part where changes are buffered; verified by \
         `check_integrity`"
    }

    fn takes_part(&self, kind: Kind) -> bool {
        !matches!(kind, Kind::Buffered | Kind::Create)
    }

    fn open(&self, place: &Path, durability: Durability) -> Result<Box<dyn Store>> {
        let mut builder = Builder::new();
        builder.set_concurrency_mode(match durability {
            Durability::Durable => ConcurrencyMode::MultiWriter,
            // Several processes see of each other what is on the disk alone.
            Durability::Buffered => ConcurrencyMode::ExclusiveWriter,
        });
        let database = builder.create(place.join("store.redb"))?;
        Ok(Box::new(RedbStore { database: Arc::new(database), durability }))
    }
}

struct RedbStore {
    database: Arc<Database>,
    durability: Durability,
}

impl RedbStore {
    fn begin(&self) -> Result<WriteTransaction> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(match self.durability {
            Durability::Durable => redb::Durability::Immediate,
            Durability::Buffered => redb::Durability::None,
        })?;
        Ok(transaction)
    }

    fn visit(&self, limit: usize, mut visit: impl FnMut(&str) -> Result<()>) -> Result<()> {
        let transaction = self.database.begin_read()?;
        let (activity, rows) = (transaction.open_table(ACTIVITY)?, transaction.open_table(ROWS)?);
        for entry in activity.iter()?.rev().take(limit) {
            let (key, ()) = entry.map(|(key, value)| (key, value.value()))?;
            let (_, session) = key.value();
            visit(rows.get(session)?.context("there is no row")?.value())?;
        }
        Ok(())
    }
}

/// Writes the row of a session, and its place among the others in place of the former one.
fn put(transaction: &WriteTransaction, row: &Row<'_>, before: Option<i64>) -> Result<()> {
    let mut activity = transaction.open_table(ACTIVITY)?;
    if let Some(before) = before {
        activity.remove((before, &*row.id))?;
    }
    activity.insert((row.last_active, &*row.id), ())?;
    transaction.open_table(ROWS)?.insert(&*row.id, serde_json::to_string(row)?.as_str())?;
    Ok(())
}

/// What was not made durable one by one is so when the store is closed.
impl Drop for RedbStore {
    fn drop(&mut self) {
        if self.durability == Durability::Buffered
            && let Ok(transaction) = self.database.begin_write()
        {
            let _ = transaction.commit();
        }
    }
}

impl Store for RedbStore {
    fn for_another_thread(&self) -> Result<Box<dyn Store + Send>> {
        let database = Arc::clone(&self.database);
        Ok(Box::new(Self { database, durability: self.durability }))
    }

    fn create(&mut self, session: &str, events: u64) -> Result<()> {
        let at = event::now_us();
        let mut row = Row::begun(session, at);
        let transaction = self.begin()?;
        {
            let mut table = transaction.open_table(EVENTS)?;
            for seq in 1..=events {
                table.insert((session, seq), event::encode(session, seq, at).as_str())?;
                row.advance(at);
            }
        }
        put(&transaction, &row, None)?;
        transaction.commit()?;
        Ok(())
    }

    fn append(&mut self, session: &str) -> Result<()> {
        let at = event::now_us();
        let transaction = self.begin()?;
        let text = {
            let rows = transaction.open_table(ROWS)?;
            rows.get(session)?.context("there is no such session")?.value().to_owned()
        };
        let mut row: Row<'_> = serde_json::from_str(&text)?;
        let before = row.last_active;
        row.advance(at);
        let event = event::encode(session, row.seq, at);
        transaction.open_table(EVENTS)?.insert((session, row.seq), event.as_str())?;
        put(&transaction, &row, Some(before))?;
        transaction.commit()?;
        Ok(())
    }

    fn get(&mut self, session: &str) -> Result<()> {
        let transaction = self.database.begin_read()?;
        let rows = transaction.open_table(ROWS)?;
        let found = rows.get(session)?.context("there is no such session")?;
        std::hint::black_box(serde_json::from_str::<Row<'_>>(found.value())?);
        Ok(())
    }

    fn newest(&mut self, limit: usize) -> Result<usize> {
        let mut count = 0;
        self.visit(limit, |row| {
            std::hint::black_box(serde_json::from_str::<Row<'_>>(row)?);
            count += 1;
            Ok(())
        })?;
        Ok(count)
    }

    fn print_newest(&mut self, limit: usize, out: &mut dyn Write) -> Result<()> {
        self.visit(limit, |row| Ok(writeln!(out, "{row}")?))
    }

    fn replay(&mut self, session: &str) -> Result<u64> {
        let transaction = self.database.begin_read()?;
        let events = transaction.open_table(EVENTS)?;
        let mut row = Row::begun(session, 0);
        for entry in events.range((session, 0)..=(session, u64::MAX))? {
            fold(&mut row, entry?.1.value().as_bytes())?;
        }
        Ok(std::hint::black_box(row).seq)
    }

    fn verify(&mut self) -> Result<bool> {
        let database = Arc::get_mut(&mut self.database).context("another thread has it open")?;
        Ok(database.check_integrity()?)
    }
}
