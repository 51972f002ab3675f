//! Who is answered: names of the server, pages of others, the token.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::client::{Connection, ask, request};
use crate::served::{Place, Served, refused};

const TOKEN: &str = "0123456789abcdef-secret";

fn served_with_token(place: &Place) -> Served {
    place.secret("token", &format!("{TOKEN}\n"));
    place.serve(&["--token-file", "token"])
}

#[test]
fn a_name_that_somebody_has_pointed_here_is_refused() {
    let place = Place::new();
    let served = place.serve(&["--allow-host", "Annals.Example"]);
    for own in ["localhost", "127.0.0.1:1", "[::1]:80", "annals.example"] {
        served.get_with("/healthz", &[("Host", own)]).expect(200);
    }
    for other in ["evil.example", "localhost.evil.example", "", "annals.example.evil"] {
        let answer = served.get_with("/api/v1/sessions", &[("Host", other)]).expect(421);
        assert_eq!(answer.kind(), "wrong-host");
    }
    // In its absolute form the address names the host too.
    let answer = ask(served.address, "GET", "http://evil.example/api/v1/sessions", &[], "");
    assert_eq!(answer.expect(421).kind(), "wrong-host");
    let mut connection = Connection::to(served.address);
    connection.send(b"GET /healthz HTTP/1.1\r\n\r\n");
    assert_eq!(connection.answer().unwrap().expect(400).kind(), "invalid-input");
    let twice = [("Host", "localhost"), ("Host", "evil.example")];
    served.get_with("/healthz", &twice).expect(400);
}

#[test]
fn pages_of_other_servers_may_lead_here_and_do_nothing_else() {
    let place = Place::new();
    let served = place.serve(&["--writable"]);
    let body = json!({"id": "by-somebody-else"}).to_string();
    let own_origin = "http://localhost:7447";
    for origin in
        ["http://evil.example", "null", "http://localhost:7448", "localhost:7447", own_origin]
    {
        let headers =
            [("Host", "localhost:7447"), ("Origin", origin), ("Content-Type", "application/json")];
        let created = ask(served.address, "POST", "/api/v1/sessions", &headers, &body);
        if origin == own_origin {
            created.expect(201);
        } else {
            assert_eq!(created.expect(403).kind(), "cross-site", "{origin}");
            served.get_with("/api/v1/sessions", &headers[..2]).expect(403);
        }
    }
    for (site, mode, status) in [
        ("same-origin", "cors", 200),
        ("none", "navigate", 200),
        ("cross-site", "navigate", 200),
        ("cross-site", "no-cors", 403),
        ("same-site", "cors", 403),
    ] {
        let headers = [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode)];
        served.get_with("/api/v1/sessions", &headers).expect(status);
    }
    let form = [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    ask(served.address, "POST", "/api/v1/sessions", &form, "id=x").expect(403);
}

#[test]
fn a_body_that_a_form_could_send_is_no_change() {
    let served = Place::new().serve(&["--writable"]);
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let headers = [("Content-Type", kind)];
        ask(served.address, "POST", "/api/v1/sessions", &headers, "{}").expect(415);
    }
}

#[test]
fn whoever_does_not_know_the_token_learns_only_that_somebody_answers() {
    let place = Place::new();
    place.create("secret");
    let served = served_with_token(&place);
    served.get("/healthz").expect(200);
    let wrong = format!("Bearer {TOKEN}x");
    let headers: [&[(&str, &str)]; 5] = [
        &[],
        &[("Authorization", &wrong)],
        &[("Authorization", TOKEN)],
        &[("Authorization", "Bearer ")],
        &[("Cookie", "annals=0123456789abcdef-secret")],
    ];
    for path in [
        "/",
        "/readyz",
        "/metrics",
        "/events",
        "/api/v1/sessions",
        "/api/v1/sessions/secret",
        "/nowhere",
    ] {
        for headers in headers {
            let answer = served.get_with(path, headers).expect(401);
            assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"annals\"");
            assert!(!answer.text().contains("secret"), "{}", answer.text());
        }
    }
    let bearer = format!("Bearer {TOKEN}");
    served.get_with("/api/v1/sessions", &[("Authorization", &bearer)]).expect(200);
    served
        .get_with("/api/v1/sessions", &[("Authorization", &bearer.replace('B', "b"))])
        .expect(200);
}

#[test]
fn a_browser_shows_the_token_once_and_keeps_a_cookie_that_is_not_it() {
    let place = Place::new();
    let served = served_with_token(&place);
    let answer = served.get(&format!("/?token={TOKEN}")).expect(303);
    assert_eq!(answer.headers["location"], "/");
    let cookie = &answer.headers["set-cookie"];
    assert!(!cookie.contains(TOKEN), "{cookie}");
    for attribute in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let cookie = cookie.split(';').next().unwrap();
    served.get_with("/api/v1/sessions", &[("Cookie", cookie)]).expect(200);
    served.get_with("/", &[("Cookie", &format!("theme=dark; {cookie}"))]).expect(200);
    served.get_with("/", &[("Cookie", &format!("{cookie}x"))]).expect(401);
    served.get("/?token=something-else-altogether").expect(401);
}

#[test]
fn without_a_token_no_other_machine_is_let_in() {
    let place = Place::new();
    let (said, code) = refused(place.command(&["--json", "serve", "--listen", "0.0.0.0:0"]));
    assert_eq!((code, said["error"]["kind"].as_str()), (2, Some("token-needed")), "{said}");
    let mut command = place.command(&["--json", "serve", "--listen", "0.0.0.0:0"]);
    command.env("ANNALS_SERVE_TOKEN", TOKEN);
    let served = Served::start(command);
    served.get("/healthz").expect(200);
    served.get("/api/v1/sessions").expect(401);
}

#[test]
fn a_token_in_a_file_that_others_can_read_is_refused() {
    let place = Place::new();
    place.secret("token", TOKEN);
    for mode in [0o640, 0o604, 0o644] {
        let path = place.path("token");
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let arguments = ["--json", "serve", "--listen", "127.0.0.1:0", "--token-file", "token"];
        let (said, code) = refused(place.command(&arguments));
        assert_eq!((said["error"]["kind"].as_str(), code), (Some("invalid-config"), 2));
        assert!(!said.to_string().contains(TOKEN));
    }
}

#[test]
fn a_token_that_can_be_guessed_is_refused() {
    let place = Place::new();
    for token in ["short", "fifteen-bytes-x", "sixteen bytes xx"] {
        let mut command = place.command(&["--json", "serve", "--listen", "127.0.0.1:0"]);
        command.env("ANNALS_SERVE_TOKEN", token);
        let (said, code) = refused(command);
        let kind = if token.is_empty() { "invalid-config" } else { "invalid-input" };
        assert_eq!((code, said["error"]["kind"].as_str()), (2, Some(kind)), "{said}");
        let message = said["error"]["message"].as_str().unwrap();
        assert!(!message.contains(token), "{message}");
    }
}

#[test]
fn the_token_is_never_logged() {
    let place = Place::new();
    let log = std::fs::File::create(place.path("log")).unwrap();
    let mut command = place.command(&["--json", "-vvv", "serve", "--listen", "127.0.0.1:0"]);
    command.env("ANNALS_SERVE_TOKEN", TOKEN).stderr(log);
    let mut served = Served::start(command);
    let bearer = format!("Bearer {TOKEN}");
    served.get_with("/api/v1/sessions", &[("Authorization", &bearer)]).expect(200);
    served.get(&format!("/?token={TOKEN}")).expect(303);
    served.get(&format!("/api/v1/sessions?token={TOKEN}")).expect(401);
    served.signal("TERM");
    served.ended();
    let log = std::fs::read_to_string(place.path("log")).unwrap();
    assert!(log.contains("listing"), "it logs what it does: {log}");
    assert!(!log.contains("secret"), "{log}");
}

#[test]
fn every_answer_tells_browsers_to_keep_to_it() {
    let served = Place::new().serve(&[]);
    for path in ["/", "/healthz", "/metrics", "/api/v1/sessions", "/api/v1/sessions/..", "/nowhere"]
    {
        let answer = served.get(path);
        let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        assert_eq!(answer.headers["content-security-policy"], policy, "{path}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(answer.headers["x-frame-options"], "DENY", "{path}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
    }
}

#[test]
fn html_in_a_session_is_answered_as_json_and_nothing_else() {
    let place = Place::new();
    place.json(&["create", "--id", "hostile", "--message", "<script>alert(1)</script>"]);
    let served = place.serve(&[]);
    for path in ["/api/v1/sessions", "/api/v1/sessions/hostile", "/api/v1/sessions/hostile/log"] {
        let answer = served.get_with(path, &[("Accept", "text/html")]).expect(200);
        assert_eq!(answer.headers["content-type"], "application/json");
        assert!(answer.text().contains("<script>"), "{}", answer.text());
    }
}

#[test]
fn nothing_outside_the_store_can_be_named() {
    let place = Place::new();
    place.create("inside");
    let served = place.serve(&[]);
    let names = [
        "..",
        ".",
        "%2e%2e",
        "..%2f..%2fetc%2fpasswd",
        "%2fetc%2fpasswd",
        "a%00b",
        "a%0ab",
        "-rf",
        "CON",
        "%2e%2e%5c",
        "inside%2f..%2finside",
        "%ff",
    ];
    for name in names {
        for part in ["", "/log", "/head"] {
            let answer = served.get(&format!("/api/v1/sessions/{name}{part}"));
            assert!(matches!(answer.status, 400 | 404), "{name}: {}", answer.status);
            assert!(!answer.text().contains("root:"), "{}", answer.text());
        }
    }
    // Nor by a path that is not written as clients write it.
    let mut connection = Connection::to(served.address);
    connection.send(request("GET", "/../../etc/passwd", &[], "").as_bytes());
    assert_eq!(connection.answer().unwrap().status, 404);
}
