//! The requests of `docs/serve.md`, made as they stand.

use serde_json::Value;

use crate::served::Place;

/// A request of the page and what it says is answered.
struct Example {
    method: String,
    path: String,
    body: Option<Value>,
    status: u16,
    answer: String,
}

fn examples() -> Vec<Example> {
    let page = include_str!("../../docs/serve.md");
    let blocks = page.split("```http\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks
        .map(|block| {
            let (request, answer) = block.trim_end().split_once('\n').unwrap();
            let mut words = request.splitn(3, ' ');
            let (method, path) =
                (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
            let body = words.next().map(|body| serde_json::from_str(body).unwrap());
            let (status, answer) = answer.split_once(' ').unwrap();
            let (status, answer) = (status.parse().unwrap(), answer.to_owned());
            Example { method, path, body, status, answer }
        })
        .collect()
}

/// Whether a text is as a pattern says, in which `…` stands for anything.
fn is_like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap()) else { return false };
    let parts: Vec<_> = parts.collect();
    for (number, part) in parts.iter().enumerate() {
        if number + 1 == parts.len() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

#[test]
fn the_requests_of_the_page_are_answered_as_it_says() {
    let place = Place::new();
    place.json(&["create", "--id", "orchard", "--name", "Orchard plan"]);
    place.json(&["record", "orchard", "--role", "user", "When do apple trees freeze?"]);
    let served = place.serve(&["--writable"]);
    let examples = examples();
    assert!(examples.len() >= 5);
    for Example { method, path, body, status, answer } in examples {
        let answered = match (&*method, &body) {
            ("GET", None) => served.get(&path),
            ("POST", Some(body)) => served.post(&path, body),
            _ => panic!("{method} {path}"),
        };
        assert_eq!(answered.status, status, "{method} {path}: {}", answered.text());
        assert!(
            is_like(&answer, answered.text()),
            "{method} {path}\n{answer}\n{}",
            answered.text()
        );
    }
}

#[test]
fn the_bounds_of_the_page_are_those_of_the_options() {
    let page = include_str!("../../docs/serve.md");
    let (_, bounds) = page.split_once("## Bounds").unwrap();
    let options = annals::serve::Options::default();
    let seconds = |time: std::time::Duration| format!("| {} s |", time.as_secs());
    for (row, value) in [
        ("| connections |", format!("| {} |", options.connections_max)),
        ("| clients of `/events` |", format!("| {} |", options.event_clients_max)),
        ("| requests that work on the store |", format!("| {} |", options.store_calls_max)),
        ("| head of a request |", format!("| {} KiB and ", options.head_bytes_max / 1024)),
        ("| address |", format!("| {} KiB |", options.uri_bytes_max / 1024)),
        ("| body |", format!("| {} MiB |", options.body_bytes_max / 1024 / 1024)),
        ("| time to send a head", seconds(options.head_timeout)),
        ("| time of a request", seconds(options.request_timeout)),
        ("| time in which a client", seconds(options.write_timeout)),
        ("| time to finish once", seconds(options.drain_timeout)),
    ] {
        let row = bounds.lines().find(|line| line.starts_with(row)).expect(row);
        assert!(row.contains(&value), "{row} says not {value}");
    }
}
