//! Writers that are killed with SIGKILL at random moments.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Instant;

use serde_json::Value;

use crate::dice::Dice;
use crate::scene::{Scene, json_lines, record_line};

/// Kills in all, in one store; damage would add up.
const SESSIONS: usize = 50;
const KILLS_PER_SESSION: usize = 10;
/// More messages than a writer has the time for.
const MESSAGES_OFFERED: usize = 200;
/// Busy-waiting for longer than the command takes to start and write.
const SPINS_MAX: u64 = 400_000;
const ANSWERS_MAX: u64 = 30;
const STORES: usize = 40;

/// When a writer is killed.
#[derive(Debug)]
enum Moment {
    /// By a thread of its own, after so many turns of an empty loop: zero is at once.
    Spins(u64),
    /// When so many answers have been read.
    Answers(u64),
}

impl Moment {
    fn random(dice: &mut Dice) -> Self {
        match dice.below(8) {
            0 => Self::Spins(0),
            1..4 => Self::Spins(dice.below(SPINS_MAX)),
            _ => Self::Answers(dice.below(ANSWERS_MAX)),
        }
    }
}

/// Starts a batch of lines, kills it, and returns all that it had answered before it died.
fn killed(scene: &Scene, lines: &str, durability: &str, moment: &Moment) -> Vec<Value> {
    let commands = scene.home().join("commands.jsonl");
    std::fs::write(&commands, lines).unwrap();
    let mut child = scene
        .command()
        .args(["batch", "--durability", durability])
        .arg(&commands)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    let mut heard = Vec::new();
    let child = &mut child;
    match moment {
        Moment::Spins(spins) => std::thread::scope(|scope| {
            scope.spawn(move || {
                for _ in 0..*spins {
                    std::hint::spin_loop();
                }
                child.kill().unwrap();
                child.wait().unwrap();
            });
            answers.read_to_end(&mut heard).unwrap();
        }),
        Moment::Answers(count) => {
            for _ in 0..*count {
                answers.read_until(b'\n', &mut heard).unwrap();
            }
            child.kill().unwrap();
            child.wait().unwrap();
            answers.read_to_end(&mut heard).unwrap();
        }
    }
    // An answer that was cut off was not given.
    let whole = heard.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let answers = json_lines(std::str::from_utf8(&heard[..whole]).unwrap());
    for answer in &answers {
        assert_eq!(answer["ok"], true, "{answer}");
    }
    answers
}

#[test]
fn a_writer_killed_at_any_of_500_moments_loses_nothing_that_it_acknowledged() {
    let began = Instant::now();
    let mut dice = Dice::new();
    let scene = Scene::new();
    let (mut kills, mut acknowledged_in_all) = (0, 0);
    for session in 0..SESSIONS {
        let session = format!("session-{session:02}");
        scene.does(["create", "--id", &session]);
        let mut acknowledged: Vec<(u64, String)> = Vec::new();
        for kill in 0..KILLS_PER_SESSION {
            let text = |message: usize| format!("message {message} before kill {kill}");
            let lines: String = (0..MESSAGES_OFFERED)
                .map(|message| record_line(&session, &text(message)))
                .collect();
            let durability = if dice.below(2) == 0 { "sync" } else { "buffered" };
            let moment = Moment::random(&mut dice);
            let answers = killed(&scene, &lines, durability, &moment);
            kills += 1;
            acknowledged_in_all += answers.len();
            let seqs = answers.iter().map(|answer| answer["session"]["seq"].as_u64().unwrap());
            acknowledged.extend(seqs.zip((0..).map(text)));

            // The next command needs no help, and everything that was acknowledged is there.
            let next = format!("next after kill {kill}");
            let out = scene.does(["record", &session, "--role", "user", &next]);
            acknowledged.push((json_lines(&out)[0]["seq"].as_u64().unwrap(), next));
            let texts = scene.texts(&session);
            for (seq, text) in &acknowledged {
                assert_eq!(texts.get(seq), Some(text), "{session} after {moment:?}");
            }
        }
    }
    scene.assert_clean();
    let seconds = began.elapsed().as_secs_f32();
    println!("{kills} kills, {acknowledged_in_all} acknowledged events, {seconds:.1} s");
}

#[test]
fn a_process_killed_while_it_begins_sessions_leaves_whole_ones_or_none() {
    let mut dice = Dice::new();
    for store in 0..STORES {
        // A new store each time, so that some are killed while they are being made.
        let scene = Scene::new();
        let id = |session: usize| format!("session-{session:03}");
        let line = |session| {
            let text =
                format!("{{\"op\":\"create\",\"id\":\"{}\",\"message\":\"hello\"}}\n", id(session));
            text
        };
        let lines: String = (0..MESSAGES_OFFERED).map(line).collect();
        let moment = Moment::random(&mut dice);

        let answers = killed(&scene, &lines, "sync", &moment);

        scene.does(["create", "--id", "the-next"]);
        let listed = json_lines(&scene.does(["list", "--status", "all"]));
        let ids: Vec<&str> = listed.iter().map(|row| row["id"].as_str().unwrap()).collect();
        for session in 0..answers.len() {
            assert!(
                ids.contains(&&*id(session)),
                "store {store}: {session} of {ids:?}, {moment:?}"
            );
        }
        for row in listed.iter().filter(|row| row["id"] != "the-next") {
            assert_eq!(row["first_message"], "hello", "{moment:?}");
        }
        scene.assert_clean();
    }
}
