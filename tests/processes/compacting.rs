//! Compaction and redaction while others read and write.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::scene::{Scene, json_lines, record_line};

const WRITERS: usize = 3;
const MESSAGES: usize = 150;

#[test]
fn readers_and_writers_go_on_while_history_is_sealed_under_them() {
    let scene = Scene::with_session("busy");
    let done = AtomicBool::new(false);
    let until_done = |work: &dyn Fn()| -> usize {
        let mut rounds = 0;
        while !done.load(Ordering::SeqCst) {
            work();
            rounds += 1;
        }
        rounds
    };
    let write = |writer: usize| {
        let lines: String = (0..MESSAGES)
            .map(|message| record_line("busy", &format!("{writer}-{message} {}", "x".repeat(300))))
            .collect();
        let answers = json_lines(&scene.batch(&lines).expect(0));
        assert_eq!(answers.len(), MESSAGES);
        assert!(answers.iter().all(|answer| answer["ok"] == true));
    };

    thread::scope(|scope| {
        let compactor =
            scope.spawn(|| until_done(&|| drop(scene.does(["compact", "busy", "--keep", "3"]))));
        let reader = scope.spawn(|| until_done(&|| drop(scene.texts("busy"))));
        let auditor = scope.spawn(|| until_done(&|| scene.assert_clean()));
        let writers: Vec<_> =
            (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        for writer in writers {
            writer.join().unwrap();
        }
        done.store(true, Ordering::SeqCst);
        for worker in [compactor, reader, auditor] {
            assert!(worker.join().unwrap() > 0);
        }
    });

    assert_eq!(scene.texts("busy").len(), WRITERS * MESSAGES);
    scene.assert_clean();
}

#[test]
fn a_redaction_meets_writers_and_loses_none_of_their_records() {
    let scene = Scene::with_session("busy");
    scene.does(["record", "busy", "--role", "user", "hunter2"]);
    let lines: String =
        (0..MESSAGES).map(|message| record_line("busy", &message.to_string())).collect();

    thread::scope(|scope| {
        let writer = scope.spawn(|| json_lines(&scene.batch(&lines).expect(0)));
        scene.does(["redact", "busy", "2", "--reason", "a password"]);
        assert!(writer.join().unwrap().iter().all(|answer| answer["ok"] == true));
    });

    let texts: Vec<String> = scene.texts("busy").into_values().collect();
    assert_eq!(texts, (0..MESSAGES).map(|message| message.to_string()).collect::<Vec<_>>());
    scene.assert_clean();
}
