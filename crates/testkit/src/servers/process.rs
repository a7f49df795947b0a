//! What all servers have in common: a process that can be ended, held and started again.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::locate::{self, Program};
use super::watcher::Watcher;
use crate::{Child, workspace_root};

/// Starting takes 0.1 s; a loaded machine may take its time.
const START: Duration = Duration::from_secs(20);
const STOP: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(5);

/// The binary of a server.
///
/// # Panics
/// There is none that is recent enough.
#[track_caller]
pub(super) fn binary(program: &Program) -> PathBuf {
    locate::find(program, &workspace_root()).unwrap_or_else(|| {
        let (major, minor) = program.oldest;
        panic!("there is no {} {major}.{minor} or newer: run `cargo xtask servers`", program.name)
    })
}

/// One server. Killed when dropped.
#[derive(Debug)]
pub(super) struct Process {
    binary: PathBuf,
    arguments: Vec<String>,
    running: Mutex<Option<Running>>,
}

/// The watcher goes first: the child's id may belong to another process later.
#[derive(Debug)]
struct Running {
    watcher: Option<Watcher>,
    child: Child,
}

impl Process {
    /// Not started yet.
    pub(super) fn new(binary: PathBuf, arguments: Vec<String>) -> Self {
        Self { binary, arguments, running: Mutex::default() }
    }

    /// Starts it and waits until it is ready; `false` if it ended instead.
    #[track_caller]
    pub(super) fn try_start(&self, is_ready: impl Fn(u32) -> bool) -> bool {
        self.try_start_until(Instant::now() + START, is_ready)
    }

    /// Starts it anew, again and again while it ends early: its port may be taken for a moment.
    #[track_caller]
    pub(super) fn start_again(&self, is_ready: impl Fn(u32) -> bool) {
        let deadline = Instant::now() + START;
        assert!(!self.is_running(), "{} runs already", self.binary.display());
        while !self.try_start_until(deadline, &is_ready) {
            assert!(Instant::now() < deadline, "it ended within {START:?} each time: {}", self.log().join("\n"));
            thread::sleep(POLL);
        }
    }

    #[track_caller]
    fn try_start_until(&self, deadline: Instant, is_ready: impl Fn(u32) -> bool) -> bool {
        let child = Child::spawn(Command::new(&self.binary).args(&self.arguments));
        let id = child.id();
        *self.lock() = Some(Running { watcher: Some(Watcher::of(id)), child });
        while self.is_running() {
            if is_ready(id) {
                return true;
            }
            assert!(Instant::now() < deadline, "not ready within {START:?}: {}", self.log().join("\n"));
            thread::sleep(POLL);
        }
        false
    }

    pub(super) fn is_running(&self) -> bool {
        self.lock().as_mut().is_some_and(|running| running.child.is_running())
    }

    #[track_caller]
    pub(super) fn pid(&self) -> u32 {
        self.with_running(|running| running.child.id())
    }

    pub(super) fn kill(&self) {
        if let Some(running) = self.lock().as_mut() {
            running.watcher = None;
            running.child.kill();
        }
    }

    #[track_caller]
    pub(super) fn stop(&self) {
        self.with_running(|running| {
            running.child.terminate();
            // A held process gets the signal only then.
            running.child.resume();
            running.child.wait(STOP);
            running.watcher = None;
        });
    }

    #[track_caller]
    pub(super) fn pause(&self) {
        self.with_running(|running| running.child.pause());
    }

    #[track_caller]
    pub(super) fn resume(&self) {
        self.with_running(|running| running.child.resume());
    }

    /// What the server wrote since its last start.
    pub(super) fn log(&self) -> Vec<String> {
        self.lock().as_ref().map(|running| running.child.lines()).unwrap_or_default()
    }

    #[track_caller]
    fn with_running<T>(&self, act: impl FnOnce(&mut Running) -> T) -> T {
        assert!(self.is_running(), "{} does not run", self.binary.display());
        let mut running = self.lock();
        act(running.as_mut().unwrap_or_else(|| panic!("{} was never started", self.binary.display())))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
