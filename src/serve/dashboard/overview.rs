//! The first page: how the store is, and what happens in it.

use maud::{Markup, html};

use super::alerts;
use super::cards;
use super::findings;
use super::text::{address_of, line};
use super::units::{count, counted};
use crate::manager::{SessionCounts, SessionHealth};
use crate::repository::HeldLock;
use crate::serve::history::{Sample, Window};
use crate::vocabulary::{ByteCount, SessionStatus, Timestamp};

/// Most locks and findings that the page shows; the rest is counted.
const ROWS_MAX: usize = 6;

/// What the figures of the page are made of.
pub(super) struct Figures<'a> {
    /// When they were taken.
    pub(super) now: Timestamp,
    pub(super) window: Window,
    pub(super) samples: &'a [Sample],
    pub(super) sessions: SessionCounts,
    pub(super) health: Option<&'a SessionHealth>,
    pub(super) locks: &'a [HeldLock],
}

/// The figures, which the page asks for again and again.
pub(super) fn figures(figures: &Figures<'_>) -> Markup {
    html! {
        (alerts::strip(figures.health))
        nav.windows aria-label="Time shown" {
            @for window in Window::ALL {
                a href={ "/?window=" (name_of(window)) }
                    aria-current=[(window == figures.window).then_some("true")] {
                    (words_of(window))
                }
            }
            span.quiet { "Times are in UTC" }
        }
        div.charts {
            (statuses(figures))
            @for chart in cards::charts(figures) { (chart.card()) }
        }
        div.pair {
            (locks(figures))
            (newest_findings(figures.health))
        }
    }
}

/// The whole of the page.
pub(super) fn body(shown: &Figures<'_>, changes: &Markup) -> Markup {
    html! {
        h1.unseen { "Overview" }
        div.overview {
            div id="figures" data-source={ "/figures?window=" (name_of(shown.window)) } {
                (figures(shown))
            }
            (changes)
        }
    }
}

/// A window's name in an address.
pub(super) fn name_of(window: Window) -> &'static str {
    match window {
        Window::Minutes => "5m",
        Window::Hour => "1h",
        Window::Day => "24h",
    }
}

/// The window of a name; the shortest one for any other name.
pub(super) fn window_of(name: &str) -> Window {
    Window::ALL.into_iter().find(|window| name_of(*window) == name).unwrap_or_default()
}

fn words_of(window: Window) -> &'static str {
    match window {
        Window::Minutes => "5 minutes",
        Window::Hour => "1 hour",
        Window::Day => "24 hours",
    }
}

/// Sessions by status: a bar that is divided as they are, and the numbers.
fn statuses(figures: &Figures<'_>) -> Markup {
    let counts = counts_of(figures);
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    html! {
        section.card.statuses aria-labelledby="statuses-title" {
            div.heading {
                h2 id="statuses-title" { "Sessions" }
                p.latest { b { (count(total)) } }
            }
            (bar(&counts, total))
            ul {
                @for (status, number) in counts {
                    li {
                        span.swatch.(status.as_str()) {}
                        a href={ "/sessions?status=" (status) } { (status) }
                        b { (count(number)) }
                    }
                }
            }
            @if let Some(health) = figures.health {
                p.quiet { (ByteCount(health.store_bytes)) " of history" }
            }
        }
    }
}

/// The counts of the last check, or of the last listing before there was one.
fn counts_of(figures: &Figures<'_>) -> [(SessionStatus, u64); 4] {
    let seen = figures.sessions;
    let checked = figures.health;
    SessionStatus::ALL.map(|status| {
        let (seen, checked) = match status {
            SessionStatus::Active => (seen.active, checked.map(|health| health.active_sessions)),
            SessionStatus::Background => {
                (seen.background, checked.map(|health| health.background_sessions))
            }
            SessionStatus::Archived => {
                (seen.archived, checked.map(|health| health.archived_sessions))
            }
            SessionStatus::Deleted => (seen.deleted, checked.map(|health| health.deleted_sessions)),
        };
        (status, seen.or(checked).unwrap_or(0))
    })
}

/// Width of the bar, in units of the picture, and of the gap between two parts.
const BAR_WIDTH: f64 = 400.0;
const BAR_GAP: f64 = 2.0;

#[allow(clippy::cast_precision_loss, reason = "lengths in a picture")]
fn bar(counts: &[(SessionStatus, u64)], total: u64) -> Markup {
    let mut begin = 0.0;
    let parts: Vec<_> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(status, count)| {
            let width = BAR_WIDTH * *count as f64 / total.max(1) as f64;
            let part = (status, begin, (width - BAR_GAP).max(1.0));
            begin += width;
            part
        })
        .collect();
    html! {
        // The list below says the same.
        svg.bar viewBox="0 0 400 14" preserveAspectRatio="none" aria-hidden="true" {
            rect.empty x="0" y="0" width="400" height="14" {}
            @for (status, begin, width) in parts {
                rect.(status.as_str()) x=(format!("{begin:.1}")) y="0" width=(format!("{width:.1}")) height="14" {}
            }
        }
    }
}

fn locks(figures: &Figures<'_>) -> Markup {
    let held = figures.locks;
    html! {
        section.card aria-labelledby="locks-title" {
            div.heading {
                h2 id="locks-title" { "Locks held" }
                p.latest { b { (held.len()) } }
            }
            @if held.is_empty() { p.quiet { "No session is locked at this moment." } }
            ul.rows {
                @for HeldLock { session, holder } in held.iter().take(ROWS_MAX) {
                    li {
                        a href=(address_of(session)) { (session) }
                        @if let Some(holder) = holder {
                            p {
                                (line(&holder.by.program, 40)) " (pid " (holder.by.pid) ") of "
                                (line(&holder.by.user, 40)) ", since " (holder.since.ago(figures.now))
                            }
                        } @else {
                            p { "by a process that has not said who it is" }
                        }
                    }
                }
            }
            @if held.len() > ROWS_MAX { p.quiet { "and " (held.len() - ROWS_MAX) " more" } }
        }
    }
}

fn newest_findings(health: Option<&SessionHealth>) -> Markup {
    let found = health.map_or(&[][..], |health| health.findings.as_slice());
    html! {
        section.card aria-labelledby="findings-title" {
            div.heading {
                h2 id="findings-title" { "Findings" }
                p.latest { b { (found.len()) } }
            }
            @if found.is_empty() { p.quiet { "The last check found nothing wrong." } }
            ul.rows {
                @for finding in found.iter().take(ROWS_MAX) { li { (findings::short(finding)) } }
            }
            @if found.len() > ROWS_MAX {
                p { a href="/findings" { "All " (counted(found.len() as u64, "finding")) } }
            }
        }
    }
}
