//! A holder of a lock that is stopped, and so neither dies nor gives it back.

use std::io::Read;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::scene::{Scene, json_lines, record_line};

/// More than the holder gets done before it is stopped for good.
const MESSAGES: usize = 5_000;

fn pid_of(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Stops a process and waits until every one of its threads stands still.
pub(crate) fn stop(child: &Child) {
    kill_process(pid_of(child), Signal::STOP).unwrap();
    let status = waitpid(Some(pid_of(child)), WaitOptions::UNTRACED).unwrap();
    assert!(status.unwrap().1.stopped(), "it ran to its end before it was stopped");
}

/// Stops a writer at a moment at which it holds the lock.
fn stop_while_it_holds_the_lock(scene: &Scene, child: &Child) {
    loop {
        stop(child);
        let held = json_lines(&scene.does(["locks"]));
        if held.iter().any(|lock| lock["holder"]["by"]["pid"] == child.id()) {
            return;
        }
        kill_process(pid_of(child), Signal::CONT).unwrap();
    }
}

#[test]
fn a_stopped_holder_is_named_and_nothing_is_taken_from_it() {
    let scene = Scene::with_session("held");
    let commands = scene.home().join("commands.jsonl");
    let text = |message: usize| format!("message {message}");
    let lines: String = (0..MESSAGES).map(|message| record_line("held", &text(message))).collect();
    std::fs::write(&commands, lines).unwrap();
    let mut holder =
        scene.command().arg("batch").arg(&commands).stderr(Stdio::inherit()).spawn().unwrap();
    let mut out = holder.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut answers = String::new();
        out.read_to_string(&mut answers).map(|_| answers).unwrap()
    });
    stop_while_it_holds_the_lock(&scene, &holder);

    let before = std::fs::read(scene.journal("held")).unwrap();
    let refused =
        scene.run(["--lock-timeout", "100ms", "record", "held", "--role", "user", "other"]);
    let after = std::fs::read(scene.journal("held")).unwrap();

    assert_eq!(refused.code, 6, "{refused:?}");
    assert_eq!(refused.error_kind(), "busy");
    let pid = format!("pid {}", holder.id());
    assert!(refused.err.contains(&pid), "{pid}: {refused:?}");
    assert!(before == after, "the journal of a stopped holder was changed");

    kill_process(pid_of(&holder), Signal::CONT).unwrap();
    assert!(holder.wait().unwrap().success());
    assert_eq!(json_lines(&reader.join().unwrap()).len(), MESSAGES);
    scene.does(["record", "held", "--role", "user", "at last"]);
    let texts: Vec<String> = scene.texts("held").into_values().collect();
    let expected: Vec<String> =
        (0..MESSAGES).map(text).chain(std::iter::once("at last".to_owned())).collect();
    assert_eq!(texts, expected);
    scene.assert_clean();
}
