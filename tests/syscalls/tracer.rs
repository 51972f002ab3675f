//! Runs a command one system call at a time, and takes one of its calls over.

use std::collections::HashMap;
use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::libc::{self, user_regs_struct};
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::calls::Call;

/// What a system call meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The process is killed instead.
    Kill,
    /// It is not made, and answers with an error.
    Error(Errno),
    /// Of a write, half arrives, and the call says so.
    Short,
    /// Of a write, half arrives, and the process is killed.
    Torn,
    /// Of a write, half arrives; nothing later that takes room is taken.
    Full,
}

/// Which calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// All of them, from the program's first one on.
    All,
    /// Those that concern files of the test's home.
    Files,
}

/// A fault, and the call that it meets, counted from zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Injection {
    pub(crate) counted: Counted,
    pub(crate) at: usize,
    pub(crate) fault: Fault,
}

/// What became of the process.
pub(crate) struct Traced {
    /// The exit code, unless it was killed.
    pub(crate) code: Option<i32>,
    /// How many calls were counted: all of them, where nothing was injected.
    pub(crate) count: usize,
    /// Those that concern files of the test's home, in order.
    pub(crate) calls: Vec<Call>,
    /// The one that met the fault, as its place among `calls`, if it was one of those.
    pub(crate) hit: Option<usize>,
    /// Whether the fault was met.
    pub(crate) was_hit: bool,
}

impl fmt::Debug for Traced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, count, hit, .. } = self;
        let hit = hit.and_then(|hit| self.calls.get(hit));
        write!(formatter, "exit code {code:?} after {count} calls, of which {hit:?} met the fault")
    }
}

/// What a shell is to do with the program and its arguments: it becomes the program once it has
/// read a line, which is written when it is being traced.
pub(crate) const WHEN_TOLD: &str = r#"read -r go; exec "$0" "$@""#;

/// Runs a shell that does what [`WHEN_TOLD`] says, and its program to the end. Only the threads of
/// one process are followed: the program starts no others.
#[allow(clippy::zombie_processes, reason = "it is waited for below, with its threads")]
pub(crate) fn run(mut shell: Command, home: &Path, injection: Option<Injection>) -> Traced {
    let mut child = shell.stdin(Stdio::piped()).spawn().unwrap();
    let process = Pid::from_raw(i32::try_from(child.id()).unwrap());
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL;
    ptrace::seize(process, options).unwrap();
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    let traced = Traced { code: None, count: 0, calls: Vec::new(), hit: None, was_hit: false };
    Tracer { process, home, injection, within: HashMap::new(), is_full: false, traced }.follow()
}

/// What is left to do when a call that a thread has begun comes back.
enum Afterwards {
    Nothing,
    /// It was not made, and answers with this.
    Answer(Errno),
    /// It was made shorter: the program's register gets its own value back, and then it may die.
    Lengthen {
        rdx: u64,
        then_kill: bool,
    },
}

struct Tracer<'h> {
    process: Pid,
    home: &'h Path,
    injection: Option<Injection>,
    /// The threads that are within a call.
    within: HashMap<Pid, Afterwards>,
    is_full: bool,
    traced: Traced,
}

impl Tracer<'_> {
    fn follow(mut self) -> Traced {
        // Children of other threads of this test belong to those.
        let ours = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
        loop {
            match waitpid(None, Some(ours)).unwrap() {
                WaitStatus::Exited(thread, code) if thread == self.process => {
                    self.traced.code = Some(code);
                    return self.traced;
                }
                WaitStatus::Signaled(thread, ..) if thread == self.process => return self.traced,
                WaitStatus::PtraceSyscall(thread) => {
                    self.step(thread);
                    go_on(thread, None);
                }
                WaitStatus::PtraceEvent(thread, _, event) => {
                    if event == libc::PTRACE_EVENT_EXEC {
                        self.within.insert(thread, Afterwards::Nothing);
                    }
                    go_on(thread, None);
                }
                WaitStatus::Stopped(thread, signal) => go_on(thread, Some(signal)),
                _ => {}
            }
        }
    }

    /// A thread begins a call, or comes back from one.
    fn step(&mut self, thread: Pid) {
        // A thread that is gone needs nothing more.
        let Ok(mut registers) = ptrace::getregs(thread) else { return };
        let Some(afterwards) = self.within.remove(&thread) else {
            let afterwards = self.begin(thread, &mut registers);
            self.within.insert(thread, afterwards);
            return;
        };
        match afterwards {
            Afterwards::Nothing => return,
            Afterwards::Answer(error) => registers.rax = i64::from(-(error as i32)).cast_unsigned(),
            Afterwards::Lengthen { rdx, .. } => registers.rdx = rdx,
        }
        let _gone = ptrace::setregs(thread, registers);
        if let Afterwards::Lengthen { then_kill: true, .. } = afterwards {
            kill(self.process, Signal::SIGKILL).unwrap();
        }
    }

    fn begin(&mut self, thread: Pid, registers: &mut user_regs_struct) -> Afterwards {
        let call = Call::about_to_be_made(thread, registers)
            .filter(|call| call.file.starts_with(self.home));
        let Some(fault) = self.fault_of(call.as_ref()) else { return Afterwards::Nothing };
        let then_kill = fault == Fault::Torn;
        match fault {
            Fault::Kill => kill(self.process, Signal::SIGKILL).unwrap(),
            Fault::Error(error) => {
                // There is no such call; the answer is put in its place afterwards.
                registers.orig_rax = u64::MAX;
                let _gone = ptrace::setregs(thread, *registers);
                return Afterwards::Answer(error);
            }
            Fault::Short | Fault::Torn | Fault::Full => {
                let rdx = registers.rdx;
                registers.rdx = rdx.div_ceil(2);
                let _gone = ptrace::setregs(thread, *registers);
                return Afterwards::Lengthen { rdx, then_kill };
            }
        }
        Afterwards::Nothing
    }

    /// Counts a call; the fault that it meets, if it does.
    fn fault_of(&mut self, call: Option<&Call>) -> Option<Fault> {
        let only_files = self.injection.is_some_and(|it| it.counted == Counted::Files);
        if only_files && call.is_none() {
            return None;
        }
        let counted = self.traced.count;
        self.traced.count += 1;
        self.traced.calls.extend(call.cloned());
        let injection = self.injection?;
        let shortens = matches!(injection.fault, Fault::Short | Fault::Torn | Fault::Full);
        if counted == injection.at && (!shortens || call.is_some_and(Call::writes)) {
            self.traced.was_hit = true;
            self.traced.hit = call.map(|_| self.traced.calls.len() - 1);
            self.is_full = injection.fault == Fault::Full;
            return Some(injection.fault);
        }
        let refused = self.is_full && call.is_some_and(Call::takes_room);
        refused.then_some(Fault::Error(Errno::ENOSPC))
    }
}

fn go_on(thread: Pid, signal: Option<Signal>) {
    // It may have been killed in the meantime.
    let _gone = ptrace::syscall(thread, signal);
}
