//! A disk between the product and the medium: it can forget calls, or end with its process.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use annals::disk::{
    Access, Disk, DiskError, DiskFile, DiskOperation, EntryInfo, EntryKind, LockMode,
};

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It reaches the medium.
    Pass,
    /// It is answered as if it had been done, and never reaches the medium. For syncs only.
    Forget,
    /// The process was killed before: this and all later calls come to nothing.
    Killed,
}

type Rule = Arc<dyn Fn(DiskOperation, &Path) -> Fate + Send + Sync>;

/// Another disk, behind a rule.
#[derive(Clone)]
pub struct Intercepted {
    inner: Arc<dyn Disk>,
    rule: Rule,
}

struct InterceptedFile {
    inner: Box<dyn DiskFile>,
    path: PathBuf,
    rule: Rule,
}

impl Intercepted {
    /// A disk that forgets the syncs which `forgotten` picks out.
    #[allow(dead_code, reason = "shared by the runners")]
    pub fn forgetting(
        inner: Arc<dyn Disk>,
        forgotten: impl Fn(DiskOperation, &Path) -> bool + Send + Sync + 'static,
    ) -> Arc<dyn Disk> {
        let rule = move |operation, path: &Path| {
            let is_sync = matches!(operation, DiskOperation::SyncData | DiskOperation::SyncDir);
            if is_sync && forgotten(operation, path) { Fate::Forget } else { Fate::Pass }
        };
        Arc::new(Self { inner, rule: Arc::new(rule) })
    }

    /// A disk that shows every call to a watcher before it is made, and may be kept waiting by it.
    #[allow(dead_code, reason = "shared by the runners")]
    pub fn watched(
        inner: Arc<dyn Disk>,
        watch: impl Fn(DiskOperation, &Path) + Send + Sync + 'static,
    ) -> Arc<dyn Disk> {
        let rule = move |operation, path: &Path| {
            watch(operation, path);
            Fate::Pass
        };
        Arc::new(Self { inner, rule: Arc::new(rule) })
    }

    /// The disk of a process that is killed after so many calls that change or sync something,
    /// and the number of those that it asked for.
    pub fn mortal(inner: Arc<dyn Disk>, calls_max: usize) -> (Arc<dyn Disk>, Arc<AtomicUsize>) {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let rule = move |operation, _: &Path| {
            let killed = if is_change(operation) {
                calls.fetch_add(1, Ordering::SeqCst) >= calls_max
            } else {
                calls.load(Ordering::SeqCst) > calls_max
            };
            if killed { Fate::Killed } else { Fate::Pass }
        };
        (Arc::new(Self { inner, rule: Arc::new(rule) }), counted)
    }
}

fn is_change(operation: DiskOperation) -> bool {
    match operation {
        DiskOperation::CreateDir
        | DiskOperation::Rename
        | DiskOperation::Remove
        | DiskOperation::SyncDir
        | DiskOperation::Write
        | DiskOperation::SetLen
        | DiskOperation::SyncData => true,
        DiskOperation::Open
        | DiskOperation::ListDir
        | DiskOperation::Info
        | DiskOperation::Read
        | DiskOperation::Lock => false,
    }
}

/// Asks the rule before a call.
fn pass<T>(
    rule: &Rule,
    operation: DiskOperation,
    path: &Path,
    call: impl FnOnce() -> Result<T, DiskError>,
    forgotten: impl FnOnce() -> T,
) -> Result<T, DiskError> {
    match rule(operation, path) {
        Fate::Pass => call(),
        Fate::Forget => Ok(forgotten()),
        Fate::Killed => {
            Err(DiskError::new(operation, path, io::Error::other("the process was killed")))
        }
    }
}

fn never<T>() -> T {
    unreachable!("only syncs are forgotten")
}

impl Intercepted {
    fn pass<T>(
        &self,
        operation: DiskOperation,
        path: &Path,
        call: impl FnOnce(&dyn Disk) -> Result<T, DiskError>,
    ) -> Result<T, DiskError> {
        pass(&self.rule, operation, path, || call(&*self.inner), never)
    }
}

impl InterceptedFile {
    fn pass<T>(
        &self,
        operation: DiskOperation,
        call: impl FnOnce(&dyn DiskFile) -> Result<T, DiskError>,
    ) -> Result<T, DiskError> {
        pass(&self.rule, operation, &self.path, || call(&*self.inner), never)
    }
}

impl fmt::Debug for Intercepted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Intercepted").finish_non_exhaustive()
    }
}

impl fmt::Debug for InterceptedFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("InterceptedFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Disk for Intercepted {
    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn DiskFile>, DiskError> {
        let inner = self.pass(DiskOperation::Open, path, |disk| disk.open(path, access))?;
        Ok(Box::new(InterceptedFile { inner, path: path.to_owned(), rule: Arc::clone(&self.rule) }))
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
        let call = || self.inner.sync_dir(path);
        pass(&self.rule, DiskOperation::SyncDir, path, call, || ())
    }

    fn boot_id(&self) -> Option<String> {
        self.inner.boot_id()
    }

    fn now_ns(&self) -> i64 {
        self.inner.now_ns()
    }
}

impl DiskFile for InterceptedFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, DiskError> {
        self.pass(DiskOperation::Read, |file| file.read_at(offset, buffer))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.pass(DiskOperation::Write, |file| file.write_at(offset, bytes))
    }

    fn append(&self, bytes: &[u8]) -> Result<(), DiskError> {
        self.pass(DiskOperation::Write, |file| file.append(bytes))
    }

    fn set_len(&self, len: u64) -> Result<(), DiskError> {
        self.pass(DiskOperation::SetLen, |file| file.set_len(len))
    }

    fn info(&self) -> Result<EntryInfo, DiskError> {
        self.pass(DiskOperation::Info, |file| file.info())
    }

    fn sync_data(&self) -> Result<(), DiskError> {
        let call = || self.inner.sync_data();
        pass(&self.rule, DiskOperation::SyncData, &self.path, call, || ())
    }

    fn try_lock(&self, mode: LockMode) -> Result<bool, DiskError> {
        self.pass(DiskOperation::Lock, |file| file.try_lock(mode))
    }

    fn unlock(&self) -> Result<(), DiskError> {
        self.inner.unlock()
    }
}
