//! Spans and figures for an OpenTelemetry collector, which is spoken to in OTLP over HTTP.
//!
//! [`Telemetry`] keeps the spans that have ended, and sends them, and figures, when it is told to.
//! Sending takes bounded time, and what cannot be sent is logged and given up: nothing that annals
//! does for its user waits for a collector longer than that, or fails because of one.

mod collector;
mod figures;
mod spans;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::metrics::v1::{ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::resource::v1 as resource;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use prost::Message as _;
use tracing::subscriber::Subscriber;
use tracing::{Level, Metadata, field, info_span, warn};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;
use uuid::Uuid;

use self::collector::{Collector, Undelivered};
use self::spans::Ended;
use crate::config::Config;
use crate::vocabulary::{Clock as _, SystemClock};

/// What this program is called.
const PROGRAM: &str = "annals";

/// A collector, and what it has not been told of yet.
#[derive(Debug)]
pub(crate) struct Telemetry {
    collector: Collector,
    ended: Ended,
    provider: SdkTracerProvider,
    resource: ResourceAttributesWithSchema,
}

impl Telemetry {
    /// What is to be sent where the configuration says; `None` where it names no collector.
    pub(crate) fn start(config: &Config) -> Option<Self> {
        let endpoint = config.telemetry_endpoint.as_ref().filter(|_| config.telemetry)?;
        let ended = Ended::default();
        let resource = resource();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(ended.clone())
            .with_resource(resource.clone())
            .build();
        let collector = Collector::new(
            endpoint,
            config.telemetry_headers.as_ref(),
            std::time::Duration::from_millis(config.telemetry_timeout_ms),
        );
        Some(Self { collector, ended, provider, resource: (&resource).into() })
    }

    /// What makes spans of annals those of a trace.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(PROGRAM))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_error_fields_to_exceptions(false)
            .with_error_records_to_exceptions(false)
            .with_filter(filter_fn(is_told))
    }

    /// Carries a command out inside a span of its name, and sends that with those inside it.
    pub(crate) fn watch(
        &self,
        command: &str,
        work: impl FnOnce() -> Result<u8, u8>,
    ) -> Result<u8, u8> {
        let span = info_span!(
            "command",
            otel.name = format!("{PROGRAM} {command}"),
            otel.status_code = field::Empty,
            process.executable.name = PROGRAM,
            process.exit.code = field::Empty,
        );
        let ended = span.in_scope(work);
        let (Ok(code) | Err(code)) = ended;
        span.record("process.exit.code", code);
        if code != 0 {
            span.record("otel.status_code", "ERROR");
        }
        drop(span);
        self.send_spans();
        ended
    }

    /// Sends the spans that have ended since the last time. Blocks for as long as the configuration
    /// lets it, at most.
    pub(crate) fn send_spans(&self) {
        let (spans, dropped) = self.ended.take();
        if dropped > 0 {
            warn!(dropped, "more spans than can be kept for the collector");
        }
        if spans.is_empty() {
            return;
        }
        let resource_spans = group_spans_by_resource_and_scope(spans, &self.resource);
        let request = ExportTraceServiceRequest { resource_spans };
        tell_of(self.collector.send("/v1/traces", request.encode_to_vec()));
    }

    /// Sends figures that are written as OpenMetrics text. Blocks for as long as the configuration
    /// lets it, at most.
    pub(crate) fn send_figures(&self, open_metrics: &str) {
        let scope = InstrumentationScope { name: PROGRAM.to_owned(), ..Default::default() };
        let metrics = figures::metrics(open_metrics, SystemClock.now());
        let scope_metrics = ScopeMetrics { scope: Some(scope), metrics, ..Default::default() };
        let attributes = self.resource.attributes.0.clone();
        let resource = resource::Resource { attributes, ..Default::default() };
        let resource_metrics = ResourceMetrics {
            resource: Some(resource),
            scope_metrics: vec![scope_metrics],
            ..Default::default()
        };
        let request = ExportMetricsServiceRequest { resource_metrics: vec![resource_metrics] };
        tell_of(self.collector.send("/v1/metrics", request.encode_to_vec()));
    }
}

/// Who sends: this process, with what `OTEL_RESOURCE_ATTRIBUTES` says of it.
fn resource() -> Resource {
    Resource::builder()
        .with_service_name(PROGRAM)
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", Uuid::now_v7().to_string()),
        ])
        .build()
}

/// Spans of annals, and of what happens in them that one has failed.
fn is_told(metadata: &Metadata<'_>) -> bool {
    let level = if metadata.is_span() { Level::INFO } else { Level::ERROR };
    *metadata.level() <= level && metadata.target().starts_with(PROGRAM)
}

fn tell_of(sent: Result<(), Undelivered>) {
    if let Err(error) = sent {
        warn!(%error, "the collector was not told");
    }
}
