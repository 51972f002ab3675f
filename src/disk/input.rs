//! Files that people name on a command line. They are no part of a store: links are followed, and
//! a pipe is as welcome as a file.

#![allow(clippy::disallowed_types, reason = "this is the disk layer")]

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{DiskError, DiskOperation};

/// Opens a file for reading, wherever its path leads.
///
/// # Errors
///
/// What the system says.
pub fn open_input(path: &Path) -> Result<impl Read + Send + use<>, DiskError> {
    File::open(path).map_err(|source| DiskError::new(DiskOperation::Open, path, source))
}
