//! Reading messages without owning what they say.
//!
//! Most records of most journals are messages, and of all but the first one a state keeps no more
//! than that they were there, and when.

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, Visitor};

use super::{
    BlobRef, DataFault, Event, EventKind, MessageRecorded, Projection, Role, Timestamp, Tokens,
    Upcasts,
};

/// The data of a message with the rules of [`MessageRecorded`], whose texts are passed over.
#[derive(Deserialize)]
struct Skimmed {
    role: Role,
    #[serde(rename = "text")]
    _text: Option<PassedOver>,
    blob: Option<BlobRef>,
    #[serde(rename = "model")]
    _model: Option<PassedOver>,
    tokens: Option<Tokens>,
    #[serde(default)]
    meta: bool,
    occurred: Option<Timestamp>,
    #[serde(rename = "v")]
    version: Option<IgnoredAny>,
}

/// A string that nobody keeps.
struct PassedOver;

impl<'de> Deserialize<'de> for PassedOver {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyText;
        impl Visitor<'_> for AnyText {
            type Value = PassedOver;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<PassedOver, E> {
                Ok(PassedOver)
            }
        }
        deserializer.deserialize_str(AnyText)
    }
}

/// A message without its text and its model; `None` for what needs a closer look.
fn skim(data: &str) -> Option<MessageRecorded> {
    plain(data).or_else(|| general(data))
}

/// A message of a role and a text, as annals writes it.
fn plain(data: &str) -> Option<MessageRecorded> {
    let (role, rest) = data.strip_prefix("{\"role\":\"")?.split_once('"')?;
    let mut rest = rest.strip_prefix(",\"text\":\"")?.as_bytes();
    loop {
        rest = rest.get(memchr::memchr2(b'"', b'\\', rest)?..)?;
        match rest {
            b"\"}" => break,
            // The rest of them stand for half a character, or may.
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', behind @ ..] => {
                rest = behind;
            }
            _ => return None,
        }
    }
    let role = role.parse().ok()?;
    Some(MessageRecorded {
        role,
        text: None,
        blob: None,
        model: None,
        tokens: None,
        meta: false,
        occurred: None,
    })
}

/// A message in any spelling.
fn general(data: &str) -> Option<MessageRecorded> {
    let Skimmed { role, blob, tokens, meta, occurred, version, .. } =
        serde_json::from_str(data).ok()?;
    let message = MessageRecorded { role, text: None, blob, model: None, tokens, meta, occurred };
    version.is_none().then_some(message)
}

impl Projection {
    /// The event that a record's `type` and `data` stand for, as far as [`apply`](Self::apply) and
    /// [`check_transition`](super::check_transition) need it to follow this state, or the one
    /// before any event: a message may be without its text and its model. The data must be JSON.
    ///
    /// # Errors
    ///
    /// Those of [`Event::from_data`].
    pub fn read_event(state: Option<&Self>, kind: &str, data: &str) -> Result<Event, DataFault> {
        let is_of_one_version = Upcasts::CURRENT.newest_version(EventKind::MessageRecorded) == 1;
        if kind == EventKind::MessageRecorded.name()
            && is_of_one_version
            && let Some(message) = skim(data)
            && !state.is_none_or(|state| state.metadata.begins_with(&message))
        {
            return Ok(Event::MessageRecorded(message));
        }
        Event::from_data(kind, data, &Upcasts::CURRENT)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::vocabulary::{SessionId, check_transition};

    /// The data of a message, often with something that no message has.
    fn data() -> impl Strategy<Value = String> {
        let value = prop_oneof![
            ".{0,40}".prop_map(Value::from),
            prop::sample::select(vec!["user", "assistant", "tool", "a role", ""])
                .prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            (0_u64..4).prop_map(Value::from),
            Just(json!({"input": 3, "output": 4})),
            Just(json!("2026-11-22T13:45:04.123456Z")),
            Just(Value::Null),
        ];
        let names = ["role", "text", "model", "tokens", "meta", "occurred", "blob", "v", "more"];
        let field = (prop::sample::select(names.to_vec()), value);
        let role = prop::sample::select(vec!["user", "assistant"]).prop_map(Value::from);
        let plain = (role.clone(), ".{0,40}")
            .prop_map(|(role, text)| format!("{{\"role\":{role},\"text\":{}}}", Value::from(text)));
        let any = (role, prop::collection::vec(field, 0..4)).prop_map(|(role, fields)| {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!(",\"{name}\":{value}")).collect();
            format!("{{\"role\":{role}{}}}", fields.concat())
        });
        let broken =
            ".{0,10}".prop_map(|text| format!("{{\"role\":\"tool\",\"text\":\"{text}\"}}"));
        prop_oneof![plain, any, broken]
    }

    fn blank() -> Projection {
        Projection::blank(SessionId::generate(), Timestamp::EPOCH)
    }

    proptest! {
        #[test]
        fn a_skimmed_message_does_to_a_state_what_the_whole_one_does(
            first: Option<String>,
            data in data().prop_filter("records hold JSON", |data| {
                serde_json::from_str::<Value>(data).is_ok()
            }),
        ) {
            let mut before = blank();
            before.metadata.first_message = first;
            let kind = EventKind::MessageRecorded.name();

            let skimmed = Projection::read_event(Some(&before), kind, &data);
            let whole = Event::from_data(kind, &data, &Upcasts::CURRENT);

            prop_assert_eq!(skimmed.as_ref().err(), whole.as_ref().err());
            if let (Ok(skimmed), Ok(whole)) = (skimmed, whole) {
                let (mut one, mut other) = (before.clone(), before.clone());
                one.apply(7, Timestamp::EPOCH, &skimmed);
                other.apply(7, Timestamp::EPOCH, &whole);
                prop_assert_eq!(one, other);
                let may_follow = |event| check_transition(Some(&before), event);
                prop_assert_eq!(may_follow(&skimmed), may_follow(&whole));
                let blob = |event| match event {
                    Event::MessageRecorded(message) => message.blob,
                    _ => None,
                };
                prop_assert_eq!(blob(skimmed), blob(whole));
            }
        }
    }

    #[test]
    fn half_a_character_in_a_text_is_refused_as_ever() {
        let mut state = blank();
        state.metadata.first_message = Some("Hello".to_owned());
        let read = |text: &str| {
            let data = format!("{{\"role\":\"tool\",\"text\":\"{text}\"}}");
            Projection::read_event(Some(&state), EventKind::MessageRecorded.name(), &data)
        };
        assert!(read("\\ud83e").is_err());
        assert!(read("\\ud83e\\udd80").is_ok());
    }
}
