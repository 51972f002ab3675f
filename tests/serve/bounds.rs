//! What a client may send and how long it may take: each bound is reached and gone beyond.

use std::io::Read as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use annals::SessionManager;
use annals::repository::InMemoryRepository;
use annals::serve::{Options, Server};
use annals::vocabulary::{NewMessage, NewSession, Role};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::client::{Connection, ask, request};
use crate::served::Place;

/// A server in this process, with options of the test's own.
pub struct Here {
    pub address: SocketAddr,
    pub manager: Arc<SessionManager<InMemoryRepository>>,
    pub runtime: Runtime,
    _stop: oneshot::Sender<()>,
}

impl Here {
    pub fn with(options: Options) -> Self {
        let runtime = Runtime::new().unwrap();
        let manager = Arc::new(SessionManager::new(InMemoryRepository::new()));
        let options = Options { listen: "127.0.0.1:0".parse().unwrap(), ..options };
        let server = runtime.block_on(Server::bind(Arc::clone(&manager), options)).unwrap();
        let address = server.local_address().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        runtime.spawn(server.run(async { drop(stopped.await) }));
        Self { address, manager, runtime, _stop: stop }
    }
}

#[test]
fn a_head_beyond_the_bound_is_refused_and_the_server_goes_on() {
    let served = Place::new().serve(&[]);
    let long = "x".repeat(20 * 1024);
    served.get_with("/healthz", &[("X-Long", &long)]).expect(431);
    let many: Vec<_> = (0..100).map(|number| format!("X-{number}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "1")).collect();
    served.get_with("/healthz", &many).expect(431);
    served.get_with("/healthz", &[("X-Long", &long[..8 * 1024])]).expect(200);
}

#[test]
fn an_address_beyond_the_bound_is_refused() {
    let served = Place::new().serve(&[]);
    let path = |bytes: usize| format!("/api/v1/sessions?search={}", "x".repeat(bytes - 24));
    served.get(&path(4096)).expect(200);
    assert_eq!(served.get(&path(4097)).expect(414).kind(), "invalid-input");
}

#[test]
fn a_body_beyond_the_bound_is_refused_before_it_is_read() {
    let served = Place::new().serve(&["--writable"]);
    let mut connection = Connection::to(served.address);
    let head = "POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\n\
                Content-Type: application/json\r\nContent-Length: 1048577\r\n\r\n";
    connection.send(head.as_bytes());
    assert_eq!(connection.answer().unwrap().expect(413).kind(), "invalid-input");
    // One whose length is not said is read up to the bound.
    let mut connection = Connection::to(served.address);
    connection.send(
        b"POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
          Transfer-Encoding: chunked\r\n\r\n",
    );
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    for _ in 0..17 {
        connection.send(chunk.as_bytes());
    }
    assert_eq!(connection.answer().unwrap().status, 413);
}

#[test]
fn whoever_sends_its_head_too_slowly_is_cut_off() {
    let here =
        Here::with(Options { head_timeout: Duration::from_millis(50), ..Options::default() });
    for beginning in ["", "G", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "] {
        let mut connection = Connection::to(here.address);
        connection.send(beginning.as_bytes());
        let mut rest = Vec::new();
        connection.reader.read_to_end(&mut rest).expect("the server ends it");
    }
    // So is whoever has had an answer and asks for nothing more.
    let mut connection = Connection::to(here.address);
    connection.send(request("GET", "/healthz", &[], "").as_bytes());
    connection.answer().unwrap().expect(200);
    assert!(connection.answer().is_none());
}

#[test]
fn whoever_sends_its_body_too_slowly_is_answered_without_it() {
    let here = Here::with(Options {
        writable: true,
        request_timeout: Duration::from_millis(50),
        ..Options::default()
    });
    let mut connection = Connection::to(here.address);
    connection.send(
        b"POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
          Content-Length: 10\r\n\r\n{",
    );
    assert_eq!(connection.answer().unwrap().expect(503).kind(), "timeout");
}

#[test]
fn whoever_finds_every_place_taken_is_told_to_come_again() {
    let here = Here::with(Options { connections_max: 2, ..Options::default() });
    let mut kept: Vec<_> = (0..2).map(|_| Connection::to(here.address)).collect();
    for connection in &mut kept {
        connection.send(request("GET", "/healthz", &[], "").as_bytes());
        connection.answer().unwrap().expect(200);
    }
    let answer = ask(here.address, "GET", "/healthz", &[], "").expect(503);
    assert_eq!((answer.kind().as_str(), answer.headers["retry-after"].as_str()), ("busy", "1"));
    drop(kept);
    // Once the server has seen that they are gone.
    let is_let_in = || ask(here.address, "GET", "/healthz", &[], "").status == 200;
    assert!((0..10_000).any(|_| is_let_in()));
}

#[test]
fn whoever_finds_too_many_followers_is_told_to_come_again() {
    let here = Here::with(Options { event_clients_max: 1, ..Options::default() });
    let mut follower = Connection::to(here.address);
    follower.send(request("GET", "/events", &[], "").as_bytes());
    assert_eq!(follower.head().unwrap().status, 200);
    let answer = ask(here.address, "GET", "/events", &[], "").expect(503);
    assert_eq!(answer.kind(), "busy");
}

#[test]
fn a_method_that_an_address_does_not_have_is_refused() {
    let served = Place::new().serve(&[]);
    for method in ["DELETE", "PUT", "PATCH", "TRACE", "BREW"] {
        ask(served.address, method, "/api/v1/sessions", &[], "").expect(405);
    }
    let mut connection = Connection::to(served.address);
    connection.send(b"CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let answer = connection.answer().unwrap();
    assert!(matches!(answer.status, 404 | 405 | 421), "{}", answer.status);
}

#[test]
fn bytes_that_are_no_http_end_the_connection_and_nothing_else() {
    let served = Place::new().serve(&[]);
    for bytes in
        [&b"\x16\x03\x01\x02\x00\x01"[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0\0\0\0\r\n\r\n"]
    {
        let mut connection = Connection::to(served.address);
        connection.send(bytes);
        connection.send(b"\r\n\r\n");
        let mut rest = Vec::new();
        connection.reader.read_to_end(&mut rest).expect("the server ends it");
    }
    served.get("/healthz").expect(200);
}

#[test]
fn a_page_of_very_long_records_shows_the_newest_and_leads_to_those_before() {
    let here = Here::with(Options::default());
    let seq = here.runtime.block_on(async {
        let new = NewSession::default();
        here.manager.create_session(Some("long".parse().unwrap()), new).await.unwrap();
        let mut seq = 0;
        for _ in 0..80 {
            let message = NewMessage::new(Role::user(), "x".repeat(60_000));
            let session = "long".parse().unwrap();
            seq = here.manager.record_message(&session, message).await.unwrap().seq;
        }
        seq
    });

    let page = ask(here.address, "GET", "/sessions/long", &[], "").expect(200);
    let shown = |seq: u64| page.text().contains(&format!("id=\"seq-{seq}\""));

    // 4 MiB are some seventy of them.
    assert!(shown(seq) && shown(seq - 60) && !shown(2));
    let first = (1..=seq).find(|seq| shown(*seq)).unwrap();
    assert!(page.text().contains(&format!("Records before {first}")));
    assert!(!page.text().contains("not there"), "nothing is lost");
    // Of each text there is the beginning, and the way to the whole.
    assert!(page.text().contains(&format!("/sessions/long/text/{seq}")));
    let whole = ask(here.address, "GET", &format!("/sessions/long/text/{seq}"), &[], "");
    assert!(whole.expect(200).text().contains(&"x".repeat(60_000)));
}
