//! The few styles that annals uses, so that one thing looks the same everywhere.

use anstyle::{AnsiColor, Style};

use crate::vocabulary::{SessionStatus, Severity};

pub(super) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const HINT: Style = AnsiColor::Cyan.on_default().bold();
pub(super) const HEADING: Style = Style::new().bold();
pub(super) const FAINT: Style = Style::new().dimmed();
pub(super) const PLAIN: Style = Style::new();

/// How a session of this status is shown.
pub(super) fn of_status(status: SessionStatus) -> Style {
    match status {
        SessionStatus::Active => PLAIN,
        SessionStatus::Background => AnsiColor::Cyan.on_default(),
        SessionStatus::Archived => FAINT,
        SessionStatus::Deleted => FAINT.strikethrough(),
    }
}

/// How a finding of this severity is shown.
pub(super) fn of_severity(severity: Severity) -> Style {
    match severity {
        Severity::Warning => WARNING,
        Severity::Error => ERROR,
    }
}
