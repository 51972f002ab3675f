//! Several processes that write to one session at the same time.

use std::collections::BTreeMap;
use std::thread;

use crate::scene::{Answer, Scene, json_lines, record_line};

const WRITERS: usize = 8;
const MESSAGES: usize = 100;
const ROUNDS: usize = 20;

fn text(writer: usize, message: usize) -> String {
    format!("message {message} of writer {writer}")
}

/// What each writer was told: sequence numbers and the texts they were given to.
fn assert_all_acknowledged_are_there(scene: &Scene, acknowledged: Vec<(u64, String)>) {
    assert_eq!(acknowledged.len(), WRITERS * MESSAGES);
    let acknowledged: BTreeMap<u64, String> = acknowledged.into_iter().collect();
    let seqs: Vec<u64> = acknowledged.keys().copied().collect();
    assert_eq!(seqs, (2..=801).collect::<Vec<u64>>());
    assert_eq!(scene.texts("busy"), acknowledged);
    scene.assert_clean();
}

#[test]
fn eight_processes_of_a_hundred_records_each_make_eight_hundred_dense_ones() {
    let scene = Scene::with_session("busy");
    let write = |writer: usize| -> Vec<(u64, String)> {
        let record = |message| {
            let text = text(writer, message);
            let out = scene.does(["record", "busy", "--role", "user", &text]);
            (json_lines(&out)[0]["seq"].as_u64().unwrap(), text)
        };
        (0..MESSAGES).map(record).collect()
    };

    let acknowledged = thread::scope(|scope| {
        let writers: Vec<_> =
            (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });

    assert_all_acknowledged_are_there(&scene, acknowledged);
}

#[test]
fn eight_long_lived_processes_share_a_session() {
    let scene = Scene::with_session("busy");
    let write = |writer: usize| -> Vec<(u64, String)> {
        let lines: String =
            (0..MESSAGES).map(|message| record_line("busy", &text(writer, message))).collect();
        let answers = json_lines(&scene.batch(&lines).expect(0));
        let seq = |message: usize| answers[message]["session"]["seq"].as_u64().unwrap();
        (0..MESSAGES).map(|message| (seq(message), text(writer, message))).collect()
    };

    let acknowledged = thread::scope(|scope| {
        let writers: Vec<_> =
            (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });

    assert_all_acknowledged_are_there(&scene, acknowledged);
}

#[test]
fn of_two_writers_that_expect_the_same_record_exactly_one_wins() {
    let scene = Scene::with_session("race");
    for round in 0..ROUNDS {
        let expected = (round + 1).to_string();
        let start = |text: &str| {
            let arguments = ["record", "race", "--role", "user", "--expect", &expected, text];
            scene.command().args(arguments).spawn().unwrap()
        };
        let racers = [start("left"), start("right")];
        let answers: Vec<Answer> =
            racers.map(|racer| racer.wait_with_output().unwrap().into()).into();

        let mut codes: Vec<i32> = answers.iter().map(|answer| answer.code).collect();
        codes.sort_unstable();
        assert_eq!(codes, [0, 5], "{answers:?}");
        let loser = answers.iter().find(|answer| answer.code == 5).unwrap();
        assert_eq!(loser.error_kind(), "conflict");
    }
    assert_eq!(scene.texts("race").len(), ROUNDS);
    scene.assert_clean();
}

#[test]
fn of_eight_processes_that_begin_the_same_session_exactly_one_wins() {
    let scene = Scene::new();
    let start = || scene.command().args(["create", "--id", "first"]).spawn().unwrap();
    let racers: Vec<_> = (0..WRITERS).map(|_| start()).collect();

    let mut codes: Vec<i32> = racers
        .into_iter()
        .map(|racer| Answer::from(racer.wait_with_output().unwrap()).code)
        .collect();

    codes.sort_unstable();
    assert_eq!(codes, [0, 5, 5, 5, 5, 5, 5, 5]);
    scene.assert_clean();
}
