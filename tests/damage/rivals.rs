//! Two common ways to read a log, on the same damage.

use crate::shapes::Shape;

/// What came of one way of reading.
pub struct Outcome {
    /// The lines of the sound journal that were delivered, by index, in order; `None` for a line
    /// that is not one of them.
    pub delivered: Vec<Option<usize>>,
    /// Whether the reader met anything that it could not use.
    pub noticed: bool,
}

impl Outcome {
    /// Whether the lines of the sound journal were delivered, all of them and nothing else.
    pub fn is_right(&self, shape: &Shape) -> bool {
        self.is_right_up_to(shape, shape.lines.len()) && self.delivered.len() == shape.lines.len()
    }

    /// Whether what was delivered begins with so many lines of the sound journal, and holds
    /// nothing but its lines in their order.
    pub fn is_right_up_to(&self, shape: &Shape, acknowledged: usize) -> bool {
        let delivered = &self.delivered;
        delivered.len() >= acknowledged
            && delivered.len() <= shape.lines.len()
            && delivered.iter().enumerate().all(|(place, index)| *index == Some(place))
    }

    /// How many of these lines were not delivered.
    pub fn lost(&self, intact: &[usize]) -> u64 {
        intact.iter().filter(|index| !self.delivered.contains(&Some(**index))).count() as u64
    }
}

/// JSON Lines: every line that is JSON is a record, and what is not is skipped.
pub fn json_lines(shape: &Shape, damaged: &[u8]) -> Outcome {
    let mut outcome = Outcome { delivered: Vec::new(), noticed: false };
    for line in damaged.split(|&byte| byte == b'\n') {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let known = shape.lines.iter().position(|known| known.solid() == line);
        if known.is_some() || serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok() {
            outcome.delivered.push(known);
        } else {
            outcome.noticed = true;
        }
    }
    outcome
}

/// A log whose checksums build on each other: reading ends at the first record that fails, and
/// the next writer cuts the log there. It delivers nothing that was changed.
pub fn first_bad(shape: &Shape, damaged: &[u8]) -> Outcome {
    let mut rest = damaged;
    let mut delivered = Vec::new();
    for (index, line) in shape.lines.iter().enumerate() {
        let Some(behind) = rest.strip_prefix(&*line.bytes) else { break };
        delivered.push(Some(index));
        rest = behind;
    }
    Outcome { delivered, noticed: rest.iter().any(|byte| *byte != b' ') }
}
