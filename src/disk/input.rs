//! Files that people name on a command line. They are no part of a store: links are followed, and
//! a pipe is as welcome as a file.

#![allow(clippy::disallowed_types, reason = "this is the disk layer")]

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::{DiskError, DiskOperation};

/// A file that is being read.
#[derive(Debug)]
pub struct Input(File);

/// Opens a file for reading, wherever its path leads.
///
/// # Errors
///
/// What the system says.
pub fn open_input(path: &Path) -> Result<Input, DiskError> {
    let file = File::open(path);
    file.map(Input).map_err(|source| DiskError::new(DiskOperation::Open, path, source))
}

impl Input {
    /// Its permission bits.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn mode(&self) -> io::Result<u32> {
        Ok(self.0.metadata()?.mode() & 0o7777)
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}
