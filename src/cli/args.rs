//! The command line as clap reads it: global flags and the list of commands.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, FromArgMatches as _, Parser, Subcommand, ValueEnum};

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
    /// The configuration file [default: $ANNALS_CONFIG, else config.toml in the user's folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
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

/// Defines the commands, and how one of them is defined by its name.
macro_rules! commands {
    ($(
        $(#[$attribute:meta])*
        $variant:ident($arguments:ty) = $name:literal $(| $alias:literal)* $(where $gate:meta)?,
    )*) => {
        #[derive(Debug, Subcommand)]
        pub(super) enum Command {
            $($(#[cfg($gate)])? $(#[$attribute])* $variant($arguments),)*
        }

        impl Command {
            /// The name that it is called by.
            pub(super) fn name(&self) -> &'static str {
                match self {
                    $($(#[cfg($gate)])? Self::$variant(_) => $name,)*
                }
            }
        }

        /// The command of this name, alone.
        fn definition(name: &str) -> Option<clap::Command> {
            Some(match name {
                $($(#[cfg($gate)])? $name $(| $alias)* => <$arguments>::augment_args(clap::Command::new($name)),)*
                _ => return None,
            })
        }

        #[cfg(test)]
        const NAMES: &[&str] = &[$($(#[cfg($gate)])? $name, $($alias,)*)*];
    };
}

commands! {
    Create(commands::create::CreateArgs) = "create",
    List(commands::list::ListArgs) = "list",
    Show(commands::show::ShowArgs) = "show",
    #[command(visible_alias = "history")]
    Log(commands::log::LogArgs) = "log" | "history",
    Record(commands::record::RecordArgs) = "record",
    Rename(commands::rename::RenameArgs) = "rename",
    Archive(commands::archive::ArchiveArgs) = "archive",
    Restore(commands::restore::RestoreArgs) = "restore",
    Background(commands::background::BackgroundArgs) = "background",
    Activate(commands::activate::ActivateArgs) = "activate",
    Tag(commands::tag::TagArgs) = "tag",
    Untag(commands::untag::UntagArgs) = "untag",
    Set(commands::set::SetArgs) = "set",
    Unset(commands::unset::UnsetArgs) = "unset",
    Fork(commands::fork::ForkArgs) = "fork",
    Undo(commands::undo::UndoArgs) = "undo",
    Delete(commands::delete::DeleteArgs) = "delete",
    Batch(commands::batch::BatchArgs) = "batch",
    Diff(commands::diff::DiffArgs) = "diff",
    Verify(commands::verify::VerifyArgs) = "verify",
    Recover(commands::recover::RecoverArgs) = "recover",
    Import(commands::import::ImportArgs) = "import",
    Redact(commands::redact::RedactArgs) = "redact",
    Head(commands::head::HeadArgs) = "head",
    Compact(commands::compact::CompactArgs) = "compact",
    Purge(commands::purge::PurgeArgs) = "purge",
    Locks(commands::locks::LocksArgs) = "locks",
    Health(commands::health::HealthArgs) = "health",
    Serve(commands::serve::ServeArgs) = "serve" where feature = "serve",
    Metrics(commands::metrics::MetricsArgs) = "metrics",
    Config(commands::config::ConfigArgs) = "config",
    Completions(commands::completions::CompletionsArgs) = "completions",
}

impl Cli {
    /// Reads a command line. To define all commands takes longer than most of them do, so only the
    /// one that is named is defined, and all of them where that does not do: for help, and for
    /// what is to be said about a mistake.
    ///
    /// # Errors
    ///
    /// The command line cannot be read, or asks for help or the version.
    pub(super) fn read(arguments: &[OsString]) -> Result<Self, clap::Error> {
        let root = clap::Command::new("annals").version(env!("CARGO_PKG_VERSION"));
        let root = Globals::augment_args(root);
        // The value of a flag may be the name of a command too. The real one is not defined then,
        // and clap says that there is none.
        let named = arguments.iter().skip(1).find_map(|word| definition(word.to_str()?));
        match root.subcommands(named).try_get_matches_from(arguments) {
            Ok(matches) => {
                Self::from_arg_matches(&matches).or_else(|_| Self::try_parse_from(arguments))
            }
            Err(error) if error.kind() == ErrorKind::DisplayVersion => Err(error),
            Err(_) => Self::try_parse_from(arguments),
        }
    }
}

impl Command {
    /// The exit code of a failure, where it is not that of the error.
    pub(super) fn code_of_failure(&self) -> Option<u8> {
        match self {
            Self::Health(args) => args.exit_code.unknown(),
            _ => None,
        }
    }

    /// Whether it lives long enough to be asked for the same session again.
    pub(super) fn is_lasting(&self) -> bool {
        #[cfg(feature = "serve")]
        if matches!(self, Self::Serve(_)) {
            return true;
        }
        false
    }

    /// Whether it has something to do while the store is at work: it asks for several things at
    /// once, or shows how far it has come.
    pub(super) fn is_concurrent(&self) -> bool {
        #[cfg(feature = "serve")]
        if matches!(self, Self::Serve(_)) {
            return true;
        }
        matches!(self, Self::Batch(_) | Self::Import(_) | Self::Recover(_) | Self::Compact(_))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_command_is_defined_by_its_names() {
        let full = Cli::command();
        let names = |command: &clap::Command| -> Vec<String> {
            let aliases = command.get_visible_aliases().map(ToOwned::to_owned);
            std::iter::once(command.get_name().to_owned()).chain(aliases).collect()
        };
        let all: Vec<String> = full.get_subcommands().flat_map(names).collect();
        assert_eq!(all, NAMES);
    }

    #[test]
    fn a_command_line_means_the_same_with_one_command_defined_as_with_all() {
        let lines: [&[&str]; 12] = [
            &["annals", "list", "--limit", "3", "--json"],
            &["annals", "history", "show"],
            &["annals", "show", "list"],
            &["annals", "--store", "list", "show", "orchard"],
            &["annals", "--store", "list", "list"],
            &["annals", "--store", "list"],
            &["annals", "-v", "record", "orchard", "--role", "user", "verify"],
            &["annals", "--quiet", "tag", "orchard", "frost", "-v"],
            &["annals", "help", "list"],
            &["annals", "list", "--help"],
            &["annals", "orchard"],
            &["annals"],
        ];
        for line in lines {
            let line: Vec<OsString> = line.iter().map(OsString::from).collect();
            let (read, expected) = (Cli::read(&line), Cli::try_parse_from(&line));
            assert_eq!(format!("{read:?}"), format!("{expected:?}"), "{line:?}");
        }
    }

    #[test]
    fn the_version_is_told_without_any_command() {
        let line = ["annals", "--version"].map(OsString::from);
        let told = |cli: Result<Cli, clap::Error>| cli.unwrap_err().to_string();
        assert_eq!(told(Cli::read(&line)), told(Cli::try_parse_from(&line)));
    }
}
