//! Errors put into a medium.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use annals::disk::{Access, Disk, DiskFile, DiskOperation, Fault, FaultyDisk, MemoryDisk};

const EIO: i32 = 5;

fn faulty() -> (FaultyDisk, MemoryDisk, Box<dyn DiskFile>) {
    let memory = MemoryDisk::new();
    let disk = FaultyDisk::new(Arc::new(memory.clone()));
    let file = disk.open(Path::new("/file"), Access::CreateNew).unwrap();
    (disk, memory, file)
}

#[test]
fn only_the_nth_call_from_now_fails_and_does_nothing() {
    let (disk, memory, file) = faulty();
    file.write_at(0, b"0").unwrap();
    disk.fail(DiskOperation::Write, 2, Fault::Errno(EIO));

    file.write_at(1, b"1").unwrap();
    let error = file.write_at(2, b"2").unwrap_err();
    file.write_at(2, b"3").unwrap();

    assert_eq!(error.source.raw_os_error(), Some(EIO));
    assert_eq!((error.operation, &*error.path), (DiskOperation::Write, Path::new("/file")));
    assert_eq!(memory.image()[Path::new("/file")], b"013");
}

#[test]
fn a_lasting_fault_ends_when_it_is_healed() {
    let (disk, memory, file) = faulty();
    disk.fail_from(DiskOperation::SyncData, 2, Fault::Error(ErrorKind::Other));

    file.sync_data().unwrap();
    file.sync_data().unwrap_err();
    file.write_at(0, b"unsynced").unwrap();
    file.sync_data().unwrap_err();
    disk.sync_dir(Path::new("/")).unwrap();
    assert_eq!(memory.crash().image()[Path::new("/file")], b"");
    disk.heal();
    file.sync_data().unwrap();

    assert_eq!(memory.crash().image()[Path::new("/file")], b"unsynced");
}

#[test]
fn a_short_write_stores_its_bytes_and_says_that_the_medium_is_full() {
    let (disk, memory, file) = faulty();
    disk.fail(DiskOperation::Write, 1, Fault::ShortWrite { bytes: 3 });

    let error = file.write_at(0, b"abcdef").unwrap_err();

    assert_eq!(error.kind(), ErrorKind::StorageFull);
    assert_eq!(memory.image()[Path::new("/file")], b"abc");
}

#[test]
fn a_fault_of_one_file_spares_the_others() {
    let (disk, _, file) = faulty();
    disk.fail_file("other", DiskOperation::Write, 1, Fault::Errno(EIO));
    let other = disk.open(Path::new("/other"), Access::CreateNew).unwrap();

    file.write_at(0, b"fine").unwrap();

    other.write_at(0, b"lost").unwrap_err();
}

#[test]
fn calls_are_counted_by_operation_whether_they_fail_or_not() {
    let (disk, _, file) = faulty();
    disk.fail(DiskOperation::SyncData, 1, Fault::Errno(EIO));

    file.sync_data().unwrap_err();
    file.sync_data().unwrap();
    disk.info(Path::new("/file")).unwrap();
    file.info().unwrap();

    assert_eq!(disk.calls(DiskOperation::Open), 1);
    assert_eq!(disk.calls(DiskOperation::SyncData), 2);
    assert_eq!(disk.calls(DiskOperation::Info), 2);
    assert_eq!(disk.calls(DiskOperation::Write), 0);
}

#[test]
fn every_operation_can_fail() {
    use DiskOperation as O;
    let (disk, memory, file) = faulty();
    let path = Path::new("/path");
    type Call<'a> = (O, Box<dyn Fn() -> Option<O> + 'a>);
    fn of<T>(answer: Result<T, annals::disk::DiskError>) -> Option<O> {
        answer.err().map(|error| error.operation)
    }
    let calls: Vec<Call<'_>> = vec![
        (O::Open, Box::new(|| of(disk.open(path, Access::OpenOrCreate)))),
        (O::CreateDir, Box::new(|| of(disk.create_dir(path)))),
        (O::CreateDir, Box::new(|| of(disk.create_dir_all(path)))),
        (O::ListDir, Box::new(|| of(disk.list_dir(Path::new("/"))))),
        (O::Info, Box::new(|| of(disk.info(path)))),
        (O::Rename, Box::new(|| of(disk.rename(Path::new("/file"), path)))),
        (O::Rename, Box::new(|| of(disk.rename_new(Path::new("/file"), path)))),
        (O::Remove, Box::new(|| of(disk.remove_file(Path::new("/file"))))),
        (O::Remove, Box::new(|| of(disk.remove_dir_all(Path::new("/"))))),
        (O::SyncDir, Box::new(|| of(disk.sync_dir(Path::new("/"))))),
        (O::Read, Box::new(|| of(file.read_at(0, &mut [0])))),
        (O::Write, Box::new(|| of(file.write_at(0, b"x")))),
        (O::SetLen, Box::new(|| of(file.set_len(9)))),
        (O::Info, Box::new(|| of(file.info()))),
        (O::SyncData, Box::new(|| of(file.sync_data()))),
        (O::Lock, Box::new(|| of(file.try_lock(annals::disk::LockMode::Shared)))),
    ];
    for (operation, call) in calls {
        disk.fail(operation, 1, Fault::Error(ErrorKind::PermissionDenied));

        assert_eq!(call(), Some(operation));
    }
    let left: Vec<_> = memory.image().into_iter().collect();
    assert_eq!(left, [("/file".into(), Vec::new())]);
}
