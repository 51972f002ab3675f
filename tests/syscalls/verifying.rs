//! What a verification asks of the system: calls are counted, and nothing is timed.

use crate::calls::Call;
use crate::scene::Scene;

const SESSIONS: usize = 24;

/// How often folders and files were opened, looked at, listed and read.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    opens: usize,
    looks: usize,
    listings: usize,
    reads: usize,
}

fn asked<'c>(calls: impl Iterator<Item = &'c Call> + Clone) -> Asked {
    let of = |kind: fn(&str) -> bool| calls.clone().filter(|call| kind(call.name)).count();
    Asked {
        opens: of(|name| name.starts_with("open")),
        looks: of(|name| name.contains("stat")),
        listings: of(|name| name == "getdents64"),
        reads: of(|name| name == "pread64"),
    }
}

#[test]
fn a_session_is_opened_listed_and_read_once_and_no_entry_is_looked_at_twice() {
    let scene = Scene::new();
    let create = |number| format!(r#"{{"op":"create","id":"pear-{number}","message":"hello"}}"#);
    let commands: Vec<String> = (0..SESSIONS).map(create).collect();
    std::fs::write(scene.home().join("commands.jsonl"), commands.join("\n")).unwrap();
    scene.does(&["batch", "commands.jsonl"]);

    let answer = scene.traced(&["verify"], None);

    assert_eq!(answer.traced.code, Some(0), "{answer:?}");
    for number in 0..SESSIONS {
        let folder = scene.session_folder(&format!("pear-{number}"));
        let calls = answer.traced.calls.iter().filter(|call| call.file.starts_with(&folder));
        // The folder and the journal; the folder once, the lock once, and the journal by its name and
        // when it is open; entries, and that there are no more; the header, the lines, and that
        // there are no more.
        let expected = Asked { opens: 2, looks: 4, listings: 2, reads: 3 };
        assert_eq!(asked(calls.clone()), expected, "{:?}", calls.collect::<Vec<_>>());
    }
}
