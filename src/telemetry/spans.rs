//! Spans that have ended: what of them may leave, and keeping it until it is sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::trace::Status;
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

/// Most spans that are kept, a few hundred bytes each. Beyond that the oldest go, because those
/// that end last have the others inside them.
const SPANS_MAX: usize = 2048;

/// Fields with their names as attributes.
type Names = [(&'static str, &'static str)];

/// What may leave of a span, and what it is called then: ids, places and counts. Nothing is here
/// that a session holds. Every other field stays at home.
const CARRIED: &Names = &[
    ("session_id", "annals.session.id"),
    ("parent", "annals.session.parent"),
    ("status", "annals.session.status"),
    ("quick", "annals.verify.quick"),
    ("full", "annals.health.full"),
    ("process.executable.name", "process.executable.name"),
    ("http.request.method", "http.request.method"),
    ("http.route", "http.route"),
];

/// Those of them that are numbers. Most fields of numbers arrive as text.
const CARRIED_NUMBERS: &Names = &[
    ("session_count", "annals.session.count"),
    ("seq", "annals.seq"),
    ("from_seq", "annals.seq.from"),
    ("after_seq", "annals.seq.after"),
    ("entries", "annals.entries"),
    ("process.exit.code", "process.exit.code"),
    ("http.response.status_code", "http.response.status_code"),
];

/// The field of a log event that says of what kind a failure was, and what it is called as an
/// attribute of the span that has failed.
const KIND: (&str, &str) = ("kind", "error.type");

/// Spans that wait to be sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Ended(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    spans: VecDeque<SpanData>,
    dropped: u64,
}

impl Ended {
    /// Those that wait, and how many had to go. They do not wait any more.
    pub(super) fn take(&self) -> (Vec<SpanData>, u64) {
        let Waiting { spans, dropped } = std::mem::take(&mut *self.held());
        (spans.into(), dropped)
    }

    /// They are whole between any two changes, so a panic elsewhere does not spoil them.
    fn held(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SpanProcessor for Ended {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        let span = cleaned(span);
        let mut waiting = self.held();
        if waiting.spans.len() == SPANS_MAX {
            waiting.spans.pop_front();
            waiting.dropped += 1;
        }
        waiting.spans.push_back(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// The span with what may leave of it. Of log events inside it only the kind of a failure is left:
/// messages of errors may quote what somebody has written.
fn cleaned(mut span: SpanData) -> SpanData {
    let events = std::mem::take(&mut span.events).events;
    let kinds = events.into_iter().flat_map(|event| event.attributes);
    let kind = kinds.filter(|attribute| attribute.key.as_str() == KIND.0).last();
    let fields = std::mem::take(&mut span.attributes);
    span.attributes = fields.into_iter().filter_map(carried).collect();
    if let Status::Error { .. } = span.status {
        span.status = Status::error("");
        span.attributes.extend(kind.map(|kind| KeyValue::new(KIND.1, kind.value)));
    }
    span
}

fn carried(field: KeyValue) -> Option<KeyValue> {
    let name_in = |names: &Names| {
        names.iter().find(|(known, _)| field.key.as_str() == *known).map(|(_, name)| *name)
    };
    if let Some(name) = name_in(CARRIED_NUMBERS) {
        let number: i64 = field.value.as_str().parse().ok()?;
        return Some(KeyValue::new(name, number));
    }
    name_in(CARRIED).map(|name| KeyValue::new(name, field.value.clone()))
}
