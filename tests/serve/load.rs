//! Two hundred clients at once: fast ones, followers, slow ones, and some that send too much. Every
//! request is answered or refused as it should be, and the server grows by no more than it may.
//!
//! With `ANNALS_LONG=1` this goes on for a minute.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::{Connection, request};
use crate::figures::{figure, long_form};
use crate::served::{Place, Served};

/// By how much the memory of the server may grow with two hundred clients: what their connections
/// and answers may take at most, which `docs/serve.md` adds up.
const GROWTH_BYTES_MAX: u64 = 64 * 1024 * 1024;

const SESSIONS: usize = 200;
const ASKING: usize = 100;
const FOLLOWING: usize = 40;
const SLOW: usize = 30;
const EXCESSIVE: usize = 30;

/// Requests of each client that asks, in the quick form.
const ROUNDS: usize = 12;

/// When the clients stop.
struct End {
    deadline: Option<Instant>,
}

impl End {
    fn of_the_environment() -> Self {
        Self { deadline: long_form().then(|| Instant::now() + Duration::from_secs(60)) }
    }

    fn is_over(&self, rounds: usize) -> bool {
        self.deadline.map_or(rounds >= ROUNDS, |deadline| Instant::now() >= deadline)
    }
}

/// A figure of the process in bytes, as the system tells it.
fn status(served: &Served, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", served.pid())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn furnished() -> Place {
    let place = Place::new();
    let mut lines = String::new();
    for number in 0..SESSIONS {
        let id = format!("session-{number}");
        lines += &format!("{}\n", json!({"op": "create", "id": id, "message": "hello"}));
    }
    let text = "x".repeat(50_000);
    for _ in 0..20 {
        let line = json!({"op": "record", "session": "session-0", "role": "user", "text": text});
        lines += &format!("{line}\n");
    }
    std::fs::write(place.path("lines"), lines).unwrap();
    place.json(&["batch", "lines", "--durability", "buffered"]);
    place
}

/// A process that writes for as long as it is not dropped.
struct Writer(Child);

impl Writer {
    fn start(place: &Place, session: &str) -> Self {
        let mut command = place.command(&["--json", "batch", "-", "--durability", "buffered"]);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let line = json!({"op": "record", "session": session, "role": "user", "text": "on"});
        let line = format!("{line}\n");
        std::thread::spawn(move || {
            let mut answers = BufReader::new(output).lines();
            // One at a time, for as long as the process lives.
            while std::io::Write::write_all(&mut input, line.as_bytes()).is_ok() {
                if !matches!(answers.next(), Some(Ok(_))) {
                    break;
                }
            }
        });
        Self(process)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _gone_already = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks for one thing after the other on one connection, and has to be answered each time.
fn ask_on_and_on(address: SocketAddr, number: usize, end: &End, answered: &AtomicU64) {
    const PATHS: [&str; 6] = [
        "/api/v1/sessions?limit=100",
        "/api/v1/sessions/session-7",
        "/api/v1/sessions/session-0/log?limit=5",
        "/metrics",
        "/readyz",
        "/api/v1/sessions?sort=name&status=all",
    ];
    let mut connection = Connection::to(address);
    let mut rounds = 0;
    while !end.is_over(rounds) {
        let path = PATHS[(number + rounds) % PATHS.len()];
        connection.send(request("GET", path, &[], "").as_bytes());
        let answer = connection.answer().expect("a request is answered");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answered.fetch_add(1, Ordering::Relaxed);
        rounds += 1;
    }
}

/// Sends what is too much in one way or another, and has to be refused each time.
fn exceed(address: SocketAddr, number: usize, end: &End, refused: &AtomicU64) {
    let long = "x".repeat(32 * 1024);
    let requests = [
        (431, request("GET", "/healthz", &[("X-Long", &long)], "")),
        (414, request("GET", &format!("/api/v1/sessions?search={}", &long[..5000]), &[], "")),
        (413, request("POST", "/api/v1/sessions", &[("Content-Length", "99999999")], "")),
        (421, request("GET", "/", &[("Host", "evil.example")], "")),
    ];
    let mut rounds = 0;
    while !end.is_over(rounds) {
        let (status, request) = &requests[(number + rounds) % requests.len()];
        let mut connection = Connection::to(address);
        connection.send(request.as_bytes());
        assert_eq!(connection.answer().expect("it is refused").status, *status);
        refused.fetch_add(1, Ordering::Relaxed);
        rounds += 1;
    }
}

/// Asks for what is large, and reads none of it.
fn dawdle(address: SocketAddr, number: usize) -> Connection {
    let mut connection = Connection::to(address);
    let path = if number.is_multiple_of(3) { "/events" } else { "/api/v1/sessions/session-0/log" };
    for _ in 0..8 {
        connection.send(request("GET", path, &[], "").as_bytes());
    }
    connection
}

/// Follows what happens until the test is over, and has to hear of some of it.
fn follow(address: SocketAddr, is_over: &AtomicBool, heard: &AtomicU64) {
    let mut connection = Connection::to(address);
    connection.send(request("GET", "/events", &[], "").as_bytes());
    assert_eq!(connection.head().unwrap().status, 200);
    let mut events = 0;
    while !(is_over.load(Ordering::Relaxed) && events > 0) {
        let line = connection.line().expect("the stream goes on");
        events += u64::from(line.starts_with("event: change"));
    }
    heard.fetch_add(events, Ordering::Relaxed);
}

#[test]
fn two_hundred_clients_are_served_in_bounded_memory() {
    let place = furnished();
    let served = place.serve(&[]);
    let address = served.address;
    served.get("/api/v1/sessions").expect(200);
    served.get("/api/v1/health").expect(200);
    let before = status(&served, "VmRSS");
    let writers = ["session-1", "session-2"].map(|session| Writer::start(&place, session));

    let (answered, refused, heard) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let (is_over, end) = (AtomicBool::new(false), End::of_the_environment());
    let slow: Vec<_> = (0..SLOW).map(|number| dawdle(address, number)).collect();
    std::thread::scope(|scope| {
        for _ in 0..FOLLOWING {
            scope.spawn(|| follow(address, &is_over, &heard));
        }
        let busy: Vec<_> = (0..ASKING + EXCESSIVE)
            .map(|number| {
                let (end, answered, refused) = (&end, &answered, &refused);
                scope.spawn(move || {
                    if number < ASKING {
                        ask_on_and_on(address, number, end, answered);
                    } else {
                        exceed(address, number, end, refused);
                    }
                })
            })
            .collect();
        let ends: Vec<_> = busy.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        is_over.store(true, Ordering::Relaxed);
        assert!(ends.iter().all(Result::is_ok), "some client was not served as it should be");
    });
    drop(slow);
    drop(writers);

    let (peak, after) = (status(&served, "VmHWM"), status(&served, "VmRSS"));
    let grown = peak.saturating_sub(before);
    figure("serve: requests answered for 200 clients", answered.into_inner());
    figure("serve: requests refused", refused.into_inner());
    figure("serve: events heard", heard.into_inner());
    figure("serve: KiB of memory at first", before / 1024);
    figure("serve: KiB of memory at most", peak / 1024);
    figure("serve: KiB of memory at last", after / 1024);
    assert!(grown <= GROWTH_BYTES_MAX, "it has grown by {} KiB", grown / 1024);
    served.get("/healthz").expect(200);
}
