//! Transcripts of Claude Code: which lines become which events.
//!
//! | line | becomes |
//! |---|---|
//! | the first line with a time, the first with a `cwd` | `created` (`occurred`, `cwd`, `source` `claude-code`), appended before the first message |
//! | `user` whose content is a string | `message_recorded`, role `user` |
//! | `user` with a `tool_result` block | `message_recorded`, role `tool`: the texts of its results, one a line |
//! | `user` with other blocks | `message_recorded`, role `user`: its texts, with `[image]` for an image |
//! | `assistant` | `message_recorded`, role `assistant`, with the model: text as it is, `[thinking] …`, `[tool_use NAME] {input}` |
//! | `tool_use` of `Edit`, `MultiEdit`, `NotebookEdit`, `Write` | also `file_recorded` (`edited` or `written`), when the tool was asked for |
//! | `custom-title` | `renamed`, when the title differs from the one before it |
//! | `summary`, `ai-title` | `field_set` of `summary` or `title`, when it differs from the one before it |
//! | everything else (`progress`, `system`, `attachment`, `file-history-snapshot`, …) | nothing; counted under `ignored` |
//!
//! A `user` line that a program put there is recorded with `meta`, so that it never becomes the
//! session's first message: `isMeta`, `isCompactSummary`, a side chain inside a main transcript,
//! and texts beginning with `<command-`, `<local-command`, `<bash-`, `<system-reminder>`,
//! `<task-notification>` or `[Request interrupted`.
//!
//! One answer is streamed as several lines of the same `message.id`, each with the counts so far.
//! The `tokens` of an event are what its line adds to the lines before it, so that the sum over a
//! session is what its answers cost.
//!
//! The transcript `<uuid>/subagents/agent-x.jsonl` becomes the session `<uuid>.agent-x` with the
//! parent `<uuid>`.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Transcript;
use super::content::{self, Block};
use super::draft::{Draft, Place, field_text};
use super::reading::Interpreter;
use crate::vocabulary::{NewMessage, Role, Tokens};

/// Most file events of one line: keeps a hostile line from becoming a million of them.
const FILES_PER_LINE_MAX: usize = 1000;

/// What texts begin with that stand in a person's place and were put there by a program.
const META_BEGINNINGS: [&str; 6] = [
    "<command-",
    "<local-command",
    "<bash-",
    "<system-reminder>",
    "<task-notification>",
    "[Request interrupted",
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: String,
    uuid: Option<String>,
    timestamp: Option<String>,
    cwd: Option<String>,
    session_id: Option<String>,
    is_meta: Option<bool>,
    is_compact_summary: Option<bool>,
    is_sidechain: Option<bool>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    custom_title: Option<&'a RawValue>,
    #[serde(borrow)]
    ai_title: Option<&'a RawValue>,
    #[serde(borrow)]
    summary: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    content: &'a RawValue,
    id: Option<String>,
    model: Option<String>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
#[allow(clippy::struct_field_names, reason = "the names that Claude Code writes")]
struct Usage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
}

/// Reads Claude Code's lines.
pub(super) struct ClaudeCode {
    /// Whether this is the transcript of a sub-agent, whose prompts come from its parent.
    is_agent: bool,
    /// The tokens counted so far, by the hash of the message's id.
    counted: HashMap<u64, Tokens>,
}

impl ClaudeCode {
    pub(super) fn new(transcript: &Transcript) -> Self {
        let is_agent =
            transcript.parent.is_some() || transcript.session.as_str().starts_with("agent-");
        Self { is_agent, counted: HashMap::new() }
    }

    fn user(
        &self,
        place: &Place<'_>,
        line: &Line<'_>,
        draft: &mut Draft,
    ) -> Result<(), serde_json::Error> {
        let message: Message<'_> = parse(line.message)?;
        let spoken = spoken(message.content)?;
        let flagged = [line.is_meta, line.is_compact_summary].contains(&Some(true));
        let is_side_chain = line.is_sidechain == Some(true) && !self.is_agent;
        let role = if spoken.is_tool_result { Role::tool() } else { Role::user() };
        let meta =
            !spoken.is_tool_result && (flagged || is_side_chain || is_programs_text(&spoken.text));
        let key = place.key(line.uuid.as_deref(), "");
        draft.message(place.line, key, NewMessage { meta, ..message_of(role, spoken.text) });
        Ok(())
    }

    fn assistant(
        &mut self,
        place: &Place<'_>,
        line: &Line<'_>,
        draft: &mut Draft,
    ) -> Result<(), serde_json::Error> {
        let message: Message<'_> = parse(line.message)?;
        let answer = answer(message.content)?;
        let tokens = message.usage.map(Tokens::from);
        let tokens = tokens.and_then(|tokens| self.not_counted_yet(message.id.as_deref(), tokens));
        let new = NewMessage {
            model: message.model,
            tokens,
            ..message_of(Role::assistant(), answer.text)
        };
        draft.message(place.line, place.key(line.uuid.as_deref(), ""), new);
        if answer.files.len() > FILES_PER_LINE_MAX {
            draft.tally.unreadable(place.line, "it changes over 1000 files; the first 1000 stand");
        }
        for (index, file) in answer.files.into_iter().take(FILES_PER_LINE_MAX).enumerate() {
            let key = place.key(line.uuid.as_deref(), &format!(":file:{index}"));
            draft.file(place.line, key, file.path, file.action);
        }
        Ok(())
    }

    /// What the counts so far of an answer add to those of its earlier lines, if anything.
    fn not_counted_yet(&mut self, id: Option<&str>, so_far: Tokens) -> Option<Tokens> {
        let Some(id) = id else { return Some(so_far) };
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let counted = self.counted.entry(hasher.finish()).or_default();
        let added = Tokens {
            input: so_far.input.saturating_sub(counted.input),
            output: so_far.output.saturating_sub(counted.output),
            cache_read: so_far.cache_read.saturating_sub(counted.cache_read),
            cache_creation: so_far.cache_creation.saturating_sub(counted.cache_creation),
        };
        counted.input += added.input;
        counted.output += added.output;
        counted.cache_read += added.cache_read;
        counted.cache_creation += added.cache_creation;
        (added != Tokens::default()).then_some(added)
    }
}

impl Interpreter for ClaudeCode {
    fn record(&mut self, place: &Place<'_>, draft: &mut Draft) -> Result<(), serde_json::Error> {
        let line: Line<'_> = serde_json::from_str(place.record)?;
        draft.see(place.line, line.timestamp.as_deref(), line.cwd.as_deref());
        if self.is_agent
            && let Some(beginning) = draft.beginning()
            && beginning.parent.is_none()
        {
            // Older versions put an agent's transcript beside its parent's.
            beginning.parent = line.session_id.as_deref().and_then(|id| id.parse().ok());
        }
        let id = line.uuid.as_deref();
        match line.kind.as_str() {
            "user" => self.user(place, &line, draft)?,
            "assistant" => self.assistant(place, &line, draft)?,
            "custom-title" => {
                let title = content::string(required(line.custom_title)?)?;
                draft.rename(place.line, place.key(id, ""), &title);
            }
            "summary" | "ai-title" => {
                let (field, value) = match line.kind.as_str() {
                    "summary" => ("summary", line.summary),
                    _ => ("title", line.ai_title),
                };
                let value = field_text(&content::string(required(value)?)?);
                draft.field(place.line, place.key(id, ""), field, value);
            }
            other => draft.tally.ignore(other),
        }
        Ok(())
    }
}

fn required(value: Option<&RawValue>) -> Result<&RawValue, serde_json::Error> {
    value.ok_or_else(|| serde::de::Error::custom("a field is missing"))
}

fn parse<'a, T: Deserialize<'a>>(value: Option<&'a RawValue>) -> Result<T, serde_json::Error> {
    serde_json::from_str(required(value)?.get())
}

fn message_of(role: Role, text: String) -> NewMessage {
    let text = Some(text).filter(|text| !text.is_empty());
    NewMessage { text, ..NewMessage::new(role, "") }
}

fn is_programs_text(text: &str) -> bool {
    let text = text.trim_start();
    META_BEGINNINGS.iter().any(|beginning| text.starts_with(beginning))
}

/// What a `user` line says.
#[derive(Default)]
struct Spoken {
    text: String,
    is_tool_result: bool,
}

fn spoken(content: &RawValue) -> Result<Spoken, serde_json::Error> {
    if content::is_string(content) {
        return Ok(Spoken { text: content::string(content)?, is_tool_result: false });
    }
    let mut results = String::new();
    let mut others = String::new();
    let mut is_tool_result = false;
    each_block(content, |block| {
        if block.kind.as_deref() == Some("tool_result") {
            is_tool_result = true;
            content::join(&mut results, &content::flattened(block.content)?);
        } else {
            content::join(&mut others, &content::block_text(block)?);
        }
        Ok(())
    })?;
    let text = if is_tool_result { results } else { others };
    Ok(Spoken { text, is_tool_result })
}

/// What an `assistant` line says, and the files that it asks to change.
#[derive(Default)]
struct Answer {
    text: String,
    files: Vec<File>,
}

struct File {
    path: String,
    action: &'static str,
}

fn answer(content: &RawValue) -> Result<Answer, serde_json::Error> {
    if content::is_string(content) {
        return Ok(Answer { text: content::string(content)?, files: Vec::new() });
    }
    let mut answer = Answer::default();
    each_block(content, |block| {
        let part = match block.kind.as_deref() {
            Some("thinking") => {
                let thought = block.thinking.map(content::string).transpose()?;
                format!("[thinking] {}", thought.unwrap_or_default())
            }
            Some("tool_use") => {
                let name = block.name.as_deref().unwrap_or_default();
                let input = block.input.map_or("{}", RawValue::get);
                if answer.files.len() <= FILES_PER_LINE_MAX {
                    answer.files.extend(changed_file(name, input));
                }
                format!("[tool_use {name}] {input}")
            }
            _ => content::block_text(block)?,
        };
        content::join(&mut answer.text, &part);
        Ok(())
    })?;
    Ok(answer)
}

/// The file that a tool is asked to change, if it is one of those that do.
fn changed_file(tool: &str, input: &str) -> Option<File> {
    #[derive(Deserialize)]
    struct Input {
        #[serde(alias = "notebook_path")]
        file_path: String,
    }
    let action = match tool {
        "Edit" | "MultiEdit" | "NotebookEdit" => "edited",
        "Write" => "written",
        _ => return None,
    };
    let Input { file_path } = serde_json::from_str(input).ok()?;
    Some(File { path: file_path, action })
}

/// Visits blocks until one has an unexpected shape; the array is read to its end all the same.
fn each_block(
    content: &RawValue,
    mut visit: impl FnMut(&Block<'_>) -> Result<(), serde_json::Error>,
) -> Result<(), serde_json::Error> {
    let mut outcome = Ok(());
    content::for_each(content, |block: Block<'_>| {
        if outcome.is_ok() {
            outcome = visit(&block);
        }
    })?;
    outcome
}

impl From<Usage> for Tokens {
    fn from(usage: Usage) -> Self {
        Self {
            input: usage.input_tokens.unwrap_or(0),
            output: usage.output_tokens.unwrap_or(0),
            cache_read: usage.cache_read_input_tokens.unwrap_or(0),
            cache_creation: usage.cache_creation_input_tokens.unwrap_or(0),
        }
    }
}
