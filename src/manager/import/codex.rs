//! Transcripts of Codex: which lines become which events.
//!
//! | line | becomes |
//! |---|---|
//! | the first `session_meta` | `created` (`occurred`, `cwd`, `source` `codex`), appended before the first message; later ones are copies in a fork and ignored |
//! | `event_msg` `user_message` | `message_recorded`, role `user`, with `[image]` for each image |
//! | `event_msg` `agent_message` | `message_recorded`, role `assistant`, with the model of the last `turn_context` |
//! | `response_item` `function_call`, `custom_tool_call` | `message_recorded`, role `assistant`: `[tool_call NAME] arguments` |
//! | `response_item` `function_call_output`, `custom_tool_call_output` | `message_recorded`, role `tool`: the output |
//! | `event_msg` `thread_name_updated`, and the name in `session_index.jsonl` (its last line wins) | `renamed`, when the name differs from the one before it |
//! | a file in `archived_sessions` | `archived`, after everything else |
//! | `response_item` `message` | nothing: user and assistant messages mirror the `event_msg` ones, and `developer` and `<environment_context>` messages are no prompts |
//! | `token_count`, `reasoning`, `agent_reasoning`, `turn_context`, `compacted`, … | nothing |
//!
//! Lines that become nothing are counted under `ignored`, as `type/payload type`. A `token_count`
//! comes *after* the message it measures, which is written by then; so Codex messages have no
//! tokens. Codex gives its lines no id, so keys are made of line number and content.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::content;
use super::draft::{Draft, Place, key, short_hash};
use super::reading::Interpreter;
use super::{IndexName, Transcript};
use crate::vocabulary::{Command, NewMessage, Role};

/// What user messages begin with that Codex itself wrote.
const META_BEGINNINGS: [&str; 3] =
    ["<environment_context>", "<user_instructions>", "<permissions instructions>"];

#[derive(Deserialize)]
struct Line<'a> {
    timestamp: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

/// The kind of a payload; all else is read by those who know the kind.
#[derive(Deserialize, Default)]
struct Kind {
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct SessionMeta {
    timestamp: Option<String>,
    cwd: Option<String>,
}

#[derive(Deserialize)]
struct TurnContext {
    model: Option<String>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    message: &'a RawValue,
    images: Option<Vec<IgnoredAny>>,
    local_images: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
struct ThreadName<'a> {
    #[serde(borrow)]
    thread_name: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ToolCall<'a> {
    name: String,
    #[serde(borrow, alias = "input")]
    arguments: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ToolOutput<'a> {
    #[serde(borrow)]
    output: Option<&'a RawValue>,
}

/// Reads Codex's lines.
pub(super) struct Codex {
    has_meta: bool,
    model: Option<String>,
    index_name: Option<IndexName>,
    is_archived: bool,
}

impl Codex {
    pub(super) fn new(transcript: &Transcript) -> Self {
        Self {
            has_meta: false,
            model: None,
            index_name: transcript.index_name.clone(),
            is_archived: transcript.is_archived,
        }
    }

    fn meta(
        &mut self,
        place: &Place<'_>,
        payload: &RawValue,
        draft: &mut Draft,
    ) -> Result<(), serde_json::Error> {
        if self.has_meta {
            draft.tally.ignore("session_meta (copied)");
            return Ok(());
        }
        let meta: SessionMeta = serde_json::from_str(payload.get())?;
        self.has_meta = true;
        draft.see(place.line, meta.timestamp.as_deref(), meta.cwd.as_deref());
        if let (Some(started), Some(beginning)) = (draft.moment(), draft.beginning()) {
            beginning.occurred = Some(started);
        }
        Ok(())
    }

    fn user(
        &self,
        place: &Place<'_>,
        payload: &RawValue,
        draft: &mut Draft,
    ) -> Result<(), serde_json::Error> {
        let message: Message<'_> = serde_json::from_str(payload.get())?;
        let mut text = content::string(message.message)?;
        for _ in message.images.iter().chain(&message.local_images).flatten() {
            content::join(&mut text, "[image]");
        }
        let meta = META_BEGINNINGS.iter().any(|beginning| text.starts_with(beginning));
        let new = NewMessage { meta, ..NewMessage::new(Role::user(), text) };
        draft.message(place.line, place.key(None, ""), new);
        Ok(())
    }

    fn agent(&self, place: &Place<'_>, text: String, draft: &mut Draft) {
        let new =
            NewMessage { model: self.model.clone(), ..NewMessage::new(Role::assistant(), text) };
        draft.message(place.line, place.key(None, ""), new);
    }

    fn payload(
        &mut self,
        place: &Place<'_>,
        (line_kind, payload): (&str, &RawValue),
        draft: &mut Draft,
    ) -> Result<(), serde_json::Error> {
        let kind: Kind = serde_json::from_str(payload.get())?;
        match (line_kind, kind.kind.as_deref().unwrap_or_default()) {
            ("event_msg", "user_message") => self.user(place, payload, draft)?,
            ("event_msg", "agent_message") => {
                let message: Message<'_> = serde_json::from_str(payload.get())?;
                self.agent(place, content::string(message.message)?, draft);
            }
            ("event_msg", "thread_name_updated") => {
                let ThreadName { thread_name } = serde_json::from_str(payload.get())?;
                let name = thread_name.map(content::string).transpose()?.unwrap_or_default();
                draft.rename(place.line, place.key(None, ""), &name);
            }
            ("response_item", "function_call" | "custom_tool_call") => {
                let call: ToolCall<'_> = serde_json::from_str(payload.get())?;
                let arguments = content::flattened(call.arguments)?;
                self.agent(place, format!("[tool_call {}] {arguments}", call.name), draft);
            }
            ("response_item", "function_call_output" | "custom_tool_call_output") => {
                let ToolOutput { output } = serde_json::from_str(payload.get())?;
                let new = NewMessage::new(Role::tool(), content::flattened(output)?);
                draft.message(place.line, place.key(None, ""), new);
            }
            (line_kind, "") => draft.tally.ignore(line_kind),
            (line_kind, payload_kind) => {
                draft.tally.ignore(&format!("{line_kind}/{payload_kind}"));
            }
        }
        Ok(())
    }
}

impl Interpreter for Codex {
    fn record(&mut self, place: &Place<'_>, draft: &mut Draft) -> Result<(), serde_json::Error> {
        let line: Line<'_> = serde_json::from_str(place.record)?;
        let payload = line.payload;
        if line.kind == "session_meta"
            && let Some(payload) = payload
        {
            self.meta(place, payload, draft)?;
            draft.see(place.line, line.timestamp.as_deref(), None);
            return Ok(());
        }
        draft.see(place.line, line.timestamp.as_deref(), None);
        match (line.kind.as_str(), payload) {
            ("turn_context", Some(payload)) => {
                let turn: TurnContext = serde_json::from_str(payload.get())?;
                self.model = turn.model.or(self.model.take());
                draft.tally.ignore("turn_context");
            }
            ("event_msg" | "response_item", Some(payload)) => {
                self.payload(place, (&line.kind, payload), draft)?;
            }
            ("session_meta" | "event_msg" | "response_item", None) => {
                return Err(serde::de::Error::custom("the payload is missing"));
            }
            (other, _) => draft.tally.ignore(other),
        }
        Ok(())
    }

    fn end(&mut self, draft: &mut Draft) {
        if let Some(IndexName { name, updated_at }) = self.index_name.take() {
            draft.see(0, updated_at.as_deref(), None);
            // Without the time: an index that repeats a name must not undo a rename in annals.
            draft.rename(0, key(&format!("codex:index:{}", short_hash(&name))), &name);
        }
        if self.is_archived {
            draft.status(key("codex:archived"), Command::Archive);
        }
    }
}
