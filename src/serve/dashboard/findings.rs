//! What the last check of the store found.

use maud::{Markup, html};

use super::text::{address_of, line};
use super::units::counted;
use crate::manager::SessionHealth;
use crate::vocabulary::{Finding, Severity};

/// Longest message of a finding, in characters.
const MESSAGE_CHARS_MAX: usize = 400;

/// The page.
pub(super) fn body(health: Option<&SessionHealth>) -> Markup {
    let found = health.map_or(&[][..], |health| health.findings.as_slice());
    html! {
        h1 { "Findings" }
        (super::alerts::strip(health))
        @if found.is_empty() {
            p.quiet { "The last check found nothing wrong with any session." }
        } @else {
            p.quiet {
                (counted(found.len() as u64, "finding")) " of the last check, by session. "
                "Nothing is repaired from here: each one names its next step."
            }
        }
        ul.findings {
            @for finding in found { li.card { (full(finding)) } }
        }
    }
}

/// A finding in one line.
pub(super) fn short(finding: &Finding) -> Markup {
    html! {
        a href=(address_of(&finding.session)) { (finding.session) }
        p { (class_of(finding)) " " (line(&finding.message, 100)) }
    }
}

/// A finding with all that is known of it.
pub(super) fn full(finding: &Finding) -> Markup {
    html! {
        div.heading {
            (class_of(finding))
            a href=(address_of(&finding.session)) { (finding.session) }
            span.quiet {
                @if let Some(seq) = finding.seq { "seq " (seq) }
                @if finding.seq.is_some() && finding.offset.is_some() { ", " }
                @if let Some(offset) = finding.offset { "byte " (offset) }
            }
        }
        p { (line(&finding.message, MESSAGE_CHARS_MAX)) }
        p {
            span.quiet { "Next: " } (words(finding.next)) " "
            a href={ "/runbook#" (finding.class) } { "Runbook" span.unseen { " on " (finding.class) } }
        }
    }
}

/// The class as a word in the colour of how bad it is.
fn class_of(finding: &Finding) -> Markup {
    let severity = match finding.severity {
        Severity::Warning => "warn",
        Severity::Error => "critical",
    };
    html! { span.class.(severity) { (finding.class) } }
}

/// What stands between backticks is a command.
fn words(next: &str) -> Markup {
    html! {
        @for (place, part) in next.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
