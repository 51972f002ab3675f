//! Damage in one session is nothing to the others.

use crate::dice::Dice;
use crate::scene::{Scene, record_line};

const FLIPS: usize = 15;
const OTHERS: [&str; 2] = ["left", "right"];

/// All that is told of the other sessions.
fn told_of_the_others(scene: &Scene) -> Vec<String> {
    let mut told = Vec::new();
    for session in OTHERS {
        for command in ["verify", "show", "log", "head"] {
            told.push(scene.does([command, session]));
        }
    }
    let listed = scene.does(["list", "--status", "all"]);
    let rows = listed.lines().filter(|row| !row.contains("\"damaged\""));
    told.extend(rows.map(ToOwned::to_owned));
    told
}

#[test]
fn flipped_bytes_in_one_session_change_no_answer_for_any_other() {
    let mut dice = Dice::new();
    let scene = Scene::with_session("damaged");
    let mut lines = String::new();
    for session in OTHERS {
        lines.push_str(&format!("{{\"op\":\"create\",\"id\":\"{session}\"}}\n"));
    }
    for message in 0..30 {
        for session in ["left", "damaged", "right"] {
            lines.push_str(&record_line(session, &format!("message {message}")));
        }
    }
    scene.batch(&lines).expect(0);
    let before = told_of_the_others(&scene);
    let journal = std::fs::read(scene.journal("damaged")).unwrap();
    let end = journal.iter().rposition(|&byte| byte == b'\n').unwrap() as u64;

    for _ in 0..FLIPS {
        let mut damaged = journal.clone();
        for _ in 0..=dice.below(4) {
            let offset = usize::try_from(dice.below(end)).unwrap();
            damaged[offset] ^= 1 << dice.below(8);
        }
        if damaged == journal {
            continue;
        }
        std::fs::write(scene.journal("damaged"), damaged).unwrap();

        scene.run(["verify", "damaged"]).expect(1);
        scene.run(["verify"]).expect(1);
        assert_eq!(told_of_the_others(&scene), before);
    }
}
