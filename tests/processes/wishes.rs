//! What processes are asked to do with a session, and how they answer.

use annals::vocabulary::{Command, ExpectedSeq, NewMessage, Role};
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::history::Answer;

/// An operation, and the line that asks for it.
pub(crate) struct Wish {
    pub(crate) session: usize,
    pub(crate) command: Option<Command>,
    pub(crate) expected: ExpectedSeq,
    pub(crate) key: Option<String>,
    pub(crate) line: Value,
}

/// Any command, with what no other one says, and the line that asks for it.
pub(crate) fn any_command(dice: &mut Dice, unique: String) -> (Option<Command>, Value) {
    let name = unique;
    let few = dice.below(6);
    let (tag, field) = (format!("tag-{few}"), format!("field-{few}"));
    match dice.below(20) {
        0..6 => {
            let message = NewMessage::new(Role::user(), name.clone());
            let line = json!({"op": "record", "role": "user", "text": name, "key": name});
            (Some(Command::RecordMessage(message)), line)
        }
        6..8 => {
            let line = json!({"op": "rename", "name": name});
            let name = Some(name.parse().unwrap());
            (Some(Command::Rename { name, occurred: None }), line)
        }
        8..10 => (Some(Command::Tag(tag.parse().unwrap())), json!({"op": "tag", "tag": tag})),
        10 => (Some(Command::Untag(tag.parse().unwrap())), json!({"op": "untag", "tag": tag})),
        11..13 => {
            let line = json!({"op": "set", "key": field, "value": name});
            let (key, value) = (field.parse().unwrap(), name.into());
            (Some(Command::SetField { key, value }), line)
        }
        13 => {
            let line = json!({"op": "unset", "key": field});
            (Some(Command::ClearField { key: field.parse().unwrap() }), line)
        }
        14 => (Some(Command::Archive), json!({"op": "archive"})),
        15..17 => (Some(Command::Restore), json!({"op": "restore"})),
        17 => (Some(Command::Undo), json!({"op": "undo"})),
        18 => (Some(Command::Background), json!({"op": "background"})),
        _ => (None, json!({"op": "show"})),
    }
}

/// What a line of the output of `batch` says.
pub(crate) fn answer(line: &str) -> Answer {
    let mut answer: Value = serde_json::from_str(line).unwrap();
    if answer["ok"] == true {
        return Answer::Done(serde_json::from_value(answer["session"].take()).unwrap());
    }
    match answer["error"]["kind"].as_str() {
        Some("conflict") => Answer::Conflict,
        Some("refused") => Answer::Refused,
        Some("busy") => Answer::Busy,
        _ => panic!("{answer}"),
    }
}
