//! Health checks beyond their limit, each with the way to what to do about it.

use maud::{Markup, html};

use super::frame::{class_of, mark};
use super::units::{Unit, count};
use crate::manager::{HealthCheck, HealthStatus, SessionHealth};

/// A check in words.
struct Wording {
    name: &'static str,
    title: &'static str,
    kind: Kind,
    /// The alert of that check, by which the runbook heads its section.
    alert: &'static str,
}

#[derive(Clone, Copy)]
enum Kind {
    Number,
    Share,
    Millis,
}

const WORDINGS: [Wording; 5] = [
    Wording {
        name: "corrupted_sessions",
        title: "Corrupted sessions",
        kind: Kind::Number,
        alert: "annalscorruptedsessions",
    },
    Wording {
        name: "stale_locks",
        title: "Stale locks",
        kind: Kind::Number,
        alert: "annalsstalelocks",
    },
    Wording {
        name: "error_rate",
        title: "Error rate",
        kind: Kind::Share,
        alert: "annalserrorrate",
    },
    Wording {
        name: "latency_p95_ms",
        title: "Latency p95",
        kind: Kind::Millis,
        alert: "annalslatencyp95",
    },
    Wording {
        name: "cache_hit_rate",
        title: "Cache hit rate",
        kind: Kind::Share,
        alert: "annalscachehitrate",
    },
];

impl Kind {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts, told as such"
    )]
    fn tell(self, value: f64) -> String {
        match self {
            Self::Number => count(value as u64),
            Self::Share => Unit::Share.tell(value),
            Self::Millis => Unit::Duration.tell(value * 1e3),
        }
    }
}

/// The sections of the runbook that checks lead to.
#[cfg(test)]
pub(super) fn anchors() -> impl Iterator<Item = &'static str> {
    WORDINGS.iter().map(|wording| wording.alert)
}

/// The limit of a check, in its own unit.
pub(super) fn limit_of(health: Option<&SessionHealth>, name: &str) -> Option<f64> {
    health?.checks.iter().find(|check| check.name == name).map(|check| check.threshold)
}

/// What is beyond its limit, or that nothing is.
pub(super) fn strip(health: Option<&SessionHealth>) -> Markup {
    let Some(health) = health else {
        return html! { p.quiet.strip { "The store has not been checked yet." } };
    };
    let firing: Vec<_> =
        health.checks.iter().filter(|check| check.status > HealthStatus::Ok).collect();
    if firing.is_empty() {
        let checks = health.checks.len();
        return html! {
            p.strip.ok { (mark(HealthStatus::Ok)) "All " (checks) " checks are within their limits." }
        };
    }
    html! {
        ul.alerts {
            @for check in firing { (alert(check)) }
        }
    }
}

fn alert(check: &HealthCheck) -> Markup {
    let wording = WORDINGS.iter().find(|wording| wording.name == check.name);
    let kind = wording.map_or(Kind::Number, |wording| wording.kind);
    let title = wording.map_or(check.name, |wording| wording.title);
    let value = check.value.map_or_else(|| "–".to_owned(), |value| kind.tell(value));
    html! {
        li.(class_of(check.status)) {
            (mark(check.status))
            b { (title) }
            span { (value) " " span.quiet { "limit " (kind.tell(check.threshold)) } }
            a href={ "/runbook#" (wording.map_or("", |wording| wording.alert)) } {
                "What to do" span.unseen { " about: " (title) }
            }
        }
    }
}
