//! The command line as clap reads it: global flags and the list of commands.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::{commands, time};

/// Keeps the history of command-line agent sessions: who did what, when, and provably so.
///
/// A SESSION is a full id, a unique beginning of one (4 characters or more), an exact name, or
/// @last for the one active last. Exit codes: 0 done, 1 done and something was found, 2 wrong
/// command line, 3 no such session, 4 ambiguous, 5 conflict or refused, 6 busy, 7 corrupted,
/// 8 storage, 9 newer format, 10 remote store unreachable.
#[derive(Debug, Parser)]
#[command(name = "annals", version, max_term_width = 100, arg_required_else_help = true)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) globals: Globals,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What holds for every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Globals {
    /// The store: a directory [default: $ANNALS_STORE, else the user's data directory]
    #[arg(long, global = true, value_name = "STORE", value_parser = clap::value_parser!(OsString))]
    pub(super) store: Option<OsString>,
    /// Write JSON Lines on standard output, and errors as JSON on standard error
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// When to use colours; NO_COLOR is honoured
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: ColorWhen,
    /// How long a change waits for a session's lock, such as 500ms or 10s [default: 30s]
    #[arg(long, global = true, value_name = "DURATION", value_parser = time::parse_duration)]
    pub(super) lock_timeout: Option<Duration>,
    /// Say nothing but results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Show exact times, and log on standard error: -v info, -vv debug, -vvv everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum ColorWhen {
    /// On a terminal that wants them
    #[default]
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Create(commands::create::CreateArgs),
    List(commands::list::ListArgs),
    Show(commands::show::ShowArgs),
    #[command(visible_alias = "history")]
    Log(commands::log::LogArgs),
    Record(commands::record::RecordArgs),
    Rename(commands::rename::RenameArgs),
    Archive(commands::archive::ArchiveArgs),
    Restore(commands::restore::RestoreArgs),
    Background(commands::background::BackgroundArgs),
    Activate(commands::activate::ActivateArgs),
    Tag(commands::tag::TagArgs),
    Untag(commands::untag::UntagArgs),
    Set(commands::set::SetArgs),
    Unset(commands::unset::UnsetArgs),
    Fork(commands::fork::ForkArgs),
    Undo(commands::undo::UndoArgs),
    Delete(commands::delete::DeleteArgs),
    Batch(commands::batch::BatchArgs),
    Diff(commands::diff::DiffArgs),
    Verify(commands::verify::VerifyArgs),
    Recover(commands::recover::RecoverArgs),
    Import(commands::import::ImportArgs),
    Redact(commands::redact::RedactArgs),
    Head(commands::head::HeadArgs),
    Compact(commands::compact::CompactArgs),
    Purge(commands::purge::PurgeArgs),
    Locks(commands::locks::LocksArgs),
    Health(commands::health::HealthArgs),
    Completions(commands::completions::CompletionsArgs),
}

impl Command {
    /// Whether it has something to do while the store is at work: it asks for several things at
    /// once, or shows how far it has come.
    pub(super) fn is_concurrent(&self) -> bool {
        matches!(
            self,
            Self::Batch(_)
                | Self::Import(_)
                | Self::Verify(_)
                | Self::Recover(_)
                | Self::Compact(_)
                | Self::Log(_)
                | Self::List(_)
        )
    }
}
