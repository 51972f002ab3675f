//! A subscriber that remembers spans and events.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

/// Fields as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<&'static str, String>);

impl Fields {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

#[derive(Debug, Clone)]
pub struct Seen {
    pub level: Level,
    pub fields: Fields,
    /// The spans that it happened in, the innermost first.
    pub spans: Vec<(&'static str, Fields)>,
}

impl Seen {
    pub fn get(&self, field: &str) -> Option<&str> {
        self.fields.get(field)
    }
}

/// What was seen on this thread since it began.
pub struct Capture {
    seen: Arc<Mutex<Vec<Seen>>>,
    _guard: DefaultGuard,
}

impl Capture {
    pub fn begin() -> Self {
        let seen = Arc::default();
        let subscriber = Registry::default().with(Remember { seen: Arc::clone(&seen) });
        Self { seen, _guard: tracing::subscriber::set_default(subscriber) }
    }

    pub fn at(&self, level: Level) -> Vec<Seen> {
        self.seen.lock().unwrap().iter().filter(|seen| seen.level == level).cloned().collect()
    }

    pub fn clear(&self) {
        self.seen.lock().unwrap().clear();
    }
}

struct Remember {
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Remember {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        context.span(id).unwrap().extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        values.record(span.extensions_mut().get_mut::<Fields>().unwrap());
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let spans = context.event_scope(event).into_iter().flatten();
        let spans = spans
            .map(|span| (span.name(), span.extensions().get::<Fields>().unwrap().clone()))
            .collect();
        let level = *event.metadata().level();
        self.seen.lock().unwrap().push(Seen { level, fields, spans });
    }
}
