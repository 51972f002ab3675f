//! What every page has: the head, the way to the other pages, and how the store is.

use maud::{DOCTYPE, Markup, html};

use super::assets;
use super::units::counted;
use crate::manager::{HealthStatus, SessionHealth};

/// The pages that each page leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Overview,
    Sessions,
    Search,
    Findings,
    Runbook,
}

const TABS: [(Tab, &str, &str); 5] = [
    (Tab::Overview, "/", "Overview"),
    (Tab::Sessions, "/sessions", "Sessions"),
    (Tab::Search, "/search", "Search"),
    (Tab::Findings, "/findings", "Findings"),
    (Tab::Runbook, "/runbook", "Runbook"),
];

/// A whole page. `health` is the store's last report.
pub(super) fn page(
    tab: Option<Tab>,
    title: &str,
    health: Option<&SessionHealth>,
    body: &Markup,
) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) " · annals" }
                link rel="icon" href=(assets::ICON) type="image/svg+xml";
                link rel="stylesheet" href=(assets::STYLE);
                script src=(assets::SCRIPT) {}
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                (header(tab, health))
                main id="main" tabindex="-1" { (body) }
            }
        }
    }
}

fn header(tab: Option<Tab>, health: Option<&SessionHealth>) -> Markup {
    html! {
        header.top {
            a.brand href="/" { "annals" }
            nav aria-label="Pages" {
                @for (here, address, name) in TABS {
                    a href=(address) aria-current=[(tab == Some(here)).then_some("page")] { (name) }
                }
            }
            div.state {
                // Only the script can tell, and what it says would be wrong without it.
                span id="live" role="status" hidden {}
                span id="health" role="status" { @if let Some(health) = health { (badge(health)) } @else { (unknown()) } }
                button id="theme" type="button" hidden { "Theme: auto" }
            }
        }
    }
}

/// How the store is, in a word, with the way to what is wrong.
pub(in crate::serve) fn badge(health: &SessionHealth) -> Markup {
    let beyond = health.checks.iter().filter(|check| check.status > HealthStatus::Ok).count();
    let words = match (health.status, health.corrupted_sessions) {
        (HealthStatus::Ok, _) => "Healthy".to_owned(),
        (_, 0) => format!("{} beyond limit", counted(beyond as u64, "check")),
        (_, corrupted) => format!("{} corrupted", counted(corrupted, "session")),
    };
    html! {
        a.badge.(class_of(health.status)) href="/findings" {
            (mark(health.status)) (words)
        }
    }
}

fn unknown() -> Markup {
    html! { span.badge { "Not checked yet" } }
}

/// The class of the style sheet for a status.
pub(super) fn class_of(status: HealthStatus) -> &'static str {
    match status {
        HealthStatus::Ok => "ok",
        HealthStatus::Warn => "warn",
        HealthStatus::Critical => "critical",
    }
}

/// A status as a shape, for those who do not tell its colours apart.
pub(super) fn mark(status: HealthStatus) -> Markup {
    html! {
        svg.mark viewBox="0 0 12 12" aria-hidden="true" {
            @match status {
                HealthStatus::Ok => circle cx="6" cy="6" r="4.5" {},
                HealthStatus::Warn => path d="M6 1 11.5 11H.5z" {},
                HealthStatus::Critical => path d="M3.5.5h5l3 3v5l-3 3h-5l-3-3v-5z" {},
            }
        }
    }
}
