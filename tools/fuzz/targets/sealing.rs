//! Checksums for lines that were made up: without them hardly any line would be a record, and
//! nothing behind the first check would ever be reached.

use annals::format::{JournalId, Seed};

/// What stands in the place of a checksum that is to be filled in.
const OPEN: &[u8] = b"{\"crc\":\"########\",";

/// The journal that the lines belong to.
pub const JOURNAL: JournalId = JournalId::from_bytes([
    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
]);

/// The same bytes with the checksum of every line of the journal that leaves its own open.
pub fn sealed(bytes: &[u8]) -> Vec<u8> {
    sealed_with(JOURNAL, bytes)
}

/// The same for lines whose checksums begin with another id.
pub fn sealed_with(id: JournalId, bytes: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let start = sealed.len();
        sealed.extend_from_slice(line);
        let solid = line.strip_suffix(b"\n").unwrap_or(line);
        if let Some(covered) = solid.strip_prefix(OPEN) {
            let checksum = format!("{:08x}", Seed::of(id).checksum(covered));
            sealed[start + 8..start + 16].copy_from_slice(checksum.as_bytes());
        }
    }
    sealed
}
