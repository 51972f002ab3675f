//! Another medium, with errors put in.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;

use super::{Access, Disk, DiskError, DiskFile, DiskOperation, EntryInfo, EntryKind, LockMode};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call does nothing and answers an error of this kind.
    Error(io::ErrorKind),
    /// The call does nothing and answers this error number of the system, such as 5 for EIO.
    Errno(i32),
    /// A write stores this many of its bytes and answers that the medium is full. Any other call
    /// stores nothing and answers the same.
    ShortWrite {
        /// How many bytes are stored; all of them if there are fewer.
        bytes: usize,
    },
}

impl Fault {
    fn error(self) -> io::Error {
        match self {
            Self::Error(kind) => kind.into(),
            Self::Errno(number) => io::Error::from_raw_os_error(number),
            Self::ShortWrite { .. } => Errno::NOSPC.into(),
        }
    }
}

/// A medium that passes every call on to another one, counts it, and fails those it is told to.
/// A clone is the same medium. Unlocking is neither counted nor failed.
#[derive(Debug, Clone)]
pub struct FaultyDisk {
    inner: Arc<dyn Disk>,
    script: Script,
}

#[derive(Debug)]
struct FaultyFile {
    inner: Box<dyn DiskFile>,
    path: PathBuf,
    script: Script,
}

/// What is to fail, and what has been called.
#[derive(Debug, Clone, Default)]
struct Script(Arc<Mutex<Calls>>);

#[derive(Debug, Default)]
struct Calls {
    counts: HashMap<DiskOperation, u64>,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    operation: DiskOperation,
    /// The last component of the path; any if `None`.
    file_name: Option<String>,
    /// How many matching calls are let through before the fault.
    spared: u64,
    fault: Fault,
    /// Every matching call after it fails too.
    lasting: bool,
    spent: bool,
}

impl FaultyDisk {
    /// A medium in front of another one, without faults.
    #[must_use]
    pub fn new(inner: Arc<dyn Disk>) -> Self {
        Self { inner, script: Script::default() }
    }

    /// Lets the `nth` call of an operation fail, counted from now and from 1; 0 is taken for 1.
    pub fn fail(&self, operation: DiskOperation, nth: u64, fault: Fault) {
        self.script.add(operation, None, nth, fault, false);
    }

    /// Lets the `nth` call of an operation fail, and every one after it until
    /// [`heal`](Self::heal).
    pub fn fail_from(&self, operation: DiskOperation, nth: u64, fault: Fault) {
        self.script.add(operation, None, nth, fault, true);
    }

    /// Lets the `nth` call of an operation on paths with this last component fail, so that a
    /// test need not count what happens to other files.
    pub fn fail_file(&self, name: &str, operation: DiskOperation, nth: u64, fault: Fault) {
        self.script.add(operation, Some(name.to_owned()), nth, fault, false);
    }

    /// Takes all faults back.
    pub fn heal(&self) {
        self.script.calls().rules.clear();
    }

    /// How often an operation has been called, failed calls included.
    #[must_use]
    pub fn calls(&self, operation: DiskOperation) -> u64 {
        self.script.calls().counts.get(&operation).copied().unwrap_or_default()
    }

    fn pass<T>(
        &self,
        operation: DiskOperation,
        path: &Path,
        call: impl FnOnce(&dyn Disk) -> Result<T, DiskError>,
    ) -> Result<T, DiskError> {
        self.script.check(operation, path)?;
        call(&*self.inner)
    }
}

impl FaultyFile {
    fn pass<T>(
        &self,
        operation: DiskOperation,
        call: impl FnOnce(&dyn DiskFile) -> Result<T, DiskError>,
    ) -> Result<T, DiskError> {
        self.script.check(operation, &self.path)?;
        call(&*self.inner)
    }
}

impl Script {
    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(
        &self,
        operation: DiskOperation,
        file_name: Option<String>,
        nth: u64,
        fault: Fault,
        lasting: bool,
    ) {
        let spared = nth.saturating_sub(1);
        let rule = Rule { operation, file_name, spared, fault, lasting, spent: false };
        self.calls().rules.push(rule);
    }

    /// Counts a call, and says what is to go wrong with it.
    fn next_fault(&self, operation: DiskOperation, path: &Path) -> Option<Fault> {
        let mut calls = self.calls();
        *calls.counts.entry(operation).or_default() += 1;
        let mut fault = None;
        // Every rule counts the call, even if an earlier one fails it.
        for rule in calls.rules.iter_mut().filter(|rule| rule.concerns(operation, path)) {
            if rule.spared > 0 {
                rule.spared -= 1;
            } else {
                rule.spent = !rule.lasting;
                fault = fault.or(Some(rule.fault));
            }
        }
        calls.rules.retain(|rule| !rule.spent);
        fault
    }

    fn check(&self, operation: DiskOperation, path: &Path) -> Result<(), DiskError> {
        match self.next_fault(operation, path) {
            Some(fault) => Err(DiskError::new(operation, path, fault.error())),
            None => Ok(()),
        }
    }
}

impl Rule {
    fn concerns(&self, operation: DiskOperation, path: &Path) -> bool {
        let named = |name: &String| path.file_name().is_some_and(|last| last == name.as_str());
        self.operation == operation && self.file_name.as_ref().is_none_or(named)
    }
}

impl Disk for FaultyDisk {
    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn DiskFile>, DiskError> {
        let inner = self.pass(DiskOperation::Open, path, |disk| disk.open(path, access))?;
        Ok(Box::new(FaultyFile { inner, path: path.to_owned(), script: self.script.clone() }))
    }

    fn create_dir(&self, path: &Path) -> Result<(), DiskError> {
        self.pass(DiskOperation::CreateDir, path, |disk| disk.create_dir(path))
    }

    fn create_dir_all(&self, path: &Path) -> Result<(), DiskError> {
        self.pass(DiskOperation::CreateDir, path, |disk| disk.create_dir_all(path))
    }

    fn list_dir(&self, path: &Path) -> Result<Vec<(String, EntryKind)>, DiskError> {
        self.pass(DiskOperation::ListDir, path, |disk| disk.list_dir(path))
    }

    fn info(&self, path: &Path) -> Result<Option<EntryInfo>, DiskError> {
        self.pass(DiskOperation::Info, path, |disk| disk.info(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.pass(DiskOperation::Rename, from, |disk| disk.rename(from, to))
    }

    fn rename_new(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.pass(DiskOperation::Rename, from, |disk| disk.rename_new(from, to))
    }

    fn remove_file(&self, path: &Path) -> Result<(), DiskError> {
        self.pass(DiskOperation::Remove, path, |disk| disk.remove_file(path))
    }

    fn remove_dir_all(&self, path: &Path) -> Result<(), DiskError> {
        self.pass(DiskOperation::Remove, path, |disk| disk.remove_dir_all(path))
    }

    fn sync_dir(&self, path: &Path) -> Result<(), DiskError> {
        self.pass(DiskOperation::SyncDir, path, |disk| disk.sync_dir(path))
    }

    fn boot_id(&self) -> Option<String> {
        self.inner.boot_id()
    }

    fn now_ns(&self) -> i64 {
        self.inner.now_ns()
    }
}

impl DiskFile for FaultyFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, DiskError> {
        self.pass(DiskOperation::Read, |file| file.read_at(offset, buffer))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        let Some(fault) = self.script.next_fault(DiskOperation::Write, &self.path) else {
            return self.inner.write_at(offset, bytes);
        };
        if let Fault::ShortWrite { bytes: stored } = fault {
            self.inner.write_at(offset, bytes.get(..stored).unwrap_or(bytes))?;
        }
        Err(DiskError::new(DiskOperation::Write, &self.path, fault.error()))
    }

    fn append(&self, bytes: &[u8]) -> Result<(), DiskError> {
        let Some(fault) = self.script.next_fault(DiskOperation::Write, &self.path) else {
            return self.inner.append(bytes);
        };
        if let Fault::ShortWrite { bytes: stored } = fault {
            self.inner.append(bytes.get(..stored).unwrap_or(bytes))?;
        }
        Err(DiskError::new(DiskOperation::Write, &self.path, fault.error()))
    }

    fn set_len(&self, len: u64) -> Result<(), DiskError> {
        self.pass(DiskOperation::SetLen, |file| file.set_len(len))
    }

    fn info(&self) -> Result<EntryInfo, DiskError> {
        self.pass(DiskOperation::Info, |file| file.info())
    }

    fn sync_data(&self) -> Result<(), DiskError> {
        self.pass(DiskOperation::SyncData, |file| file.sync_data())
    }

    fn try_lock(&self, mode: LockMode) -> Result<bool, DiskError> {
        self.pass(DiskOperation::Lock, |file| file.try_lock(mode))
    }

    fn unlock(&self) -> Result<(), DiskError> {
        self.inner.unlock()
    }
}
