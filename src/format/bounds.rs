//! Named bounds of the format. A reader checks each before it allocates or believes anything.

/// The format of stores, snapshots and journals that hold the whole of their history.
pub const FORMAT: u64 = 1;

/// The format of a journal whose older history is in segments, and the newest that is read.
pub const FORMAT_SEALED: u64 = 2;

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

/// Bytes of lines after which a frame of a segment is closed: what one damaged frame may cost.
pub const FRAME_BYTES: usize = 64 * 1024;

/// Largest frame of a segment once decompressed: it is closed by the line that fills it.
pub const FRAME_BYTES_MAX: usize = FRAME_BYTES + LINE_BYTES_MAX;

/// Bytes of lines after which a segment is closed: what a reader of sealed history holds at once.
pub const SEGMENT_BYTES: usize = 4 * 1024 * 1024;

/// Largest segment once decompressed: it is closed by the line that fills it.
pub const SEGMENT_BYTES_MAX: usize = SEGMENT_BYTES + LINE_BYTES_MAX;

/// Largest file of a segment: lines that do not compress grow by less than a hundredth.
pub const SEGMENT_FILE_BYTES_MAX: usize = SEGMENT_BYTES_MAX + SEGMENT_BYTES_MAX / 64;

/// What stands for sealed bytes that cannot be read: a byte that no line has.
pub const HOLE: u8 = 0xFF;

/// Largest `store.json`.
pub const STORE_FILE_BYTES_MAX: usize = 4096;

/// The format of the catalog's files; one of another format is made again.
pub const CATALOG_FORMAT: u64 = 3;

/// The format of the file that says what was verified; one of another format says nothing.
pub const VERIFIED_FORMAT: u64 = 1;

/// Largest file that says what was verified: enough for a million sessions.
pub const VERIFIED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Largest `current` of a catalog.
pub const CURRENT_BYTES_MAX: usize = 64 * 1024;

/// Most feeds of a catalog: one more is begun by each folding that is not finished.
pub const CATALOG_FEEDS_MAX: usize = 16;

/// Longest entry of a feed, its line feeds included. A session whose row is longer has none, and is
/// read from its journal each time.
pub const ENTRY_BYTES_MAX: usize = 64 * 1024;

/// Largest file of what all processes have measured. A larger sum begins at zero again.
pub const SUM_BYTES_MAX: usize = 1024 * 1024;

/// Most numbers of entries in that file: several times what a feed holds when it is folded.
pub const SUM_IDS_MAX: usize = 4096;

/// Bytes of rows after which the first block of a base is closed. Each one after it may be twice as
/// long: the newest rows are asked for a few at a time, and older ones in bulk.
pub const FIRST_BLOCK_BYTES: usize = 16 * 1024;

/// Bytes of rows after which any block of a base is closed.
pub const BLOCK_BYTES: usize = 256 * 1024;

/// Largest block of a base: it is closed by the row that fills it.
pub const BLOCK_BYTES_MAX: usize = BLOCK_BYTES + ENTRY_BYTES_MAX;

/// Largest index of a base: enough for a hundred million rows.
pub const CATALOG_INDEX_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Bytes told to a feed before it is folded: about a hundred appends, which is what a process that
/// has read nothing yet reads before it can list anything.
pub const FEED_BYTES_MAX: u64 = 64 * 1024;

/// Bytes of a base up to which all of it is made anew at each folding. Beside a larger one what was
/// told goes into a run.
pub const WHOLE_FOLD_BYTES_MAX: u64 = 256 * 1024;

/// Which share of the base's bytes a run may come to before both are folded into one.
pub const RUN_SHARE: u64 = 16;

/// Longest line of an anchors file.
pub const ANCHOR_LINE_BYTES_MAX: usize = 1024;

/// The byte that fills a journal beyond its last record.
pub const PADDING: u8 = b' ';
