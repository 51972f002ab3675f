//! The base: rows, newest activity first, in blocks with checksums, and an index of the blocks.

use std::sync::Arc;

use super::Row;
use super::current::BaseFile;
use crate::format::bounds::{
    BLOCK_BYTES, BLOCK_BYTES_MAX, CATALOG_INDEX_BYTES_MAX, FIRST_BLOCK_BYTES,
};

/// How long an entry of the index is.
const INDEX_ENTRY_BYTES: usize = 32;

/// Where a block is, what it holds, and how it proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Where it begins.
    pub offset: u64,
    /// Its length.
    pub bytes: u32,
    /// Its CRC-32.
    pub crc: u32,
    /// How many rows it holds.
    pub rows: u32,
    /// The newest activity in it, in microseconds since 1970.
    pub newest_us: i64,
    /// The oldest.
    pub oldest_us: i64,
}

impl Block {
    /// The rows of the block, if the bytes are its own.
    #[must_use]
    pub fn rows(&self, bytes: Vec<u8>) -> Option<Vec<Row>> {
        if bytes.len() as u64 != u64::from(self.bytes) || crc32fast::hash(&bytes) != self.crc {
            return None;
        }
        let text = Arc::new(String::from_utf8(bytes).ok()?);
        let mut rows = Vec::with_capacity(usize::try_from(self.rows).ok()?.min(text.len()));
        let mut begin = 0;
        for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
            rows.push(Row::read_line(&text, begin..end)?);
            begin = end + 1;
        }
        (begin == text.len() && rows.len() as u64 == u64::from(self.rows)).then_some(rows)
    }
}

/// The index of a base.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlockIndex {
    /// Its blocks, in order.
    pub blocks: Vec<Block>,
}

impl BlockIndex {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.blocks.len() * INDEX_ENTRY_BYTES);
        for block in &self.blocks {
            for number in [block.bytes, block.crc, block.rows, 0] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
            bytes.extend_from_slice(&block.newest_us.to_le_bytes());
            bytes.extend_from_slice(&block.oldest_us.to_le_bytes());
        }
        bytes
    }

    /// Reads the index of a base; `None` where it is not that one's.
    #[must_use]
    pub fn decode(base: &BaseFile, bytes: &[u8]) -> Option<Self> {
        let fits = bytes.len() as u64 == base.index_bytes
            && bytes.len().is_multiple_of(INDEX_ENTRY_BYTES)
            && bytes.len() <= CATALOG_INDEX_BYTES_MAX;
        if !fits || crc32fast::hash(bytes) != base.index_crc {
            return None;
        }
        let mut offset = 0;
        let mut blocks = Vec::with_capacity(bytes.len() / INDEX_ENTRY_BYTES);
        for entry in bytes.chunks_exact(INDEX_ENTRY_BYTES) {
            let word = |at: usize| entry.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
            let long = |at: usize| entry.get(at..at + 8)?.try_into().ok().map(i64::from_le_bytes);
            let block = Block {
                offset,
                bytes: word(0)?,
                crc: word(4)?,
                rows: word(8)?,
                newest_us: long(16)?,
                oldest_us: long(24)?,
            };
            if block.bytes as usize > BLOCK_BYTES_MAX {
                return None;
            }
            offset += u64::from(block.bytes);
            blocks.push(block);
        }
        (offset == base.index_at).then_some(Self { blocks })
    }
}

/// Puts rows into blocks.
#[derive(Debug, Default)]
pub struct BaseWriter {
    block: String,
    open: Option<Block>,
    index: BlockIndex,
    rows: u64,
    written: u64,
}

impl BaseWriter {
    /// Puts a row behind the others, and returns a block that it has filled.
    pub fn put(&mut self, row: &Row) -> Option<Vec<u8>> {
        let at = row.last_active.as_micros();
        let open = self.open.get_or_insert(Block {
            offset: self.written,
            bytes: 0,
            crc: 0,
            rows: 0,
            newest_us: at,
            oldest_us: at,
        });
        open.oldest_us = at;
        open.rows += 1;
        self.rows += 1;
        if self.block.is_empty() {
            // And some room for the row that fills it.
            self.block.reserve(self.full_bytes() + FIRST_BLOCK_BYTES);
        }
        row.write_line(&mut self.block);
        (self.block.len() >= self.full_bytes()).then(|| self.close())
    }

    /// How long the open block may get.
    fn full_bytes(&self) -> usize {
        let before = u32::try_from(self.index.blocks.len()).unwrap_or(u32::MAX);
        let doubled = 2_usize.saturating_pow(before).saturating_mul(FIRST_BLOCK_BYTES);
        doubled.min(BLOCK_BYTES)
    }

    fn close(&mut self) -> Vec<u8> {
        let bytes = std::mem::take(&mut self.block).into_bytes();
        if let Some(mut block) = self.open.take() {
            block.bytes = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            block.crc = crc32fast::hash(&bytes);
            self.index.blocks.push(block);
            self.written += bytes.len() as u64;
        }
        bytes
    }

    /// What is left to be written, and how `current` names the file.
    #[must_use]
    pub fn finish(mut self, name: String) -> (Vec<u8>, BaseFile) {
        let mut rest = self.close();
        let index = self.index.encode();
        let base = BaseFile {
            name,
            rows: self.rows,
            index_at: self.written,
            index_bytes: index.len() as u64,
            index_crc: crc32fast::hash(&index),
        };
        rest.extend_from_slice(&index);
        (rest, base)
    }
}
