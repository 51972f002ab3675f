//! SQLite: a table of events, and a table of rows with an index, changed in one transaction.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use crate::event::{self, Row};
use crate::peer::{Durability, Peer, Store, fold};
use crate::works::Kind;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS events (
        session TEXT NOT NULL, seq INTEGER NOT NULL, event TEXT NOT NULL,
        PRIMARY KEY (session, seq)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS sessions (
        id TEXT PRIMARY KEY, status TEXT NOT NULL, created INTEGER NOT NULL,
        last_active INTEGER NOT NULL, first_message TEXT NOT NULL,
        message_count INTEGER NOT NULL, seq INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS sessions_by_activity ON sessions (last_active DESC);";

const COLUMNS: &str = "id, status, created, last_active, first_message, message_count, seq";

pub(super) struct Sqlite;

impl Peer for Sqlite {
    fn name(&self) -> &'static str {
        super::SQLITE
    }

    fn title(&self) -> &'static str {
        "SQLite"
    }

    fn settings(&self) -> &'static str {
        "rusqlite, bundled; `journal_mode=WAL`, `synchronous=FULL` where durable and `OFF` where \
         buffered, `busy_timeout` 30 s, `mmap_size` 256 MiB; prepared statements, `BEGIN IMMEDIATE`; \
         event, row and the index on `last_active` in one transaction; tables without rowid; a \
         connection for each thread; verified by `integrity_check`"
    }

    fn takes_part(&self, _: Kind) -> bool {
        true
    }

    fn open(&self, place: &Path, durability: Durability) -> Result<Box<dyn Store>> {
        Ok(Box::new(SqliteStore::open(place.join("store.db"), durability)?))
    }
}

struct SqliteStore {
    connection: Connection,
    path: PathBuf,
    durability: Durability,
}

impl SqliteStore {
    fn open(path: PathBuf, durability: Durability) -> Result<Self> {
        let is_new = !path.exists();
        let connection = Connection::open(&path)?;
        connection.busy_timeout(std::time::Duration::from_secs(30))?;
        if is_new {
            connection.execute_batch(SCHEMA)?;
        }
        connection.execute_batch(match durability {
            Durability::Durable => "PRAGMA synchronous = FULL; PRAGMA mmap_size = 268435456;",
            Durability::Buffered => "PRAGMA synchronous = OFF; PRAGMA mmap_size = 268435456;",
        })?;
        Ok(Self { connection, path, durability })
    }

    /// Shows rows, newest activity first.
    fn visit(&self, limit: usize, mut visit: impl FnMut(Row<'_>) -> Result<()>) -> Result<()> {
        let query = format!("SELECT {COLUMNS} FROM sessions ORDER BY last_active DESC LIMIT ?1");
        let mut statement = self.connection.prepare_cached(&query)?;
        let mut rows = statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
        while let Some(row) = rows.next()? {
            visit(row_of(row)?)?;
        }
        Ok(())
    }
}

fn row_of<'a>(row: &'a rusqlite::Row<'_>) -> Result<Row<'a>> {
    Ok(Row {
        id: row.get_ref(0)?.as_str()?.into(),
        status: row.get_ref(1)?.as_str()?.into(),
        created: row.get(2)?,
        last_active: row.get(3)?,
        first_message: row.get_ref(4)?.as_str()?.into(),
        message_count: row.get(5)?,
        seq: row.get(6)?,
    })
}

fn owned(row: Row<'_>) -> Row<'static> {
    Row {
        id: row.id.into_owned().into(),
        status: row.status.into_owned().into(),
        first_message: row.first_message.into_owned().into(),
        ..row
    }
}

impl Store for SqliteStore {
    fn for_another_thread(&self) -> Result<Box<dyn Store + Send>> {
        Ok(Box::new(Self::open(self.path.clone(), self.durability)?))
    }

    fn create(&mut self, session: &str, events: u64) -> Result<()> {
        let at = event::now_us();
        let mut row = Row::begun(session, at);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let insert = "INSERT INTO events (session, seq, event) VALUES (?1, ?2, ?3)";
            let mut insert = transaction.prepare_cached(insert)?;
            for seq in 1..=events {
                insert.execute(params![session, seq, event::encode(session, seq, at)])?;
                row.advance(at);
            }
            let insert = format!("INSERT INTO sessions ({COLUMNS}) VALUES (?1,?2,?3,?4,?5,?6,?7)");
            transaction.prepare_cached(&insert)?.execute(params![
                row.id,
                row.status,
                row.created,
                row.last_active,
                row.first_message,
                row.message_count,
                row.seq
            ])?;
        }
        transaction.commit()?;
        Ok(())
    }

    fn append(&mut self, session: &str) -> Result<()> {
        let at = event::now_us();
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let advance = "UPDATE sessions SET last_active = ?2, seq = seq + 1, \
                message_count = message_count + 1 WHERE id = ?1 RETURNING seq";
            let seq: u64 = transaction
                .prepare_cached(advance)?
                .query_row(params![session, at], |row| row.get(0))?;
            let insert = "INSERT INTO events (session, seq, event) VALUES (?1, ?2, ?3)";
            transaction.prepare_cached(insert)?.execute(params![
                session,
                seq,
                event::encode(session, seq, at)
            ])?;
        }
        transaction.commit()?;
        Ok(())
    }

    fn get(&mut self, session: &str) -> Result<()> {
        let query = format!("SELECT {COLUMNS} FROM sessions WHERE id = ?1");
        let mut statement = self.connection.prepare_cached(&query)?;
        let mut rows = statement.query([session])?;
        let found = rows.next()?.map(row_of).transpose()?.map(owned);
        ensure!(std::hint::black_box(found).is_some(), "there is no {session}");
        Ok(())
    }

    fn newest(&mut self, limit: usize) -> Result<usize> {
        let mut newest = Vec::new();
        self.visit(limit, |row| {
            newest.push(owned(row));
            Ok(())
        })?;
        Ok(std::hint::black_box(newest).len())
    }

    fn print_newest(&mut self, limit: usize, out: &mut dyn Write) -> Result<()> {
        self.visit(limit, |row| {
            serde_json::to_writer(&mut *out, &row)?;
            Ok(out.write_all(b"\n")?)
        })
    }

    fn replay(&mut self, session: &str) -> Result<u64> {
        let query = "SELECT event FROM events WHERE session = ?1 ORDER BY seq";
        let mut statement = self.connection.prepare_cached(query)?;
        let mut events = statement.query([session])?;
        let mut row = Row::begun(session, 0);
        while let Some(event) = events.next()? {
            fold(&mut row, event.get_ref(0)?.as_bytes()?)?;
        }
        Ok(std::hint::black_box(row).seq)
    }

    fn verify(&mut self) -> Result<bool> {
        let found: Option<String> =
            self.connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).optional()?;
        Ok(found.as_deref() == Some("ok"))
    }
}
