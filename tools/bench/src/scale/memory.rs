//! How much memory this process has held at most.

use std::fs;

use anyhow::{Context as _, Result};

/// Written to `clear_refs`, it sets the largest resident set back to the present one.
const FORGET_PEAK: &str = "5";

/// Begins anew.
pub(super) fn forget_peak() -> Result<()> {
    Ok(fs::write("/proc/self/clear_refs", FORGET_PEAK)?)
}

/// The most since then, in MiB.
pub(super) fn peak_mib() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_is_forgotten() {
        drop(std::hint::black_box(vec![1_u8; 256 << 20]));
        let before = peak_mib().unwrap();

        forget_peak().unwrap();

        assert!(peak_mib().unwrap() < before - 200.0);
    }
}
