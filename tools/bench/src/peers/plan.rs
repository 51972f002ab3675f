//! The design that annals replaces: a `metadata.json` a session, rewritten under a lock file.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::event::{self, Row};
use crate::peer::{Durability, Peer, Store};
use crate::works::Kind;

pub(super) struct PlansDesign;

impl Peer for PlansDesign {
    fn name(&self) -> &'static str {
        "plan"
    }

    fn title(&self) -> &'static str {
        "the plan's design"
    }

    fn settings(&self) -> &'static str {
        "a folder a session with `metadata.json`: read, written under a temporary name, renamed; temporary \
         file and folder are synced where durable; the lock is a file that is created anew, and asked for \
         again after a yield; no events; a list reads every file"
    }

    fn takes_part(&self, kind: Kind) -> bool {
        kind != Kind::Replay
    }

    fn open(&self, place: &Path, durability: Durability) -> Result<Box<dyn Store>> {
        let folder = place.join("sessions");
        fs::create_dir_all(&folder)?;
        Ok(Box::new(PlanStore { folder, durability }))
    }
}

struct PlanStore {
    folder: PathBuf,
    durability: Durability,
}

/// A lock file, removed when dropped.
struct Lock {
    path: PathBuf,
}

impl Lock {
    fn acquire(folder: &Path) -> Result<Self> {
        let path = folder.join(".lock");
        loop {
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(_) => return Ok(Self { path }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => std::thread::yield_now(),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl PlanStore {
    fn read(&self, session: &str) -> Result<String> {
        Ok(fs::read_to_string(self.folder.join(session).join("metadata.json"))?)
    }

    fn write(&self, folder: &Path, row: &Row<'_>) -> Result<()> {
        let temporary = folder.join(".metadata.json.tmp");
        let mut file = File::create(&temporary)?;
        file.write_all(&serde_json::to_vec_pretty(row)?)?;
        if self.durability == Durability::Durable {
            file.sync_all()?;
        }
        fs::rename(&temporary, folder.join("metadata.json"))?;
        if self.durability == Durability::Durable {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    fn all(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(&self.folder)?;
        entries.map(|entry| self.read(&entry?.file_name().to_string_lossy())).collect()
    }
}

impl Store for PlanStore {
    fn for_another_thread(&self) -> Result<Box<dyn Store + Send>> {
        Ok(Box::new(Self { folder: self.folder.clone(), durability: self.durability }))
    }

    fn create(&mut self, session: &str, events: u64) -> Result<()> {
        let folder = self.folder.join(session);
        fs::create_dir(&folder)?;
        let at = event::now_us();
        let mut row = Row::begun(session, at);
        (0..events).for_each(|_| row.advance(at));
        let _lock = Lock::acquire(&folder)?;
        self.write(&folder, &row)
    }

    fn append(&mut self, session: &str) -> Result<()> {
        let folder = self.folder.join(session);
        let _lock = Lock::acquire(&folder)?;
        let text = self.read(session)?;
        let mut row: Row<'_> = serde_json::from_str(&text)?;
        row.advance(event::now_us());
        self.write(&folder, &row)
    }

    fn get(&mut self, session: &str) -> Result<()> {
        let text = self.read(session)?;
        std::hint::black_box(serde_json::from_str::<Row<'_>>(&text)?);
        Ok(())
    }

    fn newest(&mut self, limit: usize) -> Result<usize> {
        let texts = self.all()?;
        let rows = texts.iter().map(|text| serde_json::from_str::<Row<'_>>(text));
        let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
        rows.sort_by_key(|row| std::cmp::Reverse(row.last_active));
        rows.truncate(limit);
        Ok(std::hint::black_box(rows).len())
    }

    fn print_newest(&mut self, limit: usize, out: &mut dyn Write) -> Result<()> {
        let texts = self.all()?;
        let rows = texts.iter().map(|text| serde_json::from_str::<Row<'_>>(text));
        let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
        rows.sort_by_key(|row| std::cmp::Reverse(row.last_active));
        for row in rows.iter().take(limit) {
            serde_json::to_writer(&mut *out, row)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    fn verify(&mut self) -> Result<bool> {
        self.newest(usize::MAX)?;
        Ok(true)
    }
}
