//! Locks between opens of one process, on the real medium and in memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use annals::disk::{
    Access, Disk, DiskOperation, Fault, FaultyDisk, FileLock, LockError, LockState, MemoryDisk,
    Previous, RealDisk,
};

use crate::people::holder;

const AT_ONCE: Duration = Duration::ZERO;
const PATIENT: Duration = Duration::from_secs(60);

/// Runs a test on the real medium and in memory, with a path for a lock file.
fn on_each_disk(test: impl Fn(&dyn Disk, &Path)) {
    let home = tempfile::tempdir().unwrap();
    test(&RealDisk, &home.path().join("lock"));
    test(&MemoryDisk::new(), Path::new("/lock"));
}

fn content(disk: &dyn Disk, path: &Path) -> String {
    let file = disk.open(path, Access::Read).unwrap();
    let mut bytes = vec![0; 16 * 1024];
    let count = file.read_at(0, &mut bytes).unwrap();
    bytes.truncate(count);
    String::from_utf8(bytes).unwrap()
}

/// Leaves the lock file as a holder does that dies.
fn die_holding(disk: &dyn Disk, path: &Path, user: &str) {
    let lock = FileLock::open(disk, path).unwrap();
    let (guard, _) = lock.exclusive(&holder(user), AT_ONCE).unwrap();
    let dying = content(disk, path);
    drop(guard);
    disk.open(path, Access::Write).unwrap().write_at(0, dying.as_bytes()).unwrap();
}

#[test]
fn one_holder_keeps_another_open_out_and_is_named_by_the_timeout() {
    on_each_disk(|disk, path| {
        let (first, second) =
            (FileLock::open(disk, path).unwrap(), FileLock::open(disk, path).unwrap());
        let (guard, previous) = first.exclusive(&holder("ann"), AT_ONCE).unwrap();

        let error = second.exclusive(&holder("bob"), Duration::from_millis(1)).unwrap_err();
        let message = error.to_string();
        let LockError::Timeout { path: locked, waited, holder: named } = error else {
            panic!("{message}")
        };
        drop(guard);
        let (_guard, after) = second.exclusive(&holder("bob"), AT_ONCE).unwrap();

        assert_eq!(previous, Previous::default());
        assert_eq!(after, Previous::default());
        assert_eq!(locked, path);
        assert!(waited >= Duration::from_millis(1));
        assert_eq!(named.map(|named| *named), Some(holder("ann")));
        assert!(message.contains("agent (pid 4711 of ann on mill)"), "{message}");
    });
}

#[test]
fn readers_share_and_leave_no_name() {
    on_each_disk(|disk, path| {
        let (first, second, writer) = (
            FileLock::open(disk, path).unwrap(),
            FileLock::open(disk, path).unwrap(),
            FileLock::open(disk, path).unwrap(),
        );
        let (one, other) = (first.shared(AT_ONCE).unwrap(), second.shared(AT_ONCE).unwrap());

        let refused = writer.exclusive(&holder("ann"), AT_ONCE).unwrap_err();
        assert!(matches!(refused, LockError::Timeout { holder: None, .. }), "{refused}");
        assert_eq!(FileLock::probe(disk, path).unwrap(), LockState::Free);
        drop((one, other));
        let (_guard, _) = writer.exclusive(&holder("ann"), AT_ONCE).unwrap();
        first.shared(AT_ONCE).unwrap_err();
    });
}

#[test]
fn two_threads_that_share_a_handle_wait_for_each_other() {
    on_each_disk(|disk, path| {
        let lock = FileLock::open(disk, path).unwrap();
        let mut entered = 0;
        let inside = std::sync::Mutex::new(&mut entered);

        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let (_guard, _) = lock.exclusive(&holder("ann"), PATIENT).unwrap();
                        // Nobody else may be inside: the mutex must be free.
                        **inside.try_lock().expect("two are inside") += 1;
                    }
                });
            }
        });

        assert_eq!(entered, 200);
    });
}

#[test]
fn a_handle_gives_out_one_guard_at_a_time() {
    on_each_disk(|disk, path| {
        let lock = FileLock::open(disk, path).unwrap();
        let (guard, _) = lock.exclusive(&holder("ann"), AT_ONCE).unwrap();

        lock.exclusive(&holder("ann"), AT_ONCE).unwrap_err();
        lock.shared(AT_ONCE).unwrap_err();
        let other = FileLock::open(disk, path).unwrap();
        other.exclusive(&holder("bob"), AT_ONCE).unwrap_err();
        drop(guard);

        drop(lock.exclusive(&holder("ann"), AT_ONCE).unwrap());
    });
}

#[test]
fn a_probe_names_the_holder_and_makes_no_file() {
    on_each_disk(|disk, path| {
        assert_eq!(FileLock::probe(disk, path).unwrap(), LockState::Free);
        assert_eq!(disk.info(path).unwrap(), None);
        let lock = FileLock::open(disk, path).unwrap();

        let (guard, _) = lock.exclusive(&holder("ann"), AT_ONCE).unwrap();
        assert_eq!(FileLock::probe(disk, path).unwrap(), LockState::Held(Some(holder("ann"))));
        drop(guard);

        assert_eq!(FileLock::probe(disk, path).unwrap(), LockState::Free);
    });
}

#[test]
fn a_holder_that_did_not_give_the_lock_back_is_reported_once() {
    on_each_disk(|disk, path| {
        die_holding(disk, path, "ann");
        let lock = FileLock::open(disk, path).unwrap();

        assert_eq!(FileLock::probe(disk, path).unwrap(), LockState::Free);
        let (guard, first) = lock.exclusive(&holder("bob"), AT_ONCE).unwrap();
        drop(guard);
        let (_guard, second) = lock.exclusive(&holder("bob"), AT_ONCE).unwrap();

        assert_eq!(
            first,
            Previous { died_holding: Some(holder("ann")), suspect: false, announced: false }
        );
        assert_eq!(second, Previous::default());
    });
}

#[test]
fn a_warning_outlives_its_holders_until_it_is_cleared() {
    on_each_disk(|disk, path| {
        let lock = FileLock::open(disk, path).unwrap();
        let (guard, _) = lock.exclusive(&holder("ann"), AT_ONCE).unwrap();
        guard.mark_suspect().unwrap();
        assert!(guard.is_suspect());
        drop(guard);
        die_holding(disk, path, "bob");

        let other = FileLock::open(disk, path).unwrap();
        let (guard, warned) = other.exclusive(&holder("cas"), AT_ONCE).unwrap();
        guard.clear_suspect().unwrap();
        drop(guard);
        let (_guard, after) = other.exclusive(&holder("cas"), AT_ONCE).unwrap();

        assert_eq!(
            warned,
            Previous { died_holding: Some(holder("bob")), suspect: true, announced: false }
        );
        assert_eq!(after, Previous::default());
    });
}

#[test]
fn the_file_is_one_line_of_json_that_keeps_the_last_name() {
    on_each_disk(|disk, path| {
        let lock = FileLock::open(disk, path).unwrap();
        for user in ["somebody with a long name", "ann"] {
            let (guard, _) = lock.exclusive(&holder(user), AT_ONCE).unwrap();
            assert!(
                content(disk, path)
                    .starts_with(r#"{"state":"held","suspect":false,"announced":false,"by":{"#)
            );
            drop(guard);
        }

        let text = content(disk, path);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();

        assert_eq!(text.lines().count(), 1);
        assert_eq!(json["state"], "free");
        assert_eq!(json["by"]["user"], "ann");
        assert_eq!(json["since"], "1970-01-01T00:00:00.000000Z");
    });
}

#[test]
fn content_of_any_kind_keeps_nobody_from_the_lock() {
    for junk in [vec![0; 5000], vec![0xff; 100_000], b"4711\n".to_vec(), b"{}".to_vec()] {
        on_each_disk(|disk, path| {
            disk.open(path, Access::CreateNew).unwrap().write_at(0, &junk).unwrap();
            let lock = FileLock::open(disk, path).unwrap();

            let (guard, previous) = lock.exclusive(&holder("ann"), AT_ONCE).unwrap();

            assert_eq!(previous, Previous::default());
            let held = LockState::Held(Some(holder("ann")));
            assert_eq!(FileLock::probe(disk, path).unwrap(), held);
            drop(guard);
        });
    }
}

#[test]
fn a_full_disk_keeps_nobody_from_the_lock() {
    let disk = FaultyDisk::new(Arc::new(MemoryDisk::new()));
    let lock = FileLock::open(&disk, Path::new("/lock")).unwrap();
    disk.fail_from(DiskOperation::Write, 1, Fault::ShortWrite { bytes: 0 });

    let (guard, _) = lock.exclusive(&holder("ann"), AT_ONCE).unwrap();
    assert_eq!(FileLock::probe(&disk, Path::new("/lock")).unwrap(), LockState::Held(None));
    drop(guard);

    drop(lock.exclusive(&holder("bob"), AT_ONCE).unwrap());
}

#[test]
fn a_warning_that_could_not_be_written_is_written_with_the_release() {
    let disk = FaultyDisk::new(Arc::new(MemoryDisk::new()));
    let lock = FileLock::open(&disk, Path::new("/lock")).unwrap();
    let (guard, _) = lock.exclusive(&holder("ann"), AT_ONCE).unwrap();
    disk.fail(DiskOperation::Write, 1, Fault::ShortWrite { bytes: 0 });

    guard.mark_suspect().unwrap_err();
    drop(guard);

    let (_guard, previous) = lock.exclusive(&holder("bob"), AT_ONCE).unwrap();
    assert_eq!(previous, Previous { died_holding: None, suspect: true, announced: false });
}

#[test]
fn a_lock_is_held_without_a_single_sync() {
    let disk = FaultyDisk::new(Arc::new(MemoryDisk::new()));
    let lock = FileLock::open(&disk, Path::new("/lock")).unwrap();

    drop(lock.exclusive(&holder("ann"), AT_ONCE).unwrap());

    assert_eq!(disk.calls(DiskOperation::SyncData) + disk.calls(DiskOperation::SyncDir), 0);
    assert_eq!(disk.calls(DiskOperation::Write), 2);
}

#[test]
fn a_handle_knows_when_its_file_has_been_moved_away() {
    on_each_disk(|disk, path| {
        let lock = FileLock::open(disk, path).unwrap();
        assert!(lock.is_in_place(disk).unwrap());

        disk.rename(path, &path.with_extension("old")).unwrap();
        assert!(!lock.is_in_place(disk).unwrap());
        FileLock::open(disk, path).unwrap();
        assert!(!lock.is_in_place(disk).unwrap());
    });
}

#[test]
fn working_locks_are_recognised_and_leave_no_scratch_file() {
    on_each_disk(|disk, path| {
        let home = path.parent().unwrap();
        FileLock::check_support(disk, home).unwrap();
        assert_eq!(disk.list_dir(home).unwrap(), []);
    });
}

#[test]
fn a_file_system_without_locks_is_named_as_one() {
    const ENOSYS: i32 = 38;
    const ENOLCK: i32 = 37;
    const EOPNOTSUPP: i32 = 95;
    let disk = FaultyDisk::new(Arc::new(MemoryDisk::new()));
    let lock = FileLock::open(&disk, Path::new("/lock")).unwrap();
    for fault in [
        Fault::Errno(ENOSYS),
        Fault::Errno(ENOLCK),
        Fault::Errno(EOPNOTSUPP),
        Fault::Error(std::io::ErrorKind::Unsupported),
    ] {
        disk.fail_from(DiskOperation::Lock, 1, fault);
        let answers = [
            lock.exclusive(&holder("ann"), PATIENT).map(drop),
            lock.shared(PATIENT).map(drop),
            FileLock::probe(&disk, Path::new("/lock")).map(drop),
            FileLock::check_support(&disk, Path::new("/")),
        ];
        for answer in answers {
            let error = answer.unwrap_err();
            assert!(matches!(error, LockError::Unsupported { .. }), "{fault:?}: {error}");
        }
        disk.heal();
    }
    let names: Vec<PathBuf> =
        disk.list_dir(Path::new("/")).unwrap().into_iter().map(|(name, _)| name.into()).collect();
    assert_eq!(names, [Path::new("lock")]);
    drop(lock.exclusive(&holder("ann"), AT_ONCE).unwrap());
}

#[test]
fn any_other_failure_to_lock_is_no_verdict_on_the_file_system() {
    const EIO: i32 = 5;
    let disk = FaultyDisk::new(Arc::new(MemoryDisk::new()));
    let lock = FileLock::open(&disk, Path::new("/lock")).unwrap();
    disk.fail(DiskOperation::Lock, 1, Fault::Errno(EIO));

    let error = lock.exclusive(&holder("ann"), PATIENT).unwrap_err();

    assert!(matches!(error, LockError::Disk(_)), "{error}");
    drop(lock.exclusive(&holder("ann"), AT_ONCE).unwrap());
}

/// Long enough to be waited for in the kernel's queue.
const IN_LINE: Duration = Duration::from_secs(1);

#[test]
fn of_more_threads_than_may_stand_in_line_none_is_left_out() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("lock");
    let inside = AtomicUsize::new(0);
    let first = FileLock::open(&RealDisk, &path).unwrap();
    let (guard, _) = first.exclusive(&holder("ann"), AT_ONCE).unwrap();

    let been_inside: usize = thread::scope(|scope| {
        let wait = || {
            let lock = FileLock::open(&RealDisk, &path).unwrap();
            let (_guard, previous) = lock.exclusive(&holder("bob"), PATIENT).unwrap();
            assert_eq!(previous, Previous::default());
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "somebody else is inside");
            thread::yield_now();
            inside.fetch_sub(1, Ordering::SeqCst);
            1
        };
        let waiting: Vec<_> = (0..40).map(|_| scope.spawn(wait)).collect();
        drop(guard);
        waiting.into_iter().map(|thread| thread.join().unwrap()).sum()
    });

    assert_eq!(been_inside, 40);
}

#[test]
fn who_has_given_up_standing_in_line_keeps_nobody_out() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("lock");
    let open = || FileLock::open(&RealDisk, &path).unwrap();
    let (first, second, third) = (open(), open(), open());
    let (guard, _) = first.exclusive(&holder("ann"), AT_ONCE).unwrap();

    let error = second.exclusive(&holder("bob"), IN_LINE).unwrap_err();
    let LockError::Timeout { waited, holder: named, .. } = error else { panic!("{error}") };
    drop(guard);
    for lock in [&second, &third, &second, &first] {
        drop(lock.exclusive(&holder("eve"), PATIENT).unwrap());
        drop(lock.shared(PATIENT).unwrap());
    }

    assert!(waited >= IN_LINE);
    assert_eq!(named.map(|named| *named), Some(holder("ann")));
}

#[test]
fn nobody_stands_in_line_for_another_file_of_the_same_name() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("lock");
    let (first, second) =
        (FileLock::open(&RealDisk, &path).unwrap(), FileLock::open(&RealDisk, &path).unwrap());
    let (_guard, _) = first.exclusive(&holder("ann"), AT_ONCE).unwrap();
    RealDisk.rename(&path, &home.path().join("elsewhere")).unwrap();
    let _another = FileLock::create(&RealDisk, &path).unwrap();

    let error = second.exclusive(&holder("bob"), IN_LINE).unwrap_err();

    assert!(matches!(error, LockError::Timeout { .. }), "{error}");
}
