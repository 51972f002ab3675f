//! Texts out of JSON that is borrowed from the line it stands on.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A block of a message: `text`, `thinking`, `tool_use`, `tool_result`, `image` and others.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Block<'a> {
    #[serde(rename = "type", default)]
    pub(super) kind: Option<String>,
    #[serde(borrow, default)]
    pub(super) text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) thinking: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(borrow, default)]
    pub(super) input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) content: Option<&'a RawValue>,
}

/// The text of a JSON string. A lone surrogate, as a program leaves it that cuts texts between
/// UTF-16 units, becomes a replacement character.
pub(super) fn string(raw: &RawValue) -> Result<String, serde_json::Error> {
    serde_json::from_str::<LossyText>(raw.get()).map(|text| text.0)
}

/// Whether a value is a JSON string.
pub(super) fn is_string(raw: &RawValue) -> bool {
    raw.get().starts_with('"')
}

/// Whether a value is a JSON array.
pub(super) fn is_array(raw: &RawValue) -> bool {
    raw.get().starts_with('[')
}

/// Shows each element of a JSON array to the visitor, holding one at a time.
pub(super) fn for_each<'a, T: Deserialize<'a>>(
    array: &'a RawValue,
    visit: impl FnMut(T),
) -> Result<(), serde_json::Error> {
    serde_json::Deserializer::from_str(array.get())
        .deserialize_seq(Elements { visit, of: PhantomData })
}

/// What a tool answered, as text: a string, the texts of blocks, or the JSON itself.
pub(super) fn flattened(raw: Option<&RawValue>) -> Result<String, serde_json::Error> {
    let Some(raw) = raw else { return Ok(String::new()) };
    if is_string(raw) {
        return string(raw);
    }
    if !is_array(raw) {
        return Ok(if raw.get() == "null" { String::new() } else { raw.get().to_owned() });
    }
    let mut whole = String::new();
    let mut fault = None;
    for_each(raw, |block: Block<'_>| match block_text(&block) {
        Ok(text) => join(&mut whole, &text),
        Err(error) => fault = Some(error),
    })?;
    fault.map_or(Ok(whole), Err)
}

/// A block as a person reads it: its text, or its kind in brackets.
pub(super) fn block_text(block: &Block<'_>) -> Result<String, serde_json::Error> {
    match (block.text, block.kind.as_deref()) {
        (Some(text), _) => string(text),
        (None, Some("input_image" | "image")) => Ok("[image]".to_owned()),
        (None, kind) => Ok(format!("[{}]", kind.unwrap_or("block"))),
    }
}

/// Adds a part to a text, on a line of its own.
pub(super) fn join(whole: &mut String, part: &str) {
    if part.is_empty() {
        return;
    }
    if !whole.is_empty() {
        whole.push('\n');
    }
    whole.push_str(part);
}

/// What is wrong with JSON that does not have the expected shape, without quoting it, which the
/// JSON reader's own message would.
pub(super) fn describe(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Data => "a record of an unexpected shape",
        serde_json::error::Category::Eof => "a record that breaks off",
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "not JSON",
    }
}

struct LossyText(String);

impl<'de> Deserialize<'de> for LossyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Asked for bytes, the JSON reader decodes a string without minding lone surrogates.
        deserializer.deserialize_bytes(LossyVisitor)
    }
}

struct LossyVisitor;

impl Visitor<'_> for LossyVisitor {
    type Value = LossyText;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<LossyText, E> {
        Ok(LossyText(String::from_utf8_lossy(bytes).into_owned()))
    }
}

struct Elements<T, F> {
    visit: F,
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Elements<T, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element()? {
            (self.visit)(element);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn a_lone_surrogate_costs_a_character_and_not_the_message() {
        assert_eq!(string(&raw(r#""a\ud83d""#)).unwrap(), "a\u{fffd}\u{fffd}\u{fffd}");
        assert_eq!(string(&raw(r#""\ud83d\ude00 \u00e9""#)).unwrap(), "😀 é");
        assert!(string(&raw("7")).is_err());
        assert!(string(&raw("[104, 105]")).is_err());
    }

    #[test]
    fn blocks_become_text() {
        let blocks =
            r#"[{"type":"text","text":"one"},{"type":"image","source":{}},{"type":"odd"}]"#;
        assert_eq!(flattened(Some(&raw(blocks))).unwrap(), "one\n[image]\n[odd]");
        assert_eq!(flattened(Some(&raw(r#""plain""#))).unwrap(), "plain");
        assert_eq!(flattened(Some(&raw("null"))).unwrap(), "");
        assert_eq!(flattened(Some(&raw(r#"{"ok":true}"#))).unwrap(), r#"{"ok":true}"#);
    }

    #[test]
    fn a_description_does_not_quote() {
        let error = serde_json::from_str::<u64>("\"secret\"").unwrap_err();
        assert!(!describe(&error).contains("secret"));
    }
}
