//! A collector of OpenTelemetry, as far as a test needs one: it takes what is sent, and decodes it.

use std::collections::BTreeMap;
use std::io::{BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use crate::client::PATIENCE;

/// How the collector is.
#[derive(Debug, Clone, Copy)]
pub enum Manner {
    /// It answers with this status.
    Answers(u16),
    /// It takes everything and says nothing.
    IsSilent,
}

/// A request, as it came.
#[derive(Debug)]
pub struct Sent {
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// A collector that listens for as long as the test takes.
pub struct Collector {
    address: SocketAddr,
    sent: Receiver<Sent>,
}

impl Collector {
    pub fn new(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, sent) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let sender = sender.clone();
                thread::spawn(move || serve(stream.unwrap(), manner, &sender));
            }
        });
        Self { address, sent }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next request.
    #[track_caller]
    pub fn next(&self) -> Sent {
        self.sent.recv_timeout(PATIENCE).expect("something is sent")
    }

    /// The spans of the next request, which has to have some.
    #[track_caller]
    pub fn spans(&self) -> Vec<Span> {
        self.next().spans()
    }

    /// What was sent so far.
    pub fn all(&self) -> Vec<Sent> {
        self.sent.try_iter().collect()
    }
}

fn serve(stream: TcpStream, manner: Manner, sender: &Sender<Sent>) {
    let mut reader = BufReader::new(stream);
    while let Some(sent) = read(&mut reader) {
        // Whoever waits for it may be gone.
        let _ = sender.send(sent);
        let Manner::Answers(status) = manner else { continue };
        let answer = format!("HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n");
        reader.get_mut().write_all(answer.as_bytes()).unwrap();
    }
}

/// A request of known length; `None` at the end of the connection.
fn read(reader: &mut BufReader<TcpStream>) -> Option<Sent> {
    use std::io::BufRead as _;
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1).unwrap().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    Some(Sent { path, headers, body })
}

impl Sent {
    #[track_caller]
    pub fn spans(&self) -> Vec<Span> {
        assert_eq!(self.path, "/v1/traces");
        let request = ExportTraceServiceRequest::decode(&*self.body).unwrap();
        let scopes = request.resource_spans.into_iter().flat_map(|spans| spans.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }

    #[track_caller]
    pub fn metrics(&self) -> Vec<Metric> {
        assert_eq!(self.path, "/v1/metrics");
        let request = ExportMetricsServiceRequest::decode(&*self.body).unwrap();
        let scopes = request.resource_metrics.into_iter().flat_map(|all| all.scope_metrics);
        scopes.flat_map(|scope| scope.metrics).collect()
    }

    /// What is said of who has sent it.
    pub fn resource(&self) -> BTreeMap<String, String> {
        let resource = match &*self.path {
            "/v1/metrics" => {
                let mut request = ExportMetricsServiceRequest::decode(&*self.body).unwrap();
                request.resource_metrics.remove(0).resource
            }
            _ => {
                let mut request = ExportTraceServiceRequest::decode(&*self.body).unwrap();
                request.resource_spans.remove(0).resource
            }
        };
        texts(&resource.unwrap().attributes)
    }
}

/// Attributes as text.
pub fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |attribute: &KeyValue| {
        let value = match attribute.value.as_ref().unwrap().value.as_ref().unwrap() {
            any_value::Value::StringValue(text) => text.clone(),
            any_value::Value::IntValue(number) => number.to_string(),
            any_value::Value::BoolValue(is) => is.to_string(),
            other => panic!("{other:?}"),
        };
        (attribute.key.clone(), value)
    };
    attributes.iter().map(text).collect()
}
