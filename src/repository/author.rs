//! Who runs this process. The only place where the environment is read for it.

use std::env;
use std::path::Path;

use crate::vocabulary::Author;

/// Who runs this process, as far as the environment tells: `USER` or `LOGNAME`, otherwise the
/// numeric user id; the machine's name; the process id; the program's file name; and the version
/// of annals, which a program that embeds it replaces by its own.
#[must_use]
pub fn author_from_environment() -> Author {
    let author = Author {
        user: user(),
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        pid: std::process::id(),
        program: program(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    author.bounded()
}

fn user() -> String {
    ["USER", "LOGNAME"]
        .into_iter()
        .filter_map(|name| env::var(name).ok())
        .find(|user| !user.is_empty())
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

fn program() -> String {
    let path = env::current_exe().ok().or_else(|| env::args_os().next().map(Into::into));
    let name = path.as_deref().and_then(Path::file_name);
    name.map_or_else(|| "unknown".to_owned(), |name| name.to_string_lossy().into_owned())
}
