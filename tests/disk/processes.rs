//! Locks and modes between real processes. A child is this test binary, running the one test
//! below that does nothing unless it is asked; it says where it is on its standard output and waits
//! on its standard input.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use annals::disk::{Access, Disk, FileLock, LockError, LockState, RealDisk};

use crate::people::holder;

const PART: &str = "ANNALS_TEST_PART";
const PLACE: &str = "ANNALS_TEST_PLACE";
const AT_ONCE: Duration = Duration::ZERO;
const PATIENT: Duration = Duration::from_secs(60);
const ROUNDS: u32 = 200;

/// A child process; it is killed when the test ends before it.
struct Player {
    child: Child,
    said: BufReader<std::process::ChildStdout>,
}

impl Player {
    fn start(part: &str, place: &Path) -> Self {
        Self::run(Command::new(std::env::current_exe().unwrap()), part, place)
    }

    /// Through a shell that sets the umask, which would be that of every test otherwise.
    fn start_with_umask(umask: &str, part: &str, place: &Path) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")]);
        shell.arg(std::env::current_exe().unwrap());
        Self::run(shell, part, place)
    }

    fn run(mut command: Command, part: &str, place: &Path) -> Self {
        let mut child = command
            .args(["processes::a_child_plays_its_part", "--exact", "--nocapture"])
            .env(PART, part)
            .env(PLACE, place)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, said }
    }

    fn hear(&mut self, word: &str) {
        let mut heard = String::new();
        while self.said.read_line(&mut heard).unwrap() > 0 {
            if heard.lines().last() == Some(word) {
                return;
            }
        }
        panic!("the child never said {word:?}, but:\n{heard}");
    }

    fn release(&mut self) {
        self.child.stdin.take().unwrap().write_all(b"go on\n").unwrap();
    }

    fn end(mut self) {
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success(), "{rest}");
    }

    /// SIGKILL: nothing of the child runs any more.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn say(word: &str) {
    // On a line of its own, after whatever the test runner has begun.
    println!("\n{word}");
}

fn wait_for_release() {
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn a_child_plays_its_part() {
    let Ok(part) = std::env::var(PART) else { return };
    let place = PathBuf::from(std::env::var_os(PLACE).unwrap());
    match part.as_str() {
        "hold" => hold(&place),
        "count" => count(&place),
        "create" => create(&place),
        other => panic!("there is no part {other:?}"),
    }
}

fn hold(place: &Path) {
    let lock = FileLock::open(&RealDisk, &place.join("lock")).unwrap();
    let (_guard, _) = lock.exclusive(&holder("child"), PATIENT).unwrap();
    say("holding");
    wait_for_release();
}

/// Reads a number and writes the next one, many times, each under the lock.
fn count(place: &Path) {
    say("ready");
    wait_for_release();
    for _ in 0..ROUNDS {
        let lock = FileLock::open(&RealDisk, &place.join("lock")).unwrap();
        let (_guard, previous) = lock.exclusive(&holder("child"), PATIENT).unwrap();
        assert_eq!(previous.died_holding, None);
        let number = read_number(place);
        std::fs::write(place.join("number"), (number + 1).to_string()).unwrap();
    }
}

fn create(place: &Path) {
    RealDisk.create_dir_all(&place.join("outer/inner")).unwrap();
    let file = RealDisk.open(&place.join("outer/inner/file"), Access::OpenOrCreate).unwrap();
    file.write_at(0, b"written").unwrap();
}

fn read_number(place: &Path) -> u32 {
    std::fs::read_to_string(place.join("number")).unwrap().parse().unwrap()
}

#[test]
fn a_lock_of_another_process_keeps_us_out_and_its_holder_is_named() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("lock");
    let lock = FileLock::open(&RealDisk, &path).unwrap();
    let mut child = Player::start("hold", home.path());
    child.hear("holding");

    let error = lock.exclusive(&holder("us"), Duration::from_millis(2)).unwrap_err();
    let probed = FileLock::probe(&RealDisk, &path).unwrap();
    let shared = lock.shared(AT_ONCE).map(drop);
    child.release();
    child.end();
    let (_guard, previous) = lock.exclusive(&holder("us"), AT_ONCE).unwrap();

    let LockError::Timeout { holder: named, .. } = error else { panic!("{error}") };
    assert_eq!(named.map(|named| *named), Some(holder("child")));
    assert_eq!(probed, LockState::Held(Some(holder("child"))));
    assert!(matches!(shared, Err(LockError::Timeout { .. })));
    assert_eq!(previous.died_holding, None);
}

#[test]
fn a_killed_holder_leaves_a_free_lock_and_is_reported() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("lock");
    let mut child = Player::start("hold", home.path());
    child.hear("holding");
    child.kill();

    assert_eq!(FileLock::probe(&RealDisk, &path).unwrap(), LockState::Free);
    let lock = FileLock::open(&RealDisk, &path).unwrap();
    let (_guard, previous) = lock.exclusive(&holder("us"), AT_ONCE).unwrap();

    assert_eq!(previous.died_holding, Some(holder("child")));
    assert!(!previous.suspect);
}

#[test]
fn processes_that_count_under_a_lock_lose_no_number() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("number"), "0").unwrap();
    let mut children: Vec<Player> = (0..3).map(|_| Player::start("count", home.path())).collect();

    children.iter_mut().for_each(|child| child.hear("ready"));
    children.iter_mut().for_each(Player::release);
    children.into_iter().for_each(Player::end);

    assert_eq!(read_number(home.path()), 3 * ROUNDS);
}

#[cfg(target_os = "linux")]
#[test]
fn an_open_file_is_not_inherited_by_a_child() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("lock");
    let _made = RealDisk.open(&path, Access::CreateNew).unwrap();
    let _found = RealDisk.open(&path, Access::Read).unwrap();
    let open_here = |pid: u32| {
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
        let files = descriptors.filter_map(|link| std::fs::read_link(link.unwrap().path()).ok());
        files.filter(|file| *file == path).count()
    };

    let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let inherited = open_here(child.id());
    child.kill().unwrap();
    child.wait().unwrap();

    assert_eq!(open_here(std::process::id()), 2);
    assert_eq!(inherited, 0);
}

#[test]
fn no_umask_makes_what_is_created_wider_or_unusable() {
    for umask in ["000", "022", "777"] {
        let home = tempfile::tempdir().unwrap();
        Player::start_with_umask(umask, "create", home.path()).end();

        let mode =
            |name: &str| RealDisk.info(&home.path().join(name)).unwrap().unwrap().mode & 0o777;

        assert_eq!(mode("outer"), 0o700, "umask {umask}");
        assert_eq!(mode("outer/inner"), 0o700, "umask {umask}");
        assert_eq!(mode("outer/inner/file"), 0o600, "umask {umask}");
    }
}
