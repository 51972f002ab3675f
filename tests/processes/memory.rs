//! How much memory the command takes for a large transcript, as the kernel keeps count.

use std::process::Command;

use crate::corpus::largest;
use crate::scene::{Answer, Scene};

const PEAK_MIB_MAX: u64 = 40;

/// Runs a command and returns the largest resident set that it was ever seen to have had, in KiB.
///
/// The kernel keeps the maximum itself; it is read over and over, so only what a process grows by
/// after the last look is missed. `wait4` would tell exactly, and would count the memory of this
/// test, whose image the child has until it becomes another program.
fn peak_kib(command: &mut Command) -> (Answer, u64) {
    let child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let watch = std::thread::spawn(move || {
        let mut peak = 0;
        // A process that is gone, or has only its exit code left, has no memory to tell of.
        while let Some(now) = high_water_kib(&status) {
            peak = peak.max(now);
            std::thread::yield_now();
        }
        peak
    });
    let answer = child.wait_with_output().unwrap().into();
    (answer, watch.join().unwrap())
}

fn high_water_kib(status: &str) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[test]
fn importing_and_verifying_a_large_transcript_takes_little_memory() {
    let Some(transcript) = largest() else { return };
    let scene = Scene::new();

    let mut import = scene.command();
    let (imported, import_kib) =
        peak_kib(import.args(["import", "--from", "claude-code"]).arg(transcript));
    let (verified, verify_kib) = peak_kib(scene.command().arg("verify"));

    imported.expect(0);
    verified.expect(0);
    println!("peak: import {import_kib} KiB, verify {verify_kib} KiB");
    assert!(import_kib > 0 && verify_kib > 0, "the kernel told nothing");
    assert!(import_kib < PEAK_MIB_MAX * 1024, "import took {import_kib} KiB");
    assert!(verify_kib < PEAK_MIB_MAX * 1024, "verify took {verify_kib} KiB");
}
