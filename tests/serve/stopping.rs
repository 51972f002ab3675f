//! A server that is told to stop lets those who are being served finish.

use std::io::Read as _;

use crate::client::{Connection, request};
use crate::served::Place;

#[test]
fn on_either_signal_streams_end_and_the_exit_code_is_zero() {
    for signal in ["TERM", "INT"] {
        let place = Place::new();
        place.create("watched");
        let mut served = place.serve(&[]);
        let mut follower = Connection::to(served.address);
        follower.send(request("GET", "/events", &[], "").as_bytes());
        assert_eq!(follower.head().unwrap().status, 200);
        let mut idle = Connection::to(served.address);
        idle.send(request("GET", "/healthz", &[], "").as_bytes());
        idle.answer().unwrap().expect(200);

        served.signal(signal);
        let mut rest = String::new();
        follower.reader.read_to_string(&mut rest).expect("the stream ends as it should");
        assert!(rest.ends_with("0\r\n\r\n"), "{rest:?}");
        assert!(idle.answer().is_none());
        assert!(served.ended().success(), "{signal}");
    }
}

#[test]
fn a_request_under_way_is_answered_after_the_signal() {
    let place = Place::new();
    let mut served = place.serve(&["--writable"]);
    let mut connection = Connection::to(served.address);
    let body = "{\"id\":\"late\"}";
    let head = "POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\n\
                Content-Type: application/json\r\nContent-Length: 13\r\nExpect: 100-continue\r\n\r\n";
    connection.send(head.as_bytes());
    // By this the request is known to be under way.
    assert_eq!(connection.head().unwrap().status, 100);
    served.signal("TERM");
    connection.send(body.as_bytes());
    connection.answer().unwrap().expect(201);
    assert!(served.ended().success());
    assert_eq!(place.json(&["show", "late"])[0]["id"], "late");
}

#[test]
fn every_thread_of_a_server_gives_way_to_other_processes() {
    let place = Place::new();
    let served = place.serve(&[]);
    served.get("/api/v1/sessions").expect(200);

    let threads = std::fs::read_dir(format!("/proc/{}/task", served.pid())).unwrap();

    let niceness_of = |thread: std::io::Result<std::fs::DirEntry>| {
        let text = std::fs::read_to_string(thread.unwrap().path().join("stat")).unwrap();
        // The fields behind the name, which is in parentheses and may have spaces.
        let (_, fields) = text.rsplit_once(") ").unwrap();
        fields.split(' ').nth(16).unwrap().parse::<i32>().unwrap()
    };
    let niceness: Vec<_> = threads.map(niceness_of).collect();
    assert!(niceness.len() > 1, "{niceness:?}");
    assert!(niceness.iter().all(|niceness| *niceness >= 10), "{niceness:?}");
}
