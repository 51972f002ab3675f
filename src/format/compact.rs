//! Where a piece of compact JSON ends.
//!
//! What annals writes is recognised here in one look at each byte. Whatever is not, is no verdict:
//! `serde_json` is asked then, which knows all spellings.

/// Deepest nesting that is followed: a bit for each level says whether it is an object.
const DEPTH_MAX: u32 = 64;

/// The length of the JSON object without white space that bytes begin with. `None` where they may
/// begin with something else. Whether strings are UTF-8 is not looked at.
pub(super) fn object(bytes: &[u8]) -> Option<usize> {
    let mut scan = Scan { bytes, offset: 0 };
    scan.literal(b"{")?;
    let (mut depth, mut objects) = (1, 1_u64);
    let mut is_empty = true;
    loop {
        let is_object = objects & 1 == 1;
        let closing = if is_object { b'}' } else { b']' };
        match scan.peek()? {
            byte if byte == closing => {
                scan.offset += 1;
                depth -= 1;
                objects >>= 1;
                if depth == 0 {
                    return Some(scan.offset);
                }
                is_empty = false;
                continue;
            }
            b',' if !is_empty => scan.offset += 1,
            _ if !is_empty => return None,
            _ => {}
        }
        if is_object {
            scan.string()?;
            scan.literal(b":")?;
        }
        is_empty = matches!(scan.peek()?, b'{' | b'[');
        match scan.peek()? {
            opening @ (b'{' | b'[') => {
                scan.offset += 1;
                depth += 1;
                objects = objects << 1 | u64::from(opening == b'{');
                if depth > DEPTH_MAX {
                    return None;
                }
            }
            b'"' => scan.string()?,
            b't' => scan.literal(b"true")?,
            b'f' => scan.literal(b"false")?,
            b'n' => scan.literal(b"null")?,
            _ => scan.number()?,
        }
    }
}

/// A place in bytes that are read from left to right.
struct Scan<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl Scan<'_> {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.offset..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.offset).copied()
    }

    fn literal<const LENGTH: usize>(&mut self, expected: &[u8; LENGTH]) -> Option<()> {
        (self.rest().first_chunk() == Some(expected)).then(|| self.offset += LENGTH)
    }

    /// A string with both its quotes.
    fn string(&mut self) -> Option<()> {
        self.literal(b"\"")?;
        loop {
            self.offset += quote_or_escape(self.rest())?;
            match self.rest() {
                [b'"', ..] => {
                    self.offset += 1;
                    return Some(());
                }
                [_, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => self.offset += 2,
                [_, b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|d| d.is_ascii_hexdigit()) => {
                    self.offset += 6;
                }
                _ => return None,
            }
        }
    }

    fn number(&mut self) -> Option<()> {
        if self.peek()? == b'-' {
            self.offset += 1;
        }
        if self.peek()? == b'0' {
            self.offset += 1;
        } else {
            self.digits()?;
        }
        if self.peek()? == b'.' {
            self.offset += 1;
            self.digits()?;
        }
        if matches!(self.peek()?, b'e' | b'E') {
            self.offset += 1;
            if matches!(self.peek()?, b'+' | b'-') {
                self.offset += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Option<()> {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.offset += digits;
        (digits > 0).then_some(())
    }
}

/// Bytes of a string that are looked at one by one: names and numbers are no longer, and a vector
/// search has to be set up.
const SHORT_BYTES: usize = 12;

/// How far the next quote or backslash is.
pub(super) fn quote_or_escape(bytes: &[u8]) -> Option<usize> {
    let is_it = |byte: &u8| matches!(byte, b'"' | b'\\');
    if let Some(near) = bytes.iter().take(SHORT_BYTES).position(is_it) {
        return Some(near);
    }
    let far = memchr::memchr2(b'"', b'\\', bytes.get(SHORT_BYTES..)?)?;
    Some(SHORT_BYTES + far)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    /// Where another reader says that the object ends which bytes begin with.
    fn end_by_serde(bytes: &[u8]) -> Option<usize> {
        let values = serde_json::Deserializer::from_slice(bytes).into_iter::<&RawValue>();
        let value = values.flatten().next()?;
        value.get().starts_with('{').then(|| value.get().len())
    }

    /// Pieces of JSON, whole and broken.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            "[]{}\\[:,\"]",
            "\"[a-z ]{0,40}\"",
            "\"[a-z]{0,3}\":",
            "-?[0-9]{0,3}([.][0-9]{0,2})?([eE][+-]?[0-9]{0,2})?",
            Just("\\".to_owned()),
            Just("\\u00e9".to_owned()),
            Just("\\u00g9".to_owned()),
            Just("true".to_owned()),
            Just("false".to_owned()),
            Just("nul".to_owned()),
            Just("null".to_owned()),
            Just(" ".to_owned()),
        ];
        prop::collection::vec(piece, 0..12)
            .prop_map(|pieces| format!("{{{}", pieces.concat()).into_bytes())
    }

    /// JSON of any shape.
    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(5, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::hash_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_recognised_ends_where_another_reader_says(bytes in bytes()) {
            if let Some(end) = object(&bytes) {
                prop_assert_eq!(Some(end), end_by_serde(&bytes));
            }
        }

        #[test]
        fn every_compact_object_is_recognised(
            fields in prop::collection::hash_map(any::<String>(), value(), 0..6),
            behind in ".{0,8}",
        ) {
            let json = serde_json::to_string(&fields).unwrap();
            let bytes = format!("{json}{behind}").into_bytes();

            prop_assert_eq!(object(&bytes), Some(json.len()));
        }
    }

    #[test]
    fn what_nests_too_deep_is_left_to_another_reader() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(object(nested(63).as_bytes()), Some(nested(63).len()));
        assert_eq!(object(nested(64).as_bytes()), None);
    }
}
