//! Texts that are too long for their record.

use super::bounds::{EXCERPT_BYTES_MAX, INLINE_TEXT_BYTES_MAX};
use super::{BlobRef, Digest, Event};

/// A text that is kept outside the journal, with the reference that its record holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LongText {
    /// How the record names it.
    pub blob: BlobRef,
    /// The whole of it.
    pub text: String,
}

impl Event {
    /// The event as its record holds it, and the text that does not fit there: a message over
    /// 64 KiB keeps an excerpt of at most 1 KiB, cut between two characters.
    #[must_use]
    pub fn with_long_text_aside(self) -> (Self, Option<LongText>) {
        let Self::MessageRecorded(mut message) = self else { return (self, None) };
        if message.text.as_ref().is_none_or(|text| text.len() <= INLINE_TEXT_BYTES_MAX) {
            return (Self::MessageRecorded(message), None);
        }
        let text = message.text.take().unwrap_or_default();
        let blob = BlobRef { digest: Digest::of(text.as_bytes()), bytes: text.len() as u64 };
        message.text = Some(excerpt(&text).to_owned());
        message.blob = Some(blob);
        (Self::MessageRecorded(message), Some(LongText { blob, text }))
    }
}

/// The longest beginning that is within the bound and ends between two characters.
fn excerpt(text: &str) -> &str {
    let end = (0..=EXCERPT_BYTES_MAX).rev().find(|&end| text.is_char_boundary(end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}
