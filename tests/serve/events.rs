//! What happens is told as it happens, by whatever process, once and in order.

use serde_json::Value;

use crate::bounds::Here;
use crate::client::{Connection, request};
use crate::served::{Place, Served};
use annals::serve::Options;
use annals::vocabulary::{NewMessage, NewSession, Role};

/// One event of a stream.
#[derive(Debug, PartialEq)]
struct Event {
    name: String,
    id: String,
    data: String,
}

impl Event {
    fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }

    /// Which session has come how far.
    fn place(&self) -> (String, u64) {
        let data = self.json();
        (data["session"].as_str().unwrap().to_owned(), data["seq"].as_u64().unwrap())
    }
}

struct Follower(Connection);

impl Follower {
    fn of(address: std::net::SocketAddr, path: &str, last: Option<&str>) -> Self {
        let mut connection = Connection::to(address);
        let headers: Vec<_> = last.map(|id| ("Last-Event-ID", id)).into_iter().collect();
        connection.send(request("GET", path, &headers, "").as_bytes());
        let head = connection.head().unwrap().expect(200);
        assert_eq!(head.headers["content-type"], "text/event-stream");
        Self(connection)
    }

    fn next(&mut self) -> Option<Event> {
        let mut event = Event { name: String::new(), id: String::new(), data: String::new() };
        loop {
            let line = self.0.line()?;
            match line.split_once(": ") {
                Some(("event", name)) => event.name = name.to_owned(),
                Some(("id", id)) => event.id = id.to_owned(),
                Some(("data", data)) => event.data += data,
                // What frames the chunks, the end of an event, and signs of life.
                _ if line.is_empty() && !event.name.is_empty() => return Some(event),
                _ => {}
            }
        }
    }

    /// The next event of a name.
    fn next_of(&mut self, name: &str) -> Event {
        loop {
            let event = self.next().expect("the stream goes on");
            if event.name == name {
                return event;
            }
        }
    }
}

fn follow(served: &Served) -> Follower {
    let mut follower = Follower::of(served.address, "/events", None);
    assert_eq!(follower.next().unwrap().name, "ready");
    follower
}

#[test]
fn what_other_processes_record_is_told_once_and_in_order() {
    let place = Place::new();
    place.create("old");
    place.create("other");
    let served = place.serve(&[]);
    let mut follower = follow(&served);
    place.json(&["rename", "old", "Orchard"]);
    assert_eq!(follower.next_of("change").place(), ("old".to_owned(), 2));
    place.create("young");
    assert_eq!(follower.next_of("change").place(), ("young".to_owned(), 1));
    for seq in 3..8 {
        place.json(&["record", "old", "--role", "user", "hello"]);
        let change = follower.next_of("change");
        assert_eq!(change.place(), ("old".to_owned(), seq));
        let told = change.json();
        assert_eq!(told["name"], "Orchard");
        let logged = &place.json(&["log", "old"])[usize::try_from(seq).unwrap() - 1];
        for field in ["session", "seq", "at", "by", "type", "data", "key"] {
            assert_eq!(told[field], logged[field], "{field}");
        }
    }
}

#[test]
fn many_writers_at_once_are_told_completely() {
    const WRITERS: usize = 4;
    const EACH: u64 = 25;
    let place = Place::new();
    let served = place.serve(&[]);
    let mut follower = follow(&served);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let place = &place;
            scope.spawn(move || {
                let mut lines = format!("{{\"op\":\"create\",\"id\":\"s{writer}\"}}\n");
                for _ in 1..EACH {
                    lines += &format!(
                        "{{\"op\":\"record\",\"session\":\"s{writer}\",\"role\":\"user\",\"text\":\"x\"}}\n"
                    );
                }
                let file = place.path(&format!("lines-{writer}"));
                std::fs::write(&file, lines).unwrap();
                place.json(&["batch", file.to_str().unwrap()]);
            });
        }
        let mut told = std::collections::BTreeMap::new();
        for _ in 0..WRITERS as u64 * EACH {
            let (session, seq) = follower.next_of("change").place();
            let before = told.insert(session, seq).unwrap_or(0);
            assert_eq!(seq, before + 1);
        }
    });
}

#[test]
fn whoever_comes_back_is_told_what_was_missed() {
    let place = Place::new();
    place.create("old");
    let served = place.serve(&[]);
    let mut follower = follow(&served);
    place.json(&["tag", "old", "a"]);
    let seen = follower.next_of("change");
    drop(follower);
    let mut witness = follow(&served);
    place.json(&["tag", "old", "b"]);
    place.json(&["tag", "old", "c"]);
    let (second, third) = (witness.next_of("change"), witness.next_of("change"));
    let mut back = Follower::of(served.address, "/events", Some(&seen.id));
    assert_eq!(back.next().unwrap().name, "ready");
    assert_eq!([back.next_of("change"), back.next_of("change")], [second, third]);
}

#[test]
fn whoever_comes_back_to_another_server_is_told_to_begin_anew() {
    let place = Place::new();
    let served = place.serve(&[]);
    for last in ["0123456789abcdef0123456789abcdef-4", "nonsense", "-", "-1"] {
        let mut back = Follower::of(served.address, "/events", Some(last));
        assert_eq!(back.next().unwrap().name, "reset", "{last}");
    }
}

#[test]
fn whoever_falls_behind_what_is_kept_is_told_to_begin_anew() {
    let here = Here::with(Options::default());
    let mut follower = Follower::of(here.address, "/events", None);
    let first = follower.next().unwrap().id;
    let id = here.runtime.block_on(async {
        let session = here.manager.create_session(None, NewSession::default()).await.unwrap();
        for _ in 0..1100 {
            let message = NewMessage::new(Role::user(), "on and on");
            here.manager.record_message(&session.id, message).await.unwrap();
        }
        session.id
    });
    // By then all of it has been told.
    let mut seq = 0;
    while seq < 1101 {
        let event = follower.next().unwrap();
        match event.name.as_str() {
            "change" => seq = event.place().1,
            // Even this one may have fallen behind.
            "reset" => break,
            _ => {}
        }
    }
    drop(id);
    let mut back = Follower::of(here.address, "/events", Some(&first));
    let names: Vec<_> = (0..2).map(|_| back.next().unwrap().name).collect();
    assert!(names.contains(&"reset".to_owned()), "{names:?}");
}

#[test]
fn parts_of_the_dashboard_are_told_as_html() {
    let place = Place::new();
    place.create("old");
    let served = place.serve(&[]);
    let mut follower = Follower::of(served.address, "/events?as=html", None);
    assert_eq!(follower.next().unwrap().name, "ready");
    assert!(follower.next_of("health").data.contains('<'));
    assert!(!follower.next_of("overview").data.is_empty(), "the moment of the newest figures");
    place.json(&["tag", "old", "fruit"]);
    assert!(follower.next_of("change").data.contains("/sessions/old"));
}

#[test]
fn large_data_are_told_by_name_alone() {
    let place = Place::new();
    place.create("old");
    let served = place.serve(&[]);
    let mut follower = follow(&served);
    std::fs::write(place.path("long"), "x".repeat(40_000)).unwrap();
    let text = std::fs::read_to_string(place.path("long")).unwrap();
    place.json(&["record", "old", "--role", "user", &text]);
    let told = follower.next_of("change").json();
    assert_eq!((&told["data"], &told["shortened"]), (&Value::Null, &Value::Bool(true)));
}
