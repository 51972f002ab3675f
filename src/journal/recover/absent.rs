//! What stands for a journal's file where there is none.

use crate::disk::{
    DiskError, DiskFile, DiskOperation, EntryInfo, EntryKind, FileIdentity, LockMode,
};

/// A file without a byte, on no medium.
#[derive(Debug)]
pub(super) struct Absent;

impl Absent {
    fn refuse<T>(operation: DiskOperation) -> Result<T, DiskError> {
        let source = std::io::ErrorKind::ReadOnlyFilesystem.into();
        Err(DiskError::new(operation, std::path::Path::new("journal.jsonl"), source))
    }
}

impl DiskFile for Absent {
    fn read_at(&self, _offset: u64, _buffer: &mut [u8]) -> Result<usize, DiskError> {
        Ok(0)
    }

    fn write_at(&self, _offset: u64, _bytes: &[u8]) -> Result<(), DiskError> {
        Self::refuse(DiskOperation::Write)
    }

    fn append(&self, _bytes: &[u8]) -> Result<(), DiskError> {
        Self::refuse(DiskOperation::Write)
    }

    fn set_len(&self, _len: u64) -> Result<(), DiskError> {
        Self::refuse(DiskOperation::SetLen)
    }

    fn info(&self) -> Result<EntryInfo, DiskError> {
        let identity = FileIdentity { device: 0, inode: 0 };
        Ok(EntryInfo { kind: EntryKind::File, len: 0, mode: 0o600, identity, changed_ns: 0 })
    }

    fn sync_data(&self) -> Result<(), DiskError> {
        Self::refuse(DiskOperation::SyncData)
    }

    fn try_lock(&self, _mode: LockMode) -> Result<bool, DiskError> {
        Self::refuse(DiskOperation::Lock)
    }

    fn unlock(&self) -> Result<(), DiskError> {
        Self::refuse(DiskOperation::Lock)
    }
}
