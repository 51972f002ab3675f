//! A bar on standard error while something long goes on.

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::manager::import::ImportProgress;
use crate::vocabulary::one_line;

const REDRAW_INTERVAL: Duration = Duration::from_millis(100);

/// Where bars are drawn: nowhere, unless standard error is a terminal that somebody watches.
fn target() -> ProgressDrawTarget {
    if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    }
}

fn with_template(bar: ProgressBar, template: &str) -> ProgressBar {
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn steps(total: usize) -> u64 {
    u64::try_from(total).unwrap_or(u64::MAX)
}

/// A bar over `total` steps.
pub(super) fn bar(total: usize, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(steps(total)), target()).with_message(what);
    let bar = with_template(bar, "{msg} {wide_bar} {pos}/{len} {eta}");
    if !bar.is_hidden() {
        bar.enable_steady_tick(REDRAW_INTERVAL);
    }
    bar
}

/// The progress of an import: one bar over all transcripts, one over the bytes of the present one.
pub(super) struct ImportBar {
    both: MultiProgress,
    transcripts: ProgressBar,
    bytes: ProgressBar,
}

impl ImportBar {
    /// Bars for a number of transcripts.
    pub(super) fn new(total: usize) -> Self {
        let both = MultiProgress::with_draw_target(target());
        let transcripts = ProgressBar::new(steps(total)).with_message("importing");
        let transcripts = with_template(transcripts, "{msg} {wide_bar} {pos}/{len} {eta}");
        let bytes = with_template(ProgressBar::new(0), "{wide_msg} {bytes}/{total_bytes}");
        Self { transcripts: both.add(transcripts), bytes: both.add(bytes), both }
    }

    /// Writes something while the bars are out of the way.
    pub(super) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.both.suspend(write)
    }

    /// Takes the bars away.
    pub(super) fn clear(&self) {
        self.bytes.finish_and_clear();
        self.transcripts.finish_and_clear();
    }
}

impl ImportProgress for ImportBar {
    fn begin(&self, path: &Path, bytes_total: u64) {
        self.bytes.reset();
        self.bytes.set_length(bytes_total);
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        self.bytes.set_message(one_line(&name).into_owned());
    }

    fn advance(&self, bytes: u64) {
        self.bytes.inc(bytes);
    }

    fn finish(&self) {
        self.transcripts.inc(1);
    }
}
