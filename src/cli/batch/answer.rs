//! What a line of a batch is answered with.

use serde::Serialize;
use serde_json::Value;

use crate::cli::error::{CliError, Report};
use crate::vocabulary::SessionMetadata;

/// The answer to one line.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    /// Whether it was carried out.
    pub(super) ok: bool,
    /// What the line called itself; null where it did not.
    #[serde(rename = "ref")]
    reference: Value,
    #[serde(flatten)]
    outcome: Outcome,
}

/// What a line came to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// The state of the session after it.
    Session(Box<SessionMetadata>),
    /// The sessions listed.
    Sessions(Vec<SessionMetadata>),
    /// Why it was not carried out.
    Error(Report),
}

impl Answer {
    /// The answer to a line that came to `result`.
    pub(super) fn new(reference: Value, result: Result<Outcome, CliError>) -> Self {
        let ok = result.is_ok();
        let outcome = result.unwrap_or_else(|error| Outcome::Error(error.report()));
        Self { ok, reference, outcome }
    }
}
