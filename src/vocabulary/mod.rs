//! Values that every other layer speaks: identifiers, events, state, commands and time.
//!
//! Nothing here reads a clock, a file or the environment, and nothing here is asynchronous. The two
//! functions that matter are [`decide`] (what a command does to a state) and [`fold`] (what an
//! event makes of a state); both are pure.

mod age;
mod append;
mod author;
mod byte_count;
mod clock;
mod command;
mod decide;
mod digest;
mod durations;
mod event;
mod event_data;
mod figures;
mod filter;
mod finding;
mod fold;
mod harmless;
mod holder;
mod label;
mod long_text;
mod metadata;
mod moment_text;
mod phrase;
mod plan;
mod record;
mod session_id;
mod skim;
mod timestamp;
mod traces;
mod transition;
mod upcast;

pub use append::{Append, Appended, Entry, ExpectedSeq, Outcome};
pub use author::Author;
pub use byte_count::ByteCount;
pub use clock::{Clock, SystemClock};
pub use command::{Command, NewFork, NewMessage, NewSession};
pub use decide::{Refusal, decide};
pub use digest::{Digest, DigestError, Link};
pub use durations::Durations;
pub use event::{DataFault, Event, EventKind};
pub use event_data::{
    BlobRef, Created, FieldSet, FileRecorded, Forked, Imported, LostRange, MessageRecorded,
    Recovered, Redacted, Renamed, Tokens,
};
pub use figures::{CacheStatistics, FigureName, Figures, OperationFigures, WriteFigures};
pub use filter::{SessionFilter, SortKey, Statuses};
pub use finding::{Finding, FindingClass, Severity, Verification};
pub use fold::{Projection, Reversal, fold, replay};
pub use harmless::{is_treacherous, one_line, several_lines};
pub use holder::Holder;
pub use label::{FieldName, Key, LabelError, Role, SessionName, Tag};
pub use long_text::LongText;
pub use metadata::{SessionMetadata, SessionStatus, UnknownStatus};
pub use moment_text::{NotATime, parse_moment};
pub use plan::{Plan, PlannedEvent, Rejection, plan};
pub use record::{Data, Record};
pub use session_id::{SessionId, SessionIdError};
pub use timestamp::{Timestamp, TimestampError};
pub use traces::without_traces;
pub use transition::{Impossible, check_transition};
pub use upcast::{Upcaster, Upcasts};

/// Named bounds on what a session may hold. Each is checked where the value is made, and the ones
/// that come back from a disk are checked again where they are read.
pub mod bounds {
    /// Longest session id, in bytes. Ids become directory names, which common file systems bound
    /// at 255 bytes; half of that leaves room for temporary names made from them.
    pub const SESSION_ID_BYTES_MAX: usize = 128;
    /// Longest session name, in characters.
    pub const NAME_CHARS_MAX: usize = 100;
    /// Longest tag, in characters.
    pub const TAG_CHARS_MAX: usize = 64;
    /// Longest name of a custom field, in characters.
    pub const FIELD_NAME_CHARS_MAX: usize = 64;
    /// Largest value of a custom field, in bytes of its JSON form.
    pub const FIELD_VALUE_BYTES_MAX: usize = 16 * 1024;
    /// Deepest nesting of arrays and objects in the value of a custom field. Readers of JSON stop
    /// somewhere above a hundred levels, and a snapshot puts a few around the value.
    pub const FIELD_VALUE_DEPTH_MAX: usize = 64;
    /// Most custom fields of one session.
    pub const FIELDS_MAX: usize = 128;
    /// Most tags of one session.
    pub const TAGS_MAX: usize = 64;
    /// Longest idempotency key, in bytes.
    pub const KEY_BYTES_MAX: usize = 200;
    /// Longest role of a message, in bytes.
    pub const ROLE_BYTES_MAX: usize = 32;
    /// Longest path, source, model or reason inside an event, in bytes.
    pub const DETAIL_BYTES_MAX: usize = 4096;
    /// Longest text kept inside a record, in bytes of UTF-8; a longer one goes to a blob, and this
    /// much smaller excerpt of it stays in the record: see [`EXCERPT_BYTES_MAX`].
    pub const INLINE_TEXT_BYTES_MAX: usize = 64 * 1024;
    /// Longest excerpt of a text whose whole is in a blob, in bytes of UTF-8.
    pub const EXCERPT_BYTES_MAX: usize = 1024;
    /// Longest text of one message, in bytes of UTF-8.
    pub const TEXT_BYTES_MAX: usize = 64 * 1024 * 1024;
    /// Longest first message kept in the projected state, in characters.
    pub const FIRST_MESSAGE_CHARS_MAX: usize = 200;
    /// Longest part of an [`Author`](super::Author), in bytes.
    pub const AUTHOR_PART_BYTES_MAX: usize = 256;
    /// Most operations of [`Figures`](super::Figures): several times what this version has.
    pub const FIGURE_OPERATIONS_MAX: usize = 256;
    /// Most kinds of errors of one operation in [`Figures`](super::Figures).
    pub const FIGURE_KINDS_MAX: usize = 64;
    /// Longest name of an operation or a kind of error in [`Figures`](super::Figures), in bytes.
    pub const FIGURE_NAME_BYTES_MAX: usize = 64;
}
