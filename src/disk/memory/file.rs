//! An open file of a disk in memory.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rustix::io::Errno;

use super::locked;
use super::state::State;
use super::trace::Traced;
use crate::disk::{DiskError, DiskFile, DiskOperation, EntryInfo, LockMode};

/// The longest file, in bytes: a damaged length must not exhaust the memory.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// An open file; its lock goes with it when it is dropped.
#[derive(Debug)]
pub(super) struct MemoryFile {
    pub(super) state: Arc<Mutex<State>>,
    pub(super) path: PathBuf,
    pub(super) inode: u64,
    pub(super) handle: u64,
    pub(super) writable: bool,
}

impl MemoryFile {
    /// Runs an operation alone on the disk.
    fn run<T>(
        &self,
        operation: DiskOperation,
        run: impl FnOnce(&mut State) -> io::Result<T>,
    ) -> Result<T, DiskError> {
        run(&mut locked(&self.state))
            .map_err(|source| DiskError::new(operation, &self.path, source))
    }

    fn check_writable(&self, refusal: Errno) -> io::Result<()> {
        if self.writable { Ok(()) } else { Err(refusal.into()) }
    }
}

impl DiskFile for MemoryFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, DiskError> {
        self.run(DiskOperation::Read, |state| {
            let (live, _) = state.bytes_mut(self.inode)?;
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            let rest = live.get(start..).unwrap_or_default();
            let read = rest.len().min(buffer.len());
            if let (Some(target), Some(bytes)) = (buffer.get_mut(..read), rest.get(..read)) {
                target.copy_from_slice(bytes);
            }
            Ok(read)
        })
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.run(DiskOperation::Write, |state| {
            self.check_writable(Errno::BADF)?;
            let (live, _) = state.bytes_mut(self.inode)?;
            let (start, end) = bounded_range(offset, bytes.len())?;
            if live.len() < end && !bytes.is_empty() {
                live.resize(end, 0);
            }
            if let Some(target) = live.get_mut(start..end) {
                target.copy_from_slice(bytes);
            }
            state.touch(self.inode);
            state.traced(|| Traced::Write { inode: self.inode, offset, bytes: bytes.to_owned() });
            Ok(())
        })
    }

    fn append(&self, bytes: &[u8]) -> Result<(), DiskError> {
        self.run(DiskOperation::Write, |state| {
            self.check_writable(Errno::BADF)?;
            let (live, _) = state.bytes_mut(self.inode)?;
            let offset = live.len() as u64;
            bounded_range(offset, bytes.len())?;
            live.extend_from_slice(bytes);
            state.touch(self.inode);
            state.traced(|| Traced::Write { inode: self.inode, offset, bytes: bytes.to_owned() });
            Ok(())
        })
    }

    fn set_len(&self, len: u64) -> Result<(), DiskError> {
        self.run(DiskOperation::SetLen, |state| {
            self.check_writable(Errno::INVAL)?;
            let (live, _) = state.bytes_mut(self.inode)?;
            live.resize(bounded_range(len, 0)?.1, 0);
            state.touch(self.inode);
            state.traced(|| Traced::SetLen { inode: self.inode, len });
            Ok(())
        })
    }

    fn info(&self) -> Result<EntryInfo, DiskError> {
        self.run(DiskOperation::Info, |state| {
            let node = state.nodes.get(&self.inode).ok_or(io::ErrorKind::NotFound)?;
            Ok(state.info(self.inode, node))
        })
    }

    fn sync_data(&self) -> Result<(), DiskError> {
        self.run(DiskOperation::SyncData, |state| {
            let (live, durable) = state.bytes_mut(self.inode)?;
            durable.clone_from(live);
            state.traced(|| Traced::SyncData { inode: self.inode });
            Ok(())
        })
    }

    fn try_lock(&self, mode: LockMode) -> Result<bool, DiskError> {
        Ok(locked(&self.state).try_lock(self.inode, self.handle, mode))
    }

    fn unlock(&self) -> Result<(), DiskError> {
        locked(&self.state).unlock(self.inode, self.handle);
        Ok(())
    }
}

impl Drop for MemoryFile {
    fn drop(&mut self) {
        locked(&self.state).unlock(self.inode, self.handle);
    }
}

fn bounded_range(offset: u64, len: usize) -> io::Result<(usize, usize)> {
    let end = offset.saturating_add(len as u64);
    if end > FILE_BYTES_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let start = usize::try_from(offset).map_err(|_| io::ErrorKind::FileTooLarge)?;
    Ok((start, start + len))
}
