//! Operations that change a session, each by appending events to its history.

use serde_json::Value;
use tracing::{debug, instrument};

use super::{Operation, SessionError, SessionManager};
use crate::repository::SessionRepository;
use crate::vocabulary::{
    Append, Appended, Command, Entry, ExpectedSeq, FieldName, FileRecorded, Key, NewFork,
    NewMessage, NewSession, Outcome, SessionId, SessionMetadata, SessionName, Tag,
};

/// On which condition, and under which key, a change is made.
#[derive(Debug, Clone, Default)]
pub struct ChangeOptions {
    /// Where the session must stand.
    pub expected: ExpectedSeq,
    /// An idempotency key: made again with the same key, the change has no further effect.
    pub key: Option<Key>,
}

/// What a change came to.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The state after it.
    pub state: SessionMetadata,
    /// Whether it was recorded, and where.
    pub outcome: Outcome,
}

impl<R: SessionRepository> SessionManager<R> {
    /// Makes one change, whichever.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::append`].
    #[instrument(skip_all, fields(session_id = %session, expected = %options.expected))]
    pub async fn change(
        &self,
        session: &SessionId,
        command: Command,
        options: ChangeOptions,
    ) -> Result<Changed, SessionError> {
        let work = async {
            let ChangeOptions { expected, key } = options;
            let entries = vec![Entry { command, key }];
            let Appended { state, outcomes } = self.submit(session, expected, entries).await?;
            let outcome = outcomes.first().copied().unwrap_or(Outcome::Unchanged);
            Ok(Changed { state, outcome })
        };
        self.observe(Operation::Change, Some(session), work).await
    }

    /// Makes several changes to one session, all or none.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::append`].
    #[instrument(skip_all, fields(session_id = %session, %expected, entries = entries.len()))]
    pub async fn append(
        &self,
        session: &SessionId,
        expected: ExpectedSeq,
        entries: Vec<Entry>,
    ) -> Result<Appended, SessionError> {
        let work = self.submit(session, expected, entries);
        self.observe(Operation::Append, Some(session), work).await
    }

    /// Begins a session, under an id of the caller's or a new one.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::Conflict`](crate::repository::RepositoryError::Conflict) where the id is
    /// taken, and those of [`SessionRepository::append`].
    #[instrument(skip_all, fields(session_id = tracing::field::Empty))]
    pub async fn create_session(
        &self,
        id: Option<SessionId>,
        new: NewSession,
    ) -> Result<SessionMetadata, SessionError> {
        let id = id.unwrap_or_else(SessionId::generate);
        tracing::Span::current().record("session_id", tracing::field::display(&id));
        let work = self.begin(&id, Command::Create(new));
        self.observe(Operation::CreateSession, Some(&id), work).await
    }

    /// Begins a session from the present state of another, whose head it keeps.
    ///
    /// # Errors
    ///
    /// There is no such parent, the id is taken, and those of [`SessionRepository::append`].
    #[instrument(skip_all, fields(parent = %parent, session_id = tracing::field::Empty))]
    pub async fn fork_session(
        &self,
        parent: &SessionId,
        id: Option<SessionId>,
        name: Option<SessionName>,
    ) -> Result<SessionMetadata, SessionError> {
        let id = id.unwrap_or_else(SessionId::generate);
        tracing::Span::current().record("session_id", tracing::field::display(&id));
        let work = async {
            let parent = self.loaded(parent).await?;
            let fork = NewFork { parent: parent.state, head: parent.head, name };
            self.begin(&id, Command::Fork(Box::new(fork))).await
        };
        self.observe(Operation::ForkSession, Some(&id), work).await
    }

    /// Gives the session a name: 1 to 100 characters without control characters. Names need not
    /// be unique.
    ///
    /// # Errors
    ///
    /// The text cannot be a name, and those of [`SessionRepository::append`].
    #[instrument(skip_all, fields(session_id = %session))]
    pub async fn name_session(
        &self,
        session: &SessionId,
        name: impl Into<String> + Send,
    ) -> Result<SessionMetadata, SessionError> {
        let name = name.into();
        let work = async {
            let name = Some(SessionName::try_from(name)?);
            self.command(session, Command::Rename { name, occurred: None }).await
        };
        self.observe(Operation::NameSession, Some(session), work).await
    }

    /// Records a message.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::append`].
    #[instrument(skip_all, fields(session_id = %session, role = %message.role))]
    pub async fn record_message(
        &self,
        session: &SessionId,
        message: NewMessage,
    ) -> Result<SessionMetadata, SessionError> {
        let work = self.command(session, Command::RecordMessage(message));
        self.observe(Operation::RecordMessage, Some(session), work).await
    }

    /// Records that a file was read or changed. The file itself is not looked at.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::append`].
    #[instrument(skip_all, fields(session_id = %session))]
    pub async fn record_file(
        &self,
        session: &SessionId,
        file: FileRecorded,
    ) -> Result<SessionMetadata, SessionError> {
        let work = self.command(session, Command::RecordFile(file));
        self.observe(Operation::RecordFile, Some(session), work).await
    }

    /// Puts the session away; it takes no messages until it is restored.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::append`].
    #[instrument(skip_all, fields(session_id = %session))]
    pub async fn archive_session(
        &self,
        session: &SessionId,
    ) -> Result<SessionMetadata, SessionError> {
        let work = self.command(session, Command::Archive);
        self.observe(Operation::ArchiveSession, Some(session), work).await
    }

    /// Brings the session back from the archive or from deletion; it is active then.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::append`].
    #[instrument(skip_all, fields(session_id = %session))]
    pub async fn restore_session(
        &self,
        session: &SessionId,
    ) -> Result<SessionMetadata, SessionError> {
        let work = self.command(session, Command::Restore);
        self.observe(Operation::RestoreSession, Some(session), work).await
    }

    /// Brings the session to the foreground.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::append`].
    #[instrument(skip_all, fields(session_id = %session))]
    pub async fn activate_session(
        &self,
        session: &SessionId,
    ) -> Result<SessionMetadata, SessionError> {
        let work = self.command(session, Command::Activate);
        self.observe(Operation::ActivateSession, Some(session), work).await
    }

    /// Sends the session to the background.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::append`].
    #[instrument(skip_all, fields(session_id = %session))]
    pub async fn background_session(
        &self,
        session: &SessionId,
    ) -> Result<SessionMetadata, SessionError> {
        let work = self.command(session, Command::Background);
        self.observe(Operation::BackgroundSession, Some(session), work).await
    }

    /// Marks the session as deleted. Its history stays, and [`restore_session`] brings it back.
    ///
    /// [`restore_session`]: Self::restore_session
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::append`].
    #[instrument(skip_all, fields(session_id = %session))]
    pub async fn delete_session(
        &self,
        session: &SessionId,
    ) -> Result<SessionMetadata, SessionError> {
        let work = self.command(session, Command::Delete);
        self.observe(Operation::DeleteSession, Some(session), work).await
    }

    /// Adds a tag.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::append`].
    #[instrument(skip_all, fields(session_id = %session, %tag))]
    pub async fn tag_session(
        &self,
        session: &SessionId,
        tag: Tag,
    ) -> Result<SessionMetadata, SessionError> {
        let work = self.command(session, Command::Tag(tag));
        self.observe(Operation::TagSession, Some(session), work).await
    }

    /// Removes a tag.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::append`].
    #[instrument(skip_all, fields(session_id = %session, %tag))]
    pub async fn untag_session(
        &self,
        session: &SessionId,
        tag: Tag,
    ) -> Result<SessionMetadata, SessionError> {
        let work = self.command(session, Command::Untag(tag));
        self.observe(Operation::UntagSession, Some(session), work).await
    }

    /// Gives a custom field a value: any JSON of at most 16 KiB.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::append`].
    #[instrument(skip_all, fields(session_id = %session, field = %key))]
    pub async fn set_field(
        &self,
        session: &SessionId,
        key: FieldName,
        value: Value,
    ) -> Result<SessionMetadata, SessionError> {
        let work = self.command(session, Command::SetField { key, value });
        self.observe(Operation::SetField, Some(session), work).await
    }

    /// Removes a custom field.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::append`].
    #[instrument(skip_all, fields(session_id = %session, field = %key))]
    pub async fn clear_field(
        &self,
        session: &SessionId,
        key: FieldName,
    ) -> Result<SessionMetadata, SessionError> {
        let work = self.command(session, Command::ClearField { key });
        self.observe(Operation::ClearField, Some(session), work).await
    }

    /// Changes the session's working directory; `None` forgets it.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::append`].
    #[instrument(skip_all, fields(session_id = %session))]
    pub async fn relocate_session(
        &self,
        session: &SessionId,
        cwd: Option<String>,
    ) -> Result<SessionMetadata, SessionError> {
        let work = self.command(session, Command::Relocate { cwd });
        self.observe(Operation::RelocateSession, Some(session), work).await
    }

    /// Takes the last change back by appending its opposite. Undone again, the change is there
    /// again: messages, files and imports are history and stay.
    ///
    /// # Errors
    ///
    /// Those of [`SessionRepository::append`].
    #[instrument(skip_all, fields(session_id = %session))]
    pub async fn undo(&self, session: &SessionId) -> Result<SessionMetadata, SessionError> {
        self.observe(Operation::Undo, Some(session), self.command(session, Command::Undo)).await
    }

    async fn begin(
        &self,
        session: &SessionId,
        command: Command,
    ) -> Result<SessionMetadata, SessionError> {
        let entries = vec![Entry { command, key: None }];
        Ok(self.submit(session, ExpectedSeq::NoSession, entries).await?.state)
    }

    async fn command(
        &self,
        session: &SessionId,
        command: Command,
    ) -> Result<SessionMetadata, SessionError> {
        let entries = vec![Entry { command, key: None }];
        Ok(self.submit(session, ExpectedSeq::Any, entries).await?.state)
    }

    async fn submit(
        &self,
        session: &SessionId,
        expected: ExpectedSeq,
        entries: Vec<Entry>,
    ) -> Result<Appended, SessionError> {
        debug!(%expected, entries = entries.len(), "appending");
        let append = Append { expected, entries, by: self.author.clone() };
        Ok(self.repository.append(session, append).await?)
    }
}
