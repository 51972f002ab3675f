//! Numbers of bytes for people.

use std::fmt;

/// A number of bytes, which people read in the unit that fits: `512 B`, `2.00 KiB`, `1.50 GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteCount(pub u64);

const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];

impl fmt::Display for ByteCount {
    #[allow(clippy::cast_precision_loss, reason = "two decimals are shown")]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = *self;
        let mut amount = bytes as f64;
        let mut unit = "B";
        for larger in UNITS {
            if amount < 1024.0 {
                break;
            }
            amount /= 1024.0;
            unit = larger;
        }
        if bytes < 1024 {
            write!(formatter, "{bytes} B")
        } else {
            write!(formatter, "{amount:.2} {unit}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ByteCount;

    #[test]
    fn a_number_of_bytes_is_told_in_the_unit_that_fits() {
        let cases = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.00 KiB"),
            (2048 + 512, "2.50 KiB"),
            (5 << 20, "5.00 MiB"),
            (3 << 40, "3.00 TiB"),
        ];
        for (bytes, told) in cases {
            assert_eq!(ByteCount(bytes).to_string(), told);
        }
    }
}
