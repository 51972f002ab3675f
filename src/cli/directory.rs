//! Working directories as arguments.

use std::path::{Path, PathBuf};

use super::error::CliError;

const HINT: &str = "name a directory whose path is UTF-8";

/// The directory as an absolute path, so that it means the same from anywhere.
///
/// # Errors
///
/// The path is empty or not UTF-8, or there is no current directory for it to start from.
pub(super) fn absolute(directory: PathBuf) -> Result<String, CliError> {
    let path =
        std::path::absolute(&directory).map_err(|error| refused(&directory, &error.to_string()))?;
    path.into_os_string().into_string().map_err(|path| refused(Path::new(&path), "it is not UTF-8"))
}

/// The current directory.
///
/// # Errors
///
/// It is gone, or its path is not UTF-8.
pub(super) fn current() -> Result<String, CliError> {
    let here =
        std::env::current_dir().map_err(|error| refused(Path::new("."), &error.to_string()))?;
    absolute(here)
}

fn refused(directory: &Path, why: &str) -> CliError {
    let message = format!("{:?} cannot be a working directory: {why}", directory.display());
    CliError::Usage { message, hint: HINT }
}
