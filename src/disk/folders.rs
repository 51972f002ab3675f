//! Reading the operating system's folders.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::{Errno, retry_on_intr};

use super::real::look;
use super::{EntryKind, Folder, Look};

pub(super) fn open_dir(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    Ok(retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()))?)
}

pub(super) fn entries(path: &Path) -> io::Result<Vec<(String, EntryKind)>> {
    let mut dir = Dir::new(open_dir(path)?)?;
    let mut found = Vec::new();
    while let Some(entry) = dir.read() {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let kind = match entry.file_type() {
            // Some file systems tell the type only when asked about the entry itself.
            FileType::Unknown => {
                match rustix::fs::statat(dir.fd()?, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                    Err(Errno::NOENT) => continue,
                    Err(errno) => return Err(errno.into()),
                }
            }
            known => known,
        };
        found.push((name.to_string_lossy().into_owned(), entry_kind(kind)));
    }
    Ok(found)
}

pub(super) fn look_into(path: &Path) -> io::Result<Option<Folder>> {
    let folder = match open_dir(path) {
        Ok(folder) => folder,
        // What is no folder is not opened as one: it is missing, or something else.
        Err(error) => {
            return match look(path)? {
                Some(info) if info.kind == EntryKind::Directory => Err(error),
                other => Ok(other.map(|info| Folder { itself: info.into(), entries: Vec::new() })),
            };
        }
    };
    let itself = look_of(&rustix::fs::fstat(&folder)?);
    let mut dir = Dir::new(folder)?;
    let mut entries = Vec::new();
    while let Some(entry) = dir.read() {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        match rustix::fs::statat(dir.fd()?, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => entries.push((name.to_string_lossy().into_owned(), look_of(&stat))),
            Err(Errno::NOENT) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(Some(Folder { itself, entries }))
}

#[allow(clippy::useless_conversion, reason = "the bits have another width on other systems")]
fn look_of(stat: &Stat) -> Look {
    let kind = entry_kind(FileType::from_raw_mode(stat.st_mode));
    Look { kind, mode: u32::from(stat.st_mode) & 0o7777 }
}

pub(super) fn entry_kind(kind: FileType) -> EntryKind {
    match kind {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => EntryKind::Link,
        _ => EntryKind::Other,
    }
}
