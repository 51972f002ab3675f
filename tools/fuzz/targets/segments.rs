//! The files of sealed history.

use annals::format::SegmentName;
use annals::format::bounds::{HOLE, SEGMENT_BYTES_MAX};
use annals::format::frames::{Decompressed, compress, decompress};

/// A segment's file behind three bytes of how long its lines were said to be: what comes out has
/// that length whatever is in the file, and a file that is intact can be made again.
pub fn segment(bytes: &[u8]) {
    let Some((said, file)) = bytes.split_at_checked(3) else { return };
    let said = said.iter().fold(0, |length, &byte| length << 8 | u64::from(byte));
    let bound = SEGMENT_BYTES_MAX as u64;
    for length in [Some(said), None] {
        let Decompressed { lines, intact } = decompress(file, length);
        match length {
            Some(said) => assert_eq!(lines.len() as u64, said.min(bound)),
            None => assert!(lines.len() as u64 <= bound + file.len() as u64),
        }
        if intact {
            let again = decompress(&compress(&lines).unwrap(), Some(lines.len() as u64));
            assert_eq!(again, Decompressed { lines, intact });
        } else if file.is_empty() {
            assert!(lines.iter().all(|&byte| byte == HOLE));
        }
    }
    if let Ok(text) = std::str::from_utf8(file)
        && let Ok(SegmentName { first_seq, last_seq }) = text.parse()
    {
        assert!(first_seq <= last_seq);
    }
}
