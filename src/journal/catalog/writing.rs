//! Writing a file of rows.

use std::ops::ControlFlow;

use super::layers::{Layers, Reading};
use super::unfolded::Unfolded;
use super::view::Unusable;
use crate::disk::{Access, Disk, DiskError, DiskFile};
use crate::format::catalog::{BaseFile, BaseWriter, Row, file_name};
use crate::format::layout::CatalogPaths;

/// Writes the rows that were told, and those of files of which nothing was told since.
pub(super) fn write_base(
    disk: &dyn Disk,
    paths: &CatalogPaths,
    mut layers: Layers,
    unfolded: &Unfolded,
) -> Result<BaseFile, Unusable> {
    let name = file_name("base");
    let file = disk.open(&paths.file(&name), Access::CreateNew)?;
    let mut out = Out { file, at: 0, writer: BaseWriter::default() };
    let mut written = Ok(());
    layers.visit(unfolded, Reading::Allowed, |row| {
        written = out.put(row);
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    written?;
    Ok(out.finish(name)?)
}

/// A file that is being written.
struct Out {
    file: Box<dyn DiskFile>,
    at: u64,
    writer: BaseWriter,
}

impl Out {
    fn put(&mut self, row: &Row) -> Result<(), DiskError> {
        match self.writer.put(row) {
            Some(block) => self.append(&block),
            None => Ok(()),
        }
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), DiskError> {
        self.file.write_at(self.at, bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn finish(mut self, name: String) -> Result<BaseFile, DiskError> {
        let (rest, base) = std::mem::take(&mut self.writer).finish(name);
        self.append(&rest)?;
        Ok(base)
    }
}
