//! What every command that works on a store is given.

use std::sync::Arc;

use super::error::{CliError, Status};
use super::output::Output;
use crate::manager::SessionManager;
use crate::repository::SessionRepository;
use crate::vocabulary::SessionId;

/// The manager of whatever kind of store was named.
pub(super) type Manager = SessionManager<Box<dyn SessionRepository>>;

/// A store to work on and somewhere to say so.
pub(super) struct Context {
    /// Shared, because some commands work on several sessions at once.
    pub(super) manager: Arc<Manager>,
    pub(super) output: Output,
}

impl Context {
    /// The sessions that selectors name; all of them, sorted, where there are no selectors.
    pub(super) async fn named_or_all(
        &self,
        selectors: &[String],
    ) -> Result<Vec<SessionId>, CliError> {
        if selectors.is_empty() {
            return Ok(self.manager.session_ids().await?);
        }
        let mut sessions = Vec::with_capacity(selectors.len());
        for selector in selectors {
            sessions.push(self.manager.resolve(selector).await?);
        }
        Ok(sessions)
    }
}

impl Status {
    /// The status of a command after one of its parts failed. The error is shown; the first one
    /// decides the exit code.
    pub(super) fn or_failed(self, context: &mut Context, error: &CliError) -> Self {
        context.output.error(error);
        match self {
            Self::Failed(_) => self,
            Self::Done | Self::Found => Self::Failed(error.code()),
        }
    }
}
