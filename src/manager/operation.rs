//! The operations of a manager, as metrics and logs name them.

/// An operation of a [`SessionManager`](super::SessionManager): one for each public method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is documented on the method of its name")]
pub enum Operation {
    ListSessions,
    ListByStatus,
    List,
    GetSession,
    Load,
    Exists,
    Resolve,
    History,
    Changed,
    Text,
    StateAt,
    Change,
    Append,
    CreateSession,
    NameSession,
    RecordMessage,
    RecordFile,
    ArchiveSession,
    RestoreSession,
    ActivateSession,
    BackgroundSession,
    DeleteSession,
    TagSession,
    UntagSession,
    SetField,
    ClearField,
    RelocateSession,
    ForkSession,
    Undo,
    PurgeSession,
    VerifySession,
    RecoverSession,
    SalvageStore,
    RedactRecord,
    CompactSession,
    SessionIds,
    Head,
    HealthCheck,
    ImportTranscript,
}

impl Operation {
    /// Every operation with its name.
    pub const ALL: [(Self, &'static str); 39] = [
        (Self::ListSessions, "list_sessions"),
        (Self::ListByStatus, "list_by_status"),
        (Self::List, "list"),
        (Self::GetSession, "get_session"),
        (Self::Load, "load"),
        (Self::Exists, "exists"),
        (Self::Resolve, "resolve"),
        (Self::History, "history"),
        (Self::Changed, "changed"),
        (Self::Text, "text"),
        (Self::StateAt, "state_at"),
        (Self::Change, "change"),
        (Self::Append, "append"),
        (Self::CreateSession, "create_session"),
        (Self::NameSession, "name_session"),
        (Self::RecordMessage, "record_message"),
        (Self::RecordFile, "record_file"),
        (Self::ArchiveSession, "archive_session"),
        (Self::RestoreSession, "restore_session"),
        (Self::ActivateSession, "activate_session"),
        (Self::BackgroundSession, "background_session"),
        (Self::DeleteSession, "delete_session"),
        (Self::TagSession, "tag_session"),
        (Self::UntagSession, "untag_session"),
        (Self::SetField, "set_field"),
        (Self::ClearField, "clear_field"),
        (Self::RelocateSession, "relocate_session"),
        (Self::ForkSession, "fork_session"),
        (Self::Undo, "undo"),
        (Self::PurgeSession, "purge_session"),
        (Self::VerifySession, "verify_session"),
        (Self::RecoverSession, "recover_session"),
        (Self::SalvageStore, "salvage_store"),
        (Self::RedactRecord, "redact_record"),
        (Self::CompactSession, "compact_session"),
        (Self::SessionIds, "session_ids"),
        (Self::Head, "head"),
        (Self::HealthCheck, "health_check"),
        (Self::ImportTranscript, "import_transcript"),
    ];

    /// The operation's name: that of its method.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(known, _)| *known == self).map_or("", |(_, name)| name)
    }

    /// The operation of this name; `None` for one that this version does not have.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(operation, _)| operation)
    }

    /// Whether somebody waits for the answer, so that its duration says how quick the store is.
    /// Waiting for a change takes as long as the change does, an audit as long as the history,
    /// and an import as long as the transcript.
    #[must_use]
    pub fn is_prompt(self) -> bool {
        !matches!(
            self,
            Self::Changed
                | Self::VerifySession
                | Self::RecoverSession
                | Self::SalvageStore
                | Self::RedactRecord
                | Self::CompactSession
                | Self::HealthCheck
                | Self::ImportTranscript
        )
    }

    /// Whether it lists sessions.
    #[must_use]
    pub fn is_listing(self) -> bool {
        matches!(self, Self::ListSessions | Self::ListByStatus | Self::List)
    }
}
