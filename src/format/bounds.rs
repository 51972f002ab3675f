//! Named bounds of the format. A reader checks each before it allocates or believes anything.

/// The format that this version writes, and the newest that it reads.
pub const FORMAT: u64 = 1;

/// The version of the projection that snapshots hold; another one's snapshot is passed over.
pub const PROJECTION: u64 = 1;

/// Longest line of a journal, its line feed included.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;

/// Largest data of a record: what the longest envelope leaves of a line. An author has four parts
/// of at most 256 bytes, each of which may be escaped to six times that.
pub const DATA_BYTES_MAX: usize = LINE_BYTES_MAX - 8 * 1024;

/// Bytes before the part of a line that its checksum covers: `{"crc":"xxxxxxxx",`.
pub const CHECKSUM_PREFIX_BYTES: usize = 18;

/// Longest run of spaces in a line; the next space is written as `\u0020`. Shorter than a sector,
/// so a sector of nothing but spaces inside a line is one that was never written.
pub const SPACE_RUN_MAX: usize = 255;

/// The unit that a medium is assumed to write as a whole. Larger sectors are multiples of it.
pub const SECTOR_BYTES: u64 = 512;

/// Largest sequence number. There is room above it, so that none that was read overflows.
pub const SEQ_MAX: u64 = (1 << 63) - 1;

/// Longest name of an event's kind, in bytes.
pub const KIND_BYTES_MAX: usize = 64;

/// Largest snapshot file. A state within the bounds of the vocabulary fits in less.
pub const SNAPSHOT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Largest `store.json`.
pub const STORE_FILE_BYTES_MAX: usize = 4096;

/// Longest line of an anchors file.
pub const ANCHOR_LINE_BYTES_MAX: usize = 1024;

/// The byte that fills a journal beyond its last record.
pub const PADDING: u8 = b' ';
