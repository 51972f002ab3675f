//! What the API answers is what the command prints, under the same names.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::ask;
use crate::served::{Place, Served};

fn ids(page: &Value) -> Vec<String> {
    let sessions = page["sessions"].as_array().unwrap();
    sessions.iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
}

/// All sessions that a listing has, a page at a time.
fn pages(served: &Served, query: &str, limit: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/sessions?limit={limit}{query}{cursor}");
        let page = served.get(&path).expect(200).json();
        let ids = ids(&page);
        assert!(ids.len() <= limit);
        all.extend(ids);
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// Sessions of several kinds.
fn furnished() -> Place {
    let place = Place::new();
    let line = |value: Value| format!("{value}\n");
    let mut lines = String::new();
    for (id, name) in [("fig", "b"), ("pear", "a"), ("plum", "a"), ("quince", "c")] {
        lines += &line(json!({"op": "create", "id": id, "name": name, "cwd": format!("/{id}")}));
    }
    lines += &line(json!({"op": "create", "id": "unnamed", "status": "background"}));
    for (id, times) in [("pear", 3), ("fig", 1)] {
        for _ in 0..times {
            lines += &line(json!({"op": "record", "session": id, "role": "user", "text": "apple"}));
        }
    }
    lines += &line(json!({"op": "tag", "session": "fig", "tag": "fruit"}));
    lines += &line(json!({"op": "tag", "session": "fig", "tag": "blue"}));
    lines += &line(json!({"op": "archive", "session": "plum"}));
    lines += &line(json!({"op": "delete", "session": "quince"}));
    std::fs::write(place.path("lines"), lines).unwrap();
    place.json(&["batch", "lines"]);
    place
}

#[test]
fn every_filter_lists_what_the_command_lists() {
    let place = furnished();
    let served = place.serve(&[]);
    let cases: [(&str, &[&str]); 14] = [
        ("", &[]),
        ("status=all", &["--status", "all"]),
        ("status=archived,deleted", &["--status", "archived,deleted"]),
        ("status=archived&status=active", &["--status", "archived", "--status", "active"]),
        ("search=APPLE", &["--search", "APPLE"]),
        ("tag=fruit", &["--tag", "fruit"]),
        ("tag=fruit&tag=blue", &["--tag", "fruit", "--tag", "blue"]),
        ("tag=fruit&tag=red", &["--tag", "fruit", "--tag", "red"]),
        ("since=1h", &["--since", "1h"]),
        ("until=2020-01-01", &["--until", "2020-01-01"]),
        ("sort=name&status=all", &["--sort", "name", "--status", "all"]),
        ("sort=created&status=all", &["--sort", "created", "--status", "all"]),
        ("sort=messages&status=all", &["--sort", "messages", "--status", "all"]),
        ("limit=2&status=all", &["--limit", "2", "--status", "all"]),
    ];
    for (query, arguments) in cases {
        let page = served.get(&format!("/api/v1/sessions?{query}")).expect(200).json();
        let listed = place.json(&[&["list"], arguments].concat());
        assert_eq!(page["sessions"], Value::Array(listed), "{query}");
    }
    let page = served.get("/api/v1/sessions?cwd=%2Ffig").expect(200).json();
    assert_eq!(ids(&page), ["fig"]);
}

#[test]
fn pages_of_any_order_hold_every_session_once() {
    let place = furnished();
    let served = place.serve(&[]);
    for sort in ["last_active", "created", "name", "messages"] {
        let query = format!("&status=all&sort={sort}");
        let whole = pages(&served, &query, 500);
        assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), 5);
        for limit in 1..6 {
            assert_eq!(pages(&served, &query, limit), whole, "{sort} by {limit}");
        }
    }
}

#[test]
fn what_cannot_be_meant_is_refused_by_name() {
    let place = furnished();
    let served = place.serve(&[]);
    for query in [
        "limit=0",
        "limit=501",
        "limit=x",
        "limit=-1",
        "status=lost",
        "sort=size",
        "since=soon",
        "cursor=x",
        "colour=red",
        "tag=",
        "limit=99999999999999999999",
    ] {
        let answer = served.get(&format!("/api/v1/sessions?{query}")).expect(400);
        assert_eq!(answer.kind(), "invalid-input", "{query}");
        let name = query.split('=').next().unwrap();
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(name), "{message}");
    }
    let next =
        served.get("/api/v1/sessions?limit=1").json()["next_cursor"].as_str().unwrap().to_owned();
    served.get(&format!("/api/v1/sessions?sort=name&cursor={next}")).expect(400);
    for path in ["pear?at=soon", "pear?when=1", "pear/log?limit=1001", "pear/log?from_seq=x"] {
        assert_eq!(
            served.get(&format!("/api/v1/sessions/{path}")).expect(400).kind(),
            "invalid-input"
        );
    }
}

#[test]
fn a_session_is_answered_as_the_command_shows_it_now_and_in_the_past() {
    let place = furnished();
    let served = place.serve(&[]);
    let now = served.get("/api/v1/sessions/pear").expect(200).json();
    assert_eq!(now, place.json(&["show", "pear"])[0]);
    let past = served.get("/api/v1/sessions/pear?at=2").expect(200).json();
    assert_eq!(past, place.json(&["show", "pear", "--at", "2"])[0]);
    served.get("/api/v1/sessions/pear?at=2020-01-01").expect(400);
    let missing = served.get("/api/v1/sessions/nobody").expect(404).json();
    assert_eq!(missing["error"]["session"], "nobody");
    assert!(!missing["error"]["hint"].as_str().unwrap().is_empty());
}

#[test]
fn a_history_is_answered_a_page_at_a_time() {
    let place = furnished();
    let served = place.serve(&[]);
    let whole = Value::Array(place.json(&["log", "pear"]));
    assert_eq!(served.get("/api/v1/sessions/pear/log").expect(200).json()["records"], whole);
    let mut records = Vec::new();
    let mut from = 1;
    loop {
        let page = served.get(&format!("/api/v1/sessions/pear/log?limit=2&from_seq={from}")).json();
        records.extend(page["records"].as_array().unwrap().clone());
        match page["next_seq"].as_u64() {
            Some(next) => from = next,
            None => break,
        }
    }
    assert_eq!(Value::Array(records), whole);
    let beyond = served.get("/api/v1/sessions/pear/log?from_seq=99").expect(200).json();
    assert_eq!((&beyond["records"], &beyond["next_seq"]), (&json!([]), &Value::Null));
}

#[test]
fn a_page_of_large_records_is_bounded_in_bytes() {
    let place = Place::new();
    let mut lines = json!({"op": "create", "id": "large"}).to_string() + "\n";
    for _ in 0..40 {
        let text = "x".repeat(60_000);
        let line = json!({"op": "record", "session": "large", "role": "user", "text": text});
        lines += &format!("{line}\n");
    }
    std::fs::write(place.path("lines"), lines).unwrap();
    place.json(&["batch", "lines"]);
    let served = place.serve(&[]);
    let answer = served.get("/api/v1/sessions/large/log?limit=1000").expect(200);
    assert!(answer.body.len() < 400 * 1024, "{} bytes", answer.body.len());
    assert!(answer.json()["next_seq"].as_u64().unwrap() > 4);
}

#[test]
fn heads_are_those_that_the_command_prints() {
    let place = furnished();
    let served = place.serve(&[]);
    let all = place.json(&["head"]);
    assert_eq!(served.get("/api/v1/heads").expect(200).json()["heads"], Value::Array(all.clone()));
    assert_eq!(served.get("/api/v1/sessions/fig/head").expect(200).json(), all[0]);
    let first = served.get("/api/v1/heads?limit=2").expect(200).json();
    let after = first["next_after"].as_str().unwrap();
    let rest = served.get(&format!("/api/v1/heads?after={after}")).expect(200).json();
    assert_eq!((rest["heads"].as_array().unwrap().len(), &rest["next_after"]), (3, &Value::Null));
}

#[test]
fn health_metrics_and_locks_are_answered() {
    let place = furnished();
    let served = place.serve(&[]);
    let health = served.get("/api/v1/health").expect(200).json();
    assert_eq!((&health["status"], &health["total_sessions"]), (&json!("ok"), &json!(5)));
    let metrics = served.get("/api/v1/metrics").expect(200).json();
    assert_eq!(metrics["sessions"]["active"], 2);
    assert_eq!(served.get("/api/v1/locks").expect(200).json(), json!({"locks": []}));
    let lock = std::fs::File::options()
        .read(true)
        .write(true)
        .open(place.store().join("sessions/pear/lock"))
        .unwrap();
    lock.lock().unwrap();
    let locks = served.get("/api/v1/locks").expect(200).json();
    assert_eq!(locks["locks"][0]["session"], "pear");
}

#[test]
fn probes_tell_whether_the_process_lives_and_the_store_can_be_read() {
    let place = furnished();
    let served = place.serve(&[]);
    assert_eq!(served.get("/healthz").expect(200).text(), "ok\n");
    assert_eq!(served.get("/readyz").expect(200).json(), json!({"ready": true, "reasons": []}));
    // Moved and not removed: the server may be writing to them.
    std::fs::rename(place.store().join("sessions"), place.store().join("elsewhere")).unwrap();
    std::fs::write(place.store().join("sessions"), "").unwrap();
    std::fs::rename(place.store().join("catalog"), place.store().join("catalog-elsewhere"))
        .unwrap();
    let answer = served.get("/readyz").expect(503).json();
    assert_eq!(answer["ready"], false);
    assert!(!answer["reasons"][0]["hint"].as_str().unwrap().is_empty());
    served.get("/healthz").expect(200);
}

#[test]
fn without_leave_nothing_is_changed() {
    let place = furnished();
    let before = place.json(&["log"]);
    let served = place.serve(&[]);
    for (path, body) in [
        ("/api/v1/sessions", json!({"id": "new"})),
        ("/api/v1/sessions/pear/changes", json!({"op": "archive"})),
    ] {
        let answer = served.post(path, &body).expect(403);
        assert_eq!(answer.kind(), "read-only");
        assert!(answer.json()["error"]["hint"].as_str().unwrap().contains("--writable"));
    }
    assert_eq!(place.json(&["log"]), before);
}

#[test]
fn with_leave_every_operation_of_a_batch_can_be_asked_for() {
    let place = Place::new();
    let served = place.serve(&["--writable"]);
    let created = json!({"id": "pear", "name": "Pear", "message": "hello", "fields": {"a": 1}});
    let state = served.post("/api/v1/sessions", &created).expect(201).json();
    assert_eq!((&state["name"], &state["fields"]["a"]), (&json!("Pear"), &json!(1)));
    assert_eq!(served.post("/api/v1/sessions", &created).expect(409).kind(), "conflict");
    let mut seq = 2;
    for body in [
        json!({"op": "record", "role": "user", "text": "hi", "key": "k"}),
        json!({"op": "rename", "name": "Conference"}),
        json!({"op": "tag", "tag": "fruit"}),
        json!({"op": "untag", "tag": "fruit"}),
        json!({"op": "set", "key": "colour", "value": ["green"]}),
        json!({"op": "unset", "key": "colour"}),
        json!({"op": "background"}),
        json!({"op": "activate"}),
        json!({"op": "archive"}),
        json!({"op": "restore"}),
        json!({"op": "undo"}),
        json!({"op": "delete"}),
    ] {
        let mut body = body;
        body["expect"] = seq.into();
        let state = served.post("/api/v1/sessions/pear/changes", &body).expect(200).json();
        seq += 1;
        assert_eq!(state["seq"], seq, "{body}");
    }
    assert_eq!(place.json(&["show", "pear"])[0]["seq"], seq);
}

#[test]
fn a_change_that_cannot_be_made_says_why() {
    let place = Place::new();
    place.create("pear");
    let served = place.serve(&["--writable"]);
    let path = "/api/v1/sessions/pear/changes";
    let cases = [
        (json!({"op": "rename", "name": "x", "expect": 7}), 409, "conflict"),
        (json!({"op": "restore"}), 409, "refused"),
        (json!({"op": "dance"}), 400, "invalid-input"),
        (json!({"op": "rename"}), 400, "invalid-input"),
        (json!({"op": "rename", "name": "x", "colour": 1}), 400, "invalid-input"),
        (json!({"op": "archive", "session": "other"}), 400, "invalid-input"),
        (json!({"op": 7}), 400, "invalid-input"),
        (json!({}), 400, "invalid-input"),
        (json!([]), 400, "invalid-input"),
    ];
    for (body, status, kind) in cases {
        assert_eq!(served.post(path, &body).expect(status).kind(), kind, "{body}");
    }
    let headers = [("Content-Type", "application/json")];
    for body in ["{", "", "nonsense"] {
        ask(served.address, "POST", path, &headers, body).expect(400);
    }
    let change = json!({"op": "archive"});
    let missing = served.post("/api/v1/sessions/nobody/changes", &change).expect(404);
    assert_eq!(missing.kind(), "not-found");
    assert_eq!(place.json(&["show", "pear"])[0]["seq"], 1);
}
