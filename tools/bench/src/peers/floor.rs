//! The raw floor: what the system calls of a change cost, with nothing computed in between.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::event::{self, Row};
use crate::peer::{Durability, Peer, Store, fold};
use crate::works::Kind;

/// Spaces that a file of events grows by.
const CHUNK_BYTES: u64 = 1 << 20;
/// A row with its line feed, padded with spaces.
const ROW_BYTES: usize = 384;
/// Rows of one read.
const ROWS_AT_ONCE: usize = 256;
/// A number in a file.
const NUMBER_BYTES: usize = 20;
/// Where a row says how long the events of its session are.
const END_AT: u64 = 8;
/// How much of an event is its checksum and the space after it.
const CHECKSUM_BYTES: usize = 9;

pub(super) struct RawFloor;

impl Peer for RawFloor {
    fn name(&self) -> &'static str {
        super::FLOOR
    }

    fn title(&self) -> &'static str {
        "raw floor"
    }

    fn settings(&self) -> &'static str {
        "an event that was encoded beforehand, written at its place under `flock` into space that was \
         filled with spaces; the row is a number written in place in a table of rows of one length; where \
         durable, `fdatasync` by whoever has a second `flock`, unless somebody has synced as far meanwhile; \
         sessions that are created together share a file; nothing is recovered, ordered or locked against \
         a crash"
    }

    fn takes_part(&self, kind: Kind) -> bool {
        kind != Kind::Verify
    }

    fn open(&self, place: &Path, durability: Durability) -> Result<Box<dyn Store>> {
        fs::create_dir_all(place.join("events"))?;
        Ok(Box::new(FloorStore::open(place.to_owned(), durability)?))
    }
}

struct FloorStore {
    place: PathBuf,
    durability: Durability,
    rows: File,
    /// Where the next session's row and events go, once it was asked.
    created: Option<Created>,
    opened: HashMap<String, Opened>,
    /// The rows in memory, in the order of the file, once they were asked for.
    loaded: Option<(Vec<Row<'static>>, HashMap<String, usize>)>,
}

struct Created {
    events: File,
    events_end: u64,
    rows_end: u64,
}

/// The files of a session that is being appended to.
struct Opened {
    events: File,
    synced: File,
    row_at: u64,
    filled: u64,
    event: Vec<u8>,
}

/// A file that is there or is made.
fn open(path: &Path) -> Result<File> {
    let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    options.with_context(|| path.display().to_string())
}

fn read_number(file: &File, at: u64) -> Result<u64> {
    let mut digits = [b'0'; NUMBER_BYTES];
    file.read_exact_at(&mut digits, at)?;
    Ok(std::str::from_utf8(&digits)?.parse()?)
}

fn write_number(file: &File, at: u64, number: u64) -> Result<()> {
    Ok(file.write_all_at(format!("{number:020}").as_bytes(), at)?)
}

/// An event with a checksum before it.
fn line(session: &str, seq: u64, at: i64) -> String {
    let event = event::encode(session, seq, at);
    format!("{:08x} {event}\n", crc32fast::hash(event.as_bytes()))
}

fn row_line(row: &Row<'_>) -> Result<String> {
    let json = serde_json::to_string(row)?;
    let inner = json.strip_prefix('{').unwrap_or(&json);
    let (end, width) = (0, ROW_BYTES - 1);
    let line = format!("{{\"end\":\"{end:020}\",{inner}");
    Ok(format!("{line:<width$}\n"))
}

impl FloorStore {
    fn open(place: PathBuf, durability: Durability) -> Result<Self> {
        let rows = open(&place.join("rows"))?;
        let opened = HashMap::new();
        Ok(Self { place, durability, rows, created: None, opened, loaded: None })
    }

    fn opened(&self, session: &str) -> Result<Opened> {
        let number: u64 = session.rsplit('-').next().unwrap_or_default().parse()?;
        let path = self.place.join("events").join(session);
        let events = open(&path)?;
        let synced = open(&path.with_extension("synced"))?;
        if synced.metadata()?.len() == 0 {
            write_number(&synced, 0, 0)?;
        }
        let filled = events.metadata()?.len();
        let event = line(session, 1, event::now_us()).into_bytes();
        let row_at = number * ROW_BYTES as u64 + END_AT;
        Ok(Opened { events, synced, row_at, filled, event })
    }

    /// Shows the rows of the sessions created last, in blocks, newest first.
    fn visit(&self, limit: usize, mut visit: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let all = self.rows.metadata()?.len() as usize / ROW_BYTES;
        let mut buffer = vec![0; ROWS_AT_ONCE * ROW_BYTES];
        let (mut end, first) = (all, all.saturating_sub(limit));
        while end > first {
            let begin = end.saturating_sub(ROWS_AT_ONCE).max(first);
            let block = buffer.get_mut(..(end - begin) * ROW_BYTES).context("a block")?;
            self.rows.read_exact_at(block, (begin * ROW_BYTES) as u64)?;
            for row in block.rchunks(ROW_BYTES) {
                visit(row.trim_ascii_end())?;
            }
            end = begin;
        }
        Ok(())
    }

    fn load(&mut self) -> Result<&(Vec<Row<'static>>, HashMap<String, usize>)> {
        if self.loaded.is_none() {
            let mut rows = Vec::new();
            self.visit(usize::MAX, |row| {
                let row: Row<'_> = serde_json::from_slice(row)?;
                let id = row.id.into_owned().into();
                let first_message = row.first_message.into_owned().into();
                rows.push(Row { id, first_message, status: "active".into(), ..row });
                Ok(())
            })?;
            let places = rows.iter().enumerate().map(|(place, row)| (row.id.to_string(), place));
            let places = places.collect();
            self.loaded = Some((rows, places));
        }
        self.loaded.as_ref().context("rows that were just loaded")
    }
}

impl Opened {
    /// Writes the event behind those that are there; returns where they end now.
    fn write(&mut self, rows: &File) -> Result<u64> {
        self.events.lock()?;
        let begin = read_number(rows, self.row_at)?;
        let end = begin + self.event.len() as u64;
        if end > self.filled {
            self.filled = self.events.metadata()?.len();
        }
        if end > self.filled {
            self.events.write_all_at(&vec![b' '; CHUNK_BYTES as usize], self.filled)?;
            self.filled += CHUNK_BYTES;
            self.events.sync_all()?;
        }
        self.events.write_all_at(&self.event, begin)?;
        write_number(rows, self.row_at, end)?;
        self.events.unlock()?;
        Ok(end)
    }

    /// One sync for all who have written before it.
    fn sync(&self, rows: &File, end: u64) -> Result<()> {
        self.synced.lock()?;
        if read_number(&self.synced, 0)? < end {
            let written = read_number(rows, self.row_at)?;
            self.events.sync_data()?;
            write_number(&self.synced, 0, written)?;
        }
        self.synced.unlock()?;
        Ok(())
    }
}

impl Store for FloorStore {
    fn for_another_thread(&self) -> Result<Box<dyn Store + Send>> {
        Ok(Box::new(Self::open(self.place.clone(), self.durability)?))
    }

    fn create(&mut self, session: &str, events: u64) -> Result<()> {
        let mut created = match self.created.take() {
            Some(created) => created,
            None => {
                let events = open(&self.place.join("created"))?;
                let events_end = events.metadata()?.len();
                Created { events, events_end, rows_end: self.rows.metadata()?.len() }
            }
        };
        let at = event::now_us();
        let lines: String = (1..=events).map(|seq| line(session, seq, at)).collect();
        created.events.write_all_at(lines.as_bytes(), created.events_end)?;
        let mut row = Row::begun(session, at);
        (0..events).for_each(|_| row.advance(at));
        self.rows.write_all_at(row_line(&row)?.as_bytes(), created.rows_end)?;
        created.events_end += lines.len() as u64;
        created.rows_end += ROW_BYTES as u64;
        self.created = Some(created);
        Ok(())
    }

    fn append(&mut self, session: &str) -> Result<()> {
        let mut opened = match self.opened.remove(session) {
            Some(opened) => opened,
            None => self.opened(session)?,
        };
        let end = opened.write(&self.rows)?;
        if self.durability == Durability::Durable {
            opened.sync(&self.rows, end)?;
        }
        self.opened.insert(session.to_owned(), opened);
        Ok(())
    }

    fn get(&mut self, session: &str) -> Result<()> {
        let (rows, places) = self.load()?;
        let found = places.get(session).and_then(|place| rows.get(*place));
        std::hint::black_box(found.context("there is no such session")?.clone());
        Ok(())
    }

    fn newest(&mut self, limit: usize) -> Result<usize> {
        if self.loaded.is_none() && limit < ROWS_AT_ONCE {
            let mut count = 0;
            self.visit(limit, |row| {
                std::hint::black_box(serde_json::from_slice::<Row<'_>>(row)?);
                count += 1;
                Ok(())
            })?;
            return Ok(count);
        }
        let (rows, _) = self.load()?;
        Ok(std::hint::black_box(rows.iter().take(limit).cloned().collect::<Vec<_>>()).len())
    }

    fn print_newest(&mut self, limit: usize, out: &mut dyn Write) -> Result<()> {
        self.visit(limit, |row| {
            out.write_all(row)?;
            Ok(out.write_all(b"\n")?)
        })
    }

    /// Of a store that has this session alone.
    fn replay(&mut self, session: &str) -> Result<u64> {
        let file = File::open(self.place.join("created"))?;
        let mut file = BufReader::with_capacity(64 << 10, file);
        let mut row = Row::begun(session, 0);
        let mut line = Vec::new();
        while file.read_until(b'\n', &mut line)? > 0 {
            let (checksum, event) =
                line.split_at_checked(CHECKSUM_BYTES).context("a short line")?;
            let event = event.trim_ascii_end();
            let expected = u32::from_str_radix(std::str::from_utf8(checksum)?.trim_end(), 16)?;
            anyhow::ensure!(crc32fast::hash(event) == expected, "event {} is damaged", row.seq + 1);
            fold(&mut row, event)?;
            line.clear();
        }
        Ok(std::hint::black_box(row).seq)
    }
}
