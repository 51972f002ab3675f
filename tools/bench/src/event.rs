//! What is written. One change is an event, and the row that the list has of its session.

use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// An event as every peer but annals stores it: some 200 bytes of JSON. annals stores the same
/// text in a record of its own, with author, key, checksum and chain.
#[derive(Debug, Serialize, Deserialize)]
pub struct Event<'a> {
    pub seq: u64,
    pub at: i64,
    #[serde(rename = "type", borrow)]
    pub kind: Cow<'a, str>,
    #[serde(borrow)]
    pub data: Message<'a>,
}

/// The data of a message.
#[derive(Debug, Serialize, Deserialize)]
pub struct Message<'a> {
    #[serde(borrow)]
    pub role: Cow<'a, str>,
    #[serde(borrow)]
    pub text: Cow<'a, str>,
}

/// What a list says of a session.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Row<'a> {
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    #[serde(borrow)]
    pub status: Cow<'a, str>,
    pub created: i64,
    pub last_active: i64,
    #[serde(borrow)]
    pub first_message: Cow<'a, str>,
    pub message_count: u64,
    pub seq: u64,
}

/// The name of a session by its number.
pub fn session_id(number: usize) -> String {
    format!("session-{number:07}")
}

/// What is said in an event; no two events say the same.
pub fn text(session: &str, seq: u64) -> String {
    format!(
        "event {seq} of {session}: when do the apple trees of the north orchard freeze, and who is told about it in time?"
    )
}

/// Microseconds since 1970.
pub fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// An event as JSON, without a line feed.
pub fn encode(session: &str, seq: u64, at: i64) -> String {
    let data = Message { role: "user".into(), text: text(session, seq).into() };
    let event = Event { seq, at, kind: "message_recorded".into(), data };
    serde_json::to_string(&event).unwrap_or_default()
}

impl Row<'_> {
    /// The row of a session that is being created.
    pub fn begun(session: &str, at: i64) -> Row<'static> {
        Row {
            id: session.to_owned().into(),
            status: "active".into(),
            created: at,
            last_active: at,
            first_message: text(session, 1).into(),
            message_count: 0,
            seq: 0,
        }
    }

    /// The same after one more event.
    pub fn advance(&mut self, at: i64) {
        self.last_active = at;
        self.message_count += 1;
        self.seq += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_the_size_that_the_targets_are_about() {
        for seq in [1, 99, 100_000] {
            let event = encode(&session_id(99_999), seq, now_us());

            assert!((150..=250).contains(&event.len()), "{}: {event}", event.len());
        }
    }

    #[test]
    fn an_event_is_read_back_without_copying_its_text() {
        let event = encode("session", 3, 7);

        let read: Event<'_> = serde_json::from_str(&event).unwrap();

        assert_eq!((read.seq, read.at), (3, 7));
        assert!(matches!(read.data.text, Cow::Borrowed(_)));
    }
}
