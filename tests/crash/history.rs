//! One file since its last sync: every length and every content of each sector that it has had.

use std::collections::BTreeMap;

/// What a medium writes as a whole.
const SECTOR: usize = 512;

/// The bytes of a sector; NUL behind the end of the file.
type Sector = [u8; SECTOR];

/// A file's past since its last sync. The medium may hold any of the lengths, and of each sector any
/// of the contents, whatever it holds of the others: so a write may have arrived in part, the
/// length before the data (which then read as NUL) or the data before the length.
#[derive(Debug, Clone, Default)]
pub struct History {
    live: Vec<u8>,
    durable: Vec<u8>,
    /// Lengths since the last sync, the durable one first. Empty if it never changed.
    lengths: Vec<usize>,
    /// For each sector that was changed, its contents since the last sync, the durable one first.
    sectors: BTreeMap<usize, Vec<Sector>>,
}

impl History {
    /// A file of which everything is durable.
    pub fn at_rest(bytes: Vec<u8>) -> Self {
        Self { durable: bytes.clone(), live: bytes, ..Self::default() }
    }

    pub fn write(&mut self, offset: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let start = usize::try_from(offset).unwrap();
        let end = start + bytes.len();
        self.change(start.min(self.live.len()), end, |live| {
            live.resize(live.len().max(end), 0);
            live[start..end].copy_from_slice(bytes);
        });
    }

    pub fn set_len(&mut self, len: u64) {
        let len = usize::try_from(len).unwrap();
        let (from, to) = (len.min(self.live.len()), len.max(self.live.len()));
        self.change(from, to, |live| live.resize(len, 0));
    }

    pub fn sync(&mut self) {
        *self = Self::at_rest(std::mem::take(&mut self.live));
    }

    /// Makes a change, and remembers what the sectors from `from` to `to` held before and after.
    fn change(&mut self, from: usize, to: usize, change: impl FnOnce(&mut Vec<u8>)) {
        let touched = from / SECTOR..to.div_ceil(SECTOR);
        for number in touched.clone() {
            let durable = || vec![sector_of(&self.durable, number)];
            self.sectors.entry(number).or_insert_with(durable);
        }
        change(&mut self.live);
        for number in touched {
            let (now, past) = (sector_of(&self.live, number), self.sectors.get_mut(&number));
            let past = past.unwrap();
            if past.last() != Some(&now) {
                past.push(now);
            }
        }
        if self.lengths.is_empty() {
            self.lengths.push(self.durable.len());
        }
        if self.lengths.last() != Some(&self.live.len()) {
            self.lengths.push(self.live.len());
        }
    }

    /// Whether a crash could leave more than one content.
    pub fn is_settled(&self) -> bool {
        self.options().iter().all(|count| *count == 1)
    }

    pub fn live(&self) -> &[u8] {
        &self.live
    }

    /// How many values each independent choice has: the length, then each changed sector in order.
    /// In each choice 0 stands for "lost".
    pub fn options(&self) -> Vec<usize> {
        let lengths = self.lengths.len().max(1);
        std::iter::once(lengths).chain(self.sectors.values().map(Vec::len)).collect()
    }

    /// The content that choices lead to, one for each of [`options`](Self::options).
    pub fn content(&self, choices: &[usize]) -> Vec<u8> {
        let len = self.lengths.get(choices[0]).copied().unwrap_or(self.durable.len());
        let mut content = self.durable.clone();
        content.resize(len, 0);
        for ((number, past), choice) in self.sectors.iter().zip(&choices[1..]) {
            let start = number * SECTOR;
            if start < len {
                let end = len.min(start + SECTOR);
                content[start..end].copy_from_slice(&past[*choice][..end - start]);
            }
        }
        content
    }
}

fn sector_of(bytes: &[u8], number: usize) -> Sector {
    let mut sector = [0; SECTOR];
    let held = bytes.get(number * SECTOR..).unwrap_or_default();
    let held = &held[..held.len().min(SECTOR)];
    sector[..held.len()].copy_from_slice(held);
    sector
}

#[test]
fn each_sector_of_a_write_arrives_or_not_and_so_does_the_length() {
    let mut history = History::at_rest(vec![b'-'; 600]);
    history.write(500, &[b'x'; 600]);

    assert_eq!(history.options(), [2, 2, 2, 2]);
    let lengths_first = history.content(&[1, 0, 0, 0]);
    assert_eq!(lengths_first, [vec![b'-'; 600], vec![0; 500]].concat());
    let second_sector_alone = history.content(&[0, 0, 1, 1]);
    assert_eq!(second_sector_alone, [vec![b'-'; 512], vec![b'x'; 88]].concat());
    assert_eq!(history.content(&[1, 1, 1, 1]), history.live());
}

#[test]
fn a_cut_is_lost_or_kept() {
    let mut history = History::at_rest(vec![b'-'; 512]);
    history.set_len(100);

    assert_eq!(history.content(&[0, 0]), [b'-'; 512]);
    assert_eq!(history.content(&[1, 0]), [b'-'; 100]);
}

#[test]
fn after_a_sync_nothing_is_left_to_chance() {
    let mut history = History::default();
    history.write(0, b"bytes");
    history.sync();

    assert!(history.is_settled());
    assert_eq!(history.content(&[0]), b"bytes");
}
