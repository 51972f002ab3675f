//! Plain JSON Lines: a file a session, and nothing else.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::event::{self, Row};
use crate::peer::{Durability, Peer, Store, fold};
use crate::works::Kind;

pub(super) struct JsonLines;

impl Peer for JsonLines {
    fn name(&self) -> &'static str {
        "json-lines"
    }

    fn title(&self) -> &'static str {
        "JSON Lines"
    }

    fn settings(&self) -> &'static str {
        "a file a session, `O_APPEND`, one `write` under `flock`, then `fdatasync` where durable; no \
         expected seq, no checksum, no row and so no list; verified by parsing every line"
    }

    fn takes_part(&self, kind: Kind) -> bool {
        !matches!(kind, Kind::ColdNewest | Kind::ColdList | Kind::Warm)
    }

    fn open(&self, place: &Path, durability: Durability) -> Result<Box<dyn Store>> {
        let folder = place.join("sessions");
        fs::create_dir_all(&folder)?;
        Ok(Box::new(JsonLinesStore { folder, durability, opened: HashMap::new() }))
    }
}

struct JsonLinesStore {
    folder: PathBuf,
    durability: Durability,
    opened: HashMap<String, Opened>,
}

/// A file that is being appended to, and how many events this process has put there.
struct Opened {
    file: File,
    appended: u64,
}

impl JsonLinesStore {
    fn path(&self, session: &str) -> PathBuf {
        self.folder.join(format!("{session}.jsonl"))
    }

    fn write(&self, file: &mut File, lines: &str) -> Result<()> {
        file.lock()?;
        file.write_all(lines.as_bytes())?;
        file.unlock()?;
        if self.durability == Durability::Durable {
            file.sync_data()?;
        }
        Ok(())
    }
}

impl Store for JsonLinesStore {
    fn for_another_thread(&self) -> Result<Box<dyn Store + Send>> {
        let (folder, durability) = (self.folder.clone(), self.durability);
        Ok(Box::new(Self { folder, durability, opened: HashMap::new() }))
    }

    fn create(&mut self, session: &str, events: u64) -> Result<()> {
        let at = event::now_us();
        let lines: String =
            (1..=events).map(|seq| event::encode(session, seq, at) + "\n").collect();
        let mut file = OpenOptions::new().append(true).create_new(true).open(self.path(session))?;
        self.write(&mut file, &lines)
    }

    fn append(&mut self, session: &str) -> Result<()> {
        let mut opened = match self.opened.remove(session) {
            Some(opened) => opened,
            None => {
                let file = OpenOptions::new().append(true).open(self.path(session))?;
                Opened { file, appended: 0 }
            }
        };
        opened.appended += 1;
        let line = event::encode(session, opened.appended, event::now_us()) + "\n";
        self.write(&mut opened.file, &line)?;
        self.opened.insert(session.to_owned(), opened);
        Ok(())
    }

    fn replay(&mut self, session: &str) -> Result<u64> {
        let mut file = BufReader::with_capacity(64 << 10, File::open(self.path(session))?);
        let mut row = Row::begun(session, 0);
        let mut line = Vec::new();
        while file.read_until(b'\n', &mut line)? > 0 {
            fold(&mut row, &line)?;
            line.clear();
        }
        Ok(std::hint::black_box(row).seq)
    }

    fn verify(&mut self) -> Result<bool> {
        for entry in fs::read_dir(&self.folder)? {
            let lines = fs::read(entry?.path())?;
            let mut row = Row::default();
            for line in lines.split_inclusive(|byte| *byte == b'\n') {
                fold(&mut row, line)?;
            }
        }
        Ok(true)
    }
}
