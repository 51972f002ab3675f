//! What a collector of OpenTelemetry is sent, and that nobody is the worse for it.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{AggregationTemporality, Metric};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use crate::receiver::{Collector, Manner, texts};
use crate::served::{Place, Served};

/// Far longer than a test lives: what is sent meanwhile is sent for another reason.
const NEVER_MS: &str = "86400000";

fn told(place: &Place, collector: &Collector, arguments: &[&str]) -> Command {
    let mut command = place.command(arguments);
    command.env("ANNALS_TELEMETRY_ENDPOINT", collector.endpoint());
    // On a busy machine, too, whoever answers is waited for.
    command.env("ANNALS_TELEMETRY_TIMEOUT_MS", "30000");
    command
}

#[track_caller]
fn ok(mut command: Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

#[track_caller]
fn named<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name}: {spans:#?}"))
}

fn status(span: &Span) -> StatusCode {
    span.status.as_ref().unwrap().code()
}

#[test]
fn a_command_is_a_span_with_its_operations_inside() {
    let (place, collector) = (Place::new(), Collector::new(Manner::Answers(200)));
    place.create("demo");
    let mut command = told(&place, &collector, &["record", "demo", "--role", "user", "hello"]);
    command.env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=orchard");
    ok(command);

    let sent = collector.next();
    let resource = sent.resource();
    assert_eq!(resource["service.name"], "annals");
    assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(resource["deployment.environment.name"], "orchard");
    assert_eq!(sent.headers["content-type"], "application/x-protobuf");
    let spans = sent.spans();
    let whole = named(&spans, "annals record");
    assert!(whole.parent_span_id.is_empty());
    assert!(
        0 < whole.start_time_unix_nano && whole.start_time_unix_nano < whole.end_time_unix_nano
    );
    assert_eq!(status(whole), StatusCode::Unset);
    let code = whole.attributes.iter().find(|attribute| attribute.key == "process.exit.code");
    let code = code.unwrap().value.as_ref().unwrap().value.clone();
    assert_eq!(code, Some(any_value::Value::IntValue(0)));
    let inside = named(&spans, "change");
    assert_eq!((&inside.trace_id, &inside.parent_span_id), (&whole.trace_id, &whole.span_id));
    assert!(whole.start_time_unix_nano <= inside.start_time_unix_nano);
    assert!(inside.end_time_unix_nano <= whole.end_time_unix_nano);
    assert_eq!(texts(&inside.attributes)["annals.session.id"], "demo");
    assert!(collector.all().is_empty(), "a command sends once, and no figures");
}

#[test]
fn operations_that_run_beside_each_other_are_inside_their_command_too() {
    let (place, collector) = (Place::new(), Collector::new(Manner::Answers(200)));
    for id in ["one", "two"] {
        place.create(id);
    }
    ok(told(&place, &collector, &["verify"]));
    let spans = collector.spans();
    let whole = named(&spans, "annals verify");
    let inside = spans.iter().filter(|span| span.name == "verify_session");
    let parents: Vec<_> = inside.map(|span| &span.parent_span_id).collect();
    assert_eq!(parents, [&whole.span_id, &whole.span_id]);
}

#[test]
fn a_failure_is_the_status_of_its_operation_and_of_the_command() {
    let (place, collector) = (Place::new(), Collector::new(Manner::Answers(200)));
    place.create("demo");
    let mut command = told(&place, &collector, &["show", "nobody"]);
    assert_eq!(command.output().unwrap().status.code(), Some(3));
    let spans = collector.spans();
    let (whole, inside) = (named(&spans, "annals show"), named(&spans, "resolve"));
    assert_eq!((status(whole), status(inside)), (StatusCode::Error, StatusCode::Error));
    assert_eq!(texts(&whole.attributes)["process.exit.code"], "3");
    assert_eq!(texts(&inside.attributes)["error.type"], "not-found");
}

#[test]
fn nothing_that_somebody_has_written_leaves() {
    let (place, collector) = (Place::new(), Collector::new(Manner::Answers(200)));
    place.create("demo");
    let commands: [&[&str]; 10] = [
        &["record", "demo", "--role", "user", "a quince text"],
        &["rename", "demo", "quince name"],
        &["tag", "demo", "quince-tag"],
        &["set", "demo", "quince-field", "quince value"],
        &["show", "quince name"],
        &["show", "quince nobody"],
        &["list", "--search", "quince"],
        &["record", "demo", "--role", "quince-role", "more quince"],
        &["verify", "demo"],
        &["log", "demo"],
    ];
    for arguments in commands {
        told(&place, &collector, arguments).output().unwrap();
    }
    let mut command = told(&place, &collector, &["--json", "serve", "--listen", "127.0.0.1:0"]);
    command.env("ANNALS_TELEMETRY_PERIOD_MS", NEVER_MS);
    let mut served = Served::start(command);
    served.get("/api/v1/sessions?search=quince").expect(200);
    served.get("/api/v1/sessions/quince%20nobody");
    served.get("/quince?quince=1").expect(404);
    served.signal("TERM");
    assert!(served.ended().success());

    let sent = collector.all();
    assert!(sent.len() > commands.len());
    for sent in sent {
        let body = String::from_utf8_lossy(&sent.body);
        assert!(!body.contains("quince"), "{body}");
    }
}

#[test]
fn a_collector_that_does_not_take_it_changes_nothing() {
    let silent = Collector::new(Manner::IsSilent);
    let refusing = Collector::new(Manner::Answers(500));
    // An address at which nobody listens any more.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for endpoint in [silent.endpoint(), refusing.endpoint(), format!("http://{nobody}")] {
        let (with, without) = (Place::new(), Place::new());
        let commands: [&[&str]; 4] = [
            &["create", "--id", "demo"],
            &["record", "demo", "--role", "user", "hello"],
            &["rename", "demo", "a name"],
            &["show", "nobody"],
        ];
        for arguments in commands {
            let expected = without.command(arguments).output().unwrap();
            let mut command = with.command(arguments);
            command.env("ANNALS_TELEMETRY_ENDPOINT", &endpoint);
            command.env("ANNALS_TELEMETRY_TIMEOUT_MS", "20");
            let output = command.output().unwrap();
            assert_eq!(output, expected, "{endpoint} {arguments:?}");
        }
        let mut asking = with.command(&["-v", "list"]);
        asking.env("ANNALS_TELEMETRY_ENDPOINT", &endpoint).env("ANNALS_TELEMETRY_TIMEOUT_MS", "20");
        let said = String::from_utf8(ok(asking).stderr).unwrap();
        assert!(said.contains("the collector was not told"), "{said}");
    }
}

#[test]
fn without_a_collector_in_the_configuration_nothing_is_sent() {
    let (place, collector) = (Place::new(), Collector::new(Manner::Answers(200)));
    place.create("demo");
    let standard = ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint());
    let own = ("ANNALS_TELEMETRY_ENDPOINT", collector.endpoint());
    let variable = |name, value: &str| (name, value.to_owned());
    for environment in [
        vec![],
        vec![own, variable("ANNALS_TELEMETRY", "off")],
        vec![standard.clone(), variable("ANNALS_TELEMETRY", "off")],
        vec![standard.clone(), variable("OTEL_SDK_DISABLED", "true")],
        vec![standard, variable("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
        vec![variable("OTEL_EXPORTER_OTLP_ENDPOINT", "https://localhost:4318")],
    ] {
        let mut command = place.command(&["show", "demo"]);
        command.envs(environment);
        ok(command);
    }
    ok(told(&place, &collector, &["head", "demo"]));
    named(&collector.spans(), "annals head");
}

#[test]
fn the_collector_of_all_programs_is_told_where_annals_has_none_of_its_own() {
    let place = Place::new();
    let [all, own] = [(); 2].map(|()| Collector::new(Manner::Answers(200)));
    place.create("demo");
    let with_standard = |mut command: Command| {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", all.endpoint() + "/");
        command.env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20cGx1bQ==");
        command.env("ANNALS_TELEMETRY_TIMEOUT_MS", "30000");
        command
    };
    ok(with_standard(place.command(&["show", "demo"])));
    let sent = all.next();
    assert_eq!((&*sent.path, &*sent.headers["authorization"]), ("/v1/traces", "Basic cGx1bQ=="));

    ok(with_standard(told(&place, &own, &["show", "demo"])));
    assert!(!own.next().headers.contains_key("authorization"), "it is no secret of this one");
    assert!(all.all().is_empty());
}

#[test]
fn headers_are_sent_and_never_shown() {
    let (place, collector) = (Place::new(), Collector::new(Manner::Answers(401)));
    let file = format!(
        "telemetry_endpoint = \"{}/otlp\"\ntelemetry_headers = \"x-key=plum-tree, broken-pear-tree\"\n",
        collector.endpoint()
    );
    place.secret("config.toml", &file);
    place.create("demo");
    for arguments in [&["-vvv", "show", "demo"][..], &["config"], &["config", "--json"]] {
        let mut command = place.command(arguments);
        command.env("ANNALS_CONFIG", place.path("config.toml"));
        command.env("ANNALS_TELEMETRY_TIMEOUT_MS", "30000");
        let output = format!("{:?}", ok(command));
        assert!(!output.contains("plum-tree") && !output.contains("pear-tree"), "{output}");
    }
    let sent = collector.next();
    assert_eq!((&*sent.path, &*sent.headers["x-key"]), ("/otlp/v1/traces", "plum-tree"));
}

/// The names of the families that `/metrics` has, as OpenTelemetry has them.
fn families(text: &str) -> BTreeSet<String> {
    let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    names.map(|name| name.trim_end_matches("_seconds").replace('_', ".")).collect()
}

/// How often an operation was called, by what was sent.
fn calls(metrics: &[Metric], operation: &str) -> Option<i64> {
    let metric = metrics.iter().find(|metric| metric.name == "annals.operations")?;
    let Some(Data::Sum(sum)) = &metric.data else { panic!("{metric:?}") };
    assert!(sum.is_monotonic);
    assert_eq!(sum.aggregation_temporality(), AggregationTemporality::Cumulative);
    let mut points = sum.data_points.iter();
    let point = points.find(|point| texts(&point.attributes)["operation"] == operation)?;
    let Some(Number::AsInt(calls)) = point.value else { panic!("{point:?}") };
    Some(calls)
}

#[test]
fn a_server_sends_the_figures_of_its_store_again_and_again() {
    let (place, collector) = (Place::new(), Collector::new(Manner::Answers(200)));
    place.create("demo");
    for _ in 0..3 {
        place.json(&["record", "demo", "--role", "user", "hello"]);
    }
    let mut command = told(&place, &collector, &["--json", "serve", "--listen", "127.0.0.1:0"]);
    command.env("ANNALS_TELEMETRY_PERIOD_MS", "100").env("ANNALS_SERVE_SAMPLE_PERIOD_MS", "100");
    let served = Served::start(command);
    let figures = |expected| loop {
        let sent = collector.next();
        if sent.path == "/v1/metrics" && calls(&sent.metrics(), "change") == Some(expected) {
            assert_eq!(sent.resource()["service.name"], "annals");
            break sent.metrics();
        }
    };
    figures(3);
    let accepted = [("Accept", "application/openmetrics-text")];
    served.get_with("/metrics", &accepted).expect(200);
    place.json(&["record", "demo", "--role", "user", "hello"]);
    let metrics = figures(4);
    let waits = metrics.iter().find(|metric| metric.name == "annals.lock.wait").unwrap();
    let Some(Data::Histogram(histogram)) = &waits.data else { panic!("{waits:?}") };
    let point = &histogram.data_points[0];
    assert_eq!(waits.unit, "s");
    assert_eq!(point.bucket_counts.iter().sum::<u64>(), point.count);
    assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
    let sent: BTreeSet<String> = metrics.into_iter().map(|metric| metric.name).collect();
    let shown = families(served.get_with("/metrics", &accepted).expect(200).text());
    assert!(sent.is_subset(&shown), "{:?}", sent.difference(&shown));
    assert!(sent.contains("annals.sessions") && sent.contains("annals.http.requests"), "{sent:?}");
}

#[test]
fn a_server_that_is_told_to_stop_sends_what_is_left() {
    let (place, collector) = (Place::new(), Collector::new(Manner::Answers(200)));
    place.create("demo");
    let mut command = told(&place, &collector, &["--json", "serve", "--listen", "127.0.0.1:0"]);
    command.env("ANNALS_TELEMETRY_PERIOD_MS", NEVER_MS);
    let mut served = Served::start(command);
    served.get("/api/v1/sessions/demo").expect(200);
    served.get("/api/v1/sessions/nobody").expect(404);
    served.signal("TERM");
    assert!(served.ended().success());

    let sent = collector.all();
    let last = sent.iter().rfind(|sent| sent.path == "/v1/metrics").unwrap().metrics();
    assert!(last.iter().any(|metric| metric.name == "annals.http.requests"), "{last:#?}");
    let spans = sent.iter().filter(|sent| sent.path == "/v1/traces").flat_map(|sent| sent.spans());
    let spans: Vec<Span> = spans.collect();
    named(&spans, "annals serve");
    let requests = spans.iter().filter(|span| span.name == "GET /api/v1/sessions/{id}");
    let requests: Vec<_> = requests.collect();
    let statuses = requests.iter().map(|span| texts(&span.attributes));
    let statuses: Vec<_> =
        statuses.map(|texts| texts["http.response.status_code"].clone()).collect();
    assert_eq!(statuses, ["200", "404"]);
    for request in requests {
        assert_eq!(request.kind(), SpanKind::Server);
        assert!(spans.iter().any(|inside| inside.parent_span_id == request.span_id), "{spans:#?}");
    }
}

#[test]
fn a_server_stops_though_its_collector_never_answers() {
    let (place, collector) = (Place::new(), Collector::new(Manner::IsSilent));
    place.create("demo");
    let mut command = place.command(&["--json", "serve", "--listen", "127.0.0.1:0"]);
    command.env("ANNALS_TELEMETRY_ENDPOINT", collector.endpoint());
    command.env("ANNALS_TELEMETRY_TIMEOUT_MS", "20").env("ANNALS_TELEMETRY_PERIOD_MS", "100");
    let mut served = Served::start(command);
    collector.next();
    served.get("/api/v1/sessions/demo").expect(200);
    served.signal("TERM");
    assert!(served.ended().success());
}
