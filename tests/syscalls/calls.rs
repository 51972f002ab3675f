//! The system calls that concern files: what they are called, and which file each one means.

use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use nix::libc::{self, c_long, user_regs_struct};
use nix::unistd::Pid;

/// Where a call names its file.
#[derive(Debug, Clone, Copy)]
enum Names {
    /// An open file, in the first argument.
    Open,
    /// A path, in the first argument.
    Path,
    /// A folder and a path from there, in the first two arguments.
    PathFrom,
}

/// The calls that look at, make, change or remove files. Not among them are `close` and `fcntl`,
/// whose answers nobody acts upon.
const CALLS: [(c_long, &str, Names); 32] = [
    (libc::SYS_open, "open", Names::Path),
    (libc::SYS_openat, "openat", Names::PathFrom),
    (libc::SYS_read, "read", Names::Open),
    (libc::SYS_readv, "readv", Names::Open),
    (libc::SYS_pread64, "pread64", Names::Open),
    (libc::SYS_write, "write", Names::Open),
    (libc::SYS_writev, "writev", Names::Open),
    (libc::SYS_pwrite64, "pwrite64", Names::Open),
    (libc::SYS_lseek, "lseek", Names::Open),
    (libc::SYS_fdatasync, "fdatasync", Names::Open),
    (libc::SYS_fsync, "fsync", Names::Open),
    (libc::SYS_ftruncate, "ftruncate", Names::Open),
    (libc::SYS_fallocate, "fallocate", Names::Open),
    (libc::SYS_copy_file_range, "copy_file_range", Names::Open),
    (libc::SYS_flock, "flock", Names::Open),
    (libc::SYS_getdents64, "getdents64", Names::Open),
    (libc::SYS_fstat, "fstat", Names::Open),
    (libc::SYS_statx, "statx", Names::PathFrom),
    (libc::SYS_newfstatat, "newfstatat", Names::PathFrom),
    (libc::SYS_stat, "stat", Names::Path),
    (libc::SYS_lstat, "lstat", Names::Path),
    (libc::SYS_rename, "rename", Names::Path),
    (libc::SYS_renameat, "renameat", Names::PathFrom),
    (libc::SYS_renameat2, "renameat2", Names::PathFrom),
    (libc::SYS_mkdir, "mkdir", Names::Path),
    (libc::SYS_mkdirat, "mkdirat", Names::PathFrom),
    (libc::SYS_rmdir, "rmdir", Names::Path),
    (libc::SYS_unlink, "unlink", Names::Path),
    (libc::SYS_unlinkat, "unlinkat", Names::PathFrom),
    (libc::SYS_linkat, "linkat", Names::PathFrom),
    (libc::SYS_chmod, "chmod", Names::Path),
    (libc::SYS_fchmod, "fchmod", Names::Open),
];

/// One call that concerns a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) file: PathBuf,
    /// The descriptor, where the file was named by one.
    pub(crate) descriptor: Option<u64>,
}

impl Call {
    /// The call that a thread is about to make, if it concerns a file.
    pub(crate) fn about_to_be_made(thread: Pid, registers: &user_regs_struct) -> Option<Self> {
        let number = c_long::try_from(registers.orig_rax).ok()?;
        let (_, name, names) = CALLS.iter().find(|(known, ..)| *known == number)?;
        let (first, second) = (registers.rdi, registers.rsi);
        let here = || std::fs::read_link(format!("/proc/{thread}/cwd")).ok();
        let (file, descriptor) = match names {
            Names::Open => (opened(thread, first)?, Some(first)),
            Names::Path => (here()?.join(text_at(thread, first)?), None),
            Names::PathFrom => {
                let path = text_at(thread, second)?;
                let folder = opened(thread, first).or_else(here)?;
                // An empty path means the open file itself.
                let by_itself = path.as_os_str().is_empty();
                let file = if by_itself { folder } else { folder.join(path) };
                (file, by_itself.then_some(first))
            }
        };
        Some(Self { name, file, descriptor })
    }

    pub(crate) fn writes(&self) -> bool {
        matches!(self.name, "write" | "pwrite64")
    }

    pub(crate) fn syncs(&self) -> bool {
        matches!(self.name, "fdatasync" | "fsync")
    }

    /// Whether a full medium can refuse it.
    pub(crate) fn takes_room(&self) -> bool {
        self.writes() || matches!(self.name, "mkdir" | "mkdirat" | "ftruncate" | "fallocate")
    }

    /// Whether the manual says that a signal can interrupt it, so that it has to be made again.
    pub(crate) fn can_be_interrupted(&self) -> bool {
        self.writes()
            || self.syncs()
            || matches!(self.name, "open" | "openat" | "read" | "pread64" | "ftruncate" | "flock")
    }
}

fn opened(thread: Pid, descriptor: u64) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{thread}/fd/{descriptor}")).ok()
}

/// The text that ends with a NUL in the memory of a thread.
fn text_at(thread: Pid, address: u64) -> Option<PathBuf> {
    let memory = File::open(format!("/proc/{thread}/mem")).ok()?;
    let mut text = vec![0; libc::PATH_MAX as usize];
    let read = memory.read_at(&mut text, address).ok()?;
    let end = text[..read].iter().position(|&byte| byte == 0)?;
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(&text[..end])))
}
