//! What people already run: a real Prometheus scrapes the server, and promtool has no objections.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::client::{Connection, PATIENCE, request};
use crate::served::Place;

const TOKEN: &str = "a-token-for-prometheus";

/// Makes sure that the commands are there, as the gate does.
fn set_up() {
    let setup = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/setup");
    let status = Command::new(setup).args(["prometheus", "promtool"]).status().unwrap();
    assert!(status.success(), "prometheus can be installed");
}

/// A Prometheus that scrapes one server.
struct Prometheus {
    address: SocketAddr,
    process: Child,
}

impl Prometheus {
    fn start(place: &Place, target: SocketAddr) -> Self {
        std::fs::write(place.path("token"), TOKEN).unwrap();
        let config = format!(
            "scrape_configs:\n- job_name: annals\n  scrape_interval: 200ms\n  scrape_timeout: 200ms\n  \
             authorization: {{credentials_file: {}}}\n  static_configs: [{{targets: ['{target}']}}]\n",
            place.path("token").display()
        );
        std::fs::write(place.path("prometheus.yml"), config).unwrap();
        let mut process = Command::new("prometheus")
            .arg(format!("--config.file={}", place.path("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", place.path("data").display()))
            .arg("--web.listen-address=127.0.0.1:0")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = loop {
            let line = said.next().expect("it says where it listens").unwrap();
            if line.contains("Listening on")
                && let Some((_, rest)) = line.split_once("address=")
            {
                break rest.split_whitespace().next().unwrap().parse().unwrap();
            }
        };
        // So that it never waits for somebody to read.
        std::thread::spawn(move || said.for_each(drop));
        Self { address, process }
    }

    /// The value of an expression, once there is one that will do.
    fn value(&self, expression: &str, will_do: impl Fn(f64) -> bool) -> f64 {
        let path = format!("/api/v1/query?query={expression}");
        let began = Instant::now();
        let mut last = Value::Null;
        while began.elapsed() < PATIENCE {
            let mut connection = Connection::to(self.address);
            connection.send(request("GET", &path, &[("Connection", "close")], "").as_bytes());
            last = connection
                .answer()
                .and_then(|answer| serde_json::from_slice(&answer.body).ok())
                .unwrap_or_default();
            let value = last["data"]["result"][0]["value"][1].as_str();
            if let Some(value) =
                value.and_then(|value| value.parse().ok()).filter(|value| will_do(*value))
            {
                return value;
            }
        }
        panic!("{expression}: {last}");
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _gone_already = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_real_prometheus_scrapes_the_server() {
    set_up();
    let place = Place::new();
    place.create("pear");
    place.create("plum");
    place.json(&["archive", "plum"]);
    place.secret("token", TOKEN);
    let served = place.serve(&["--token-file", "token"]);
    let prometheus = Prometheus::start(&place, served.address);
    prometheus.value("up", |value| value == 1.0);
    prometheus.value("annals_sessions%7Bstatus=%22active%22%7D", |value| value == 1.0);
    prometheus.value("annals_sessions%7Bstatus=%22archived%22%7D", |value| value == 1.0);
    prometheus.value("annals_appends_total", |value| value >= 1.0);
    let scrapes = "annals_http_requests_total%7Broute=%22/metrics%22,status=%22200%22%7D";
    prometheus.value(scrapes, |value| value >= 2.0);
    prometheus.value("annals_http_request_duration_seconds_count", |value| value >= 1.0);
}

#[test]
fn promtool_has_no_objections_to_the_figures() {
    set_up();
    let place = Place::new();
    place.create("pear");
    let served = place.serve(&[]);
    served.get("/api/v1/health").expect(200);
    served.get("/api/v1/metrics").expect(200);
    let metrics = served.get("/metrics").expect(200);
    assert_eq!(metrics.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(&metrics.body).unwrap();
    let output = promtool.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn newer_collectors_are_given_open_metrics() {
    let place = Place::new();
    place.create("pear");
    let served = place.serve(&[]);
    served.get("/api/v1/metrics").expect(200);
    let accept = ("Accept", "application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1");
    let metrics = served.get_with("/metrics", &[accept]).expect(200);
    assert!(metrics.headers["content-type"].starts_with("application/openmetrics-text"));
    assert!(metrics.text().ends_with("# EOF\n"));
    assert!(metrics.text().contains("annals_sessions{status=\"active\"} 1\n"));
}
