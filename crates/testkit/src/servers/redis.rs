//! `redis-server` that keeps nothing on disk.

mod resp;

use std::fs;

use tempfile::TempDir;

use super::locate;
use super::process::{Process, binary};
use crate::free_port;
use crate::tempdir;

/// Somebody else may take a port before the server does.
const ATTEMPTS: u32 = 5;

/// One `redis-server`. Killed when dropped. Every method may be called from any thread.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    password: Option<String>,
    process: Process,
    _folder: TempDir,
}

impl Redis {
    /// Without a password.
    ///
    /// # Panics
    /// It doesn't start, or `cargo xtask servers` was not run.
    #[track_caller]
    pub fn start() -> Self {
        Self::new(None)
    }

    /// With a password, which is part of [`Redis::url`].
    ///
    /// # Panics
    /// It doesn't start, or `cargo xtask servers` was not run.
    #[track_caller]
    pub fn start_with_password(password: &str) -> Self {
        Self::new(Some(password))
    }

    #[track_caller]
    fn new(password: Option<&str>) -> Self {
        let mut log = Vec::new();
        for _ in 0..ATTEMPTS {
            let server = Self::prepare(password);
            if server.process.try_start(|pid| server.is_ready(pid)) {
                return server;
            }
            log = server.log();
        }
        panic!("redis-server ended {ATTEMPTS} times: {}", log.join("\n"));
    }

    /// `redis://127.0.0.1:PORT`, or `redis://:PASSWORD@127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        let password = self.password.as_ref().map(|password| format!(":{password}@")).unwrap_or_default();
        format!("redis://{password}127.0.0.1:{}", self.port)
    }

    /// For clients.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Forgets everything, as a restart does, but without breaking connections. Scripts stay loaded.
    ///
    /// # Panics
    /// It doesn't answer.
    #[track_caller]
    pub fn flush(&self) {
        self.command(&["FLUSHALL"]);
    }

    /// A section of `INFO`, for example `clients`, as Redis writes it.
    ///
    /// # Panics
    /// It doesn't answer.
    #[track_caller]
    pub fn info(&self, section: &str) -> String {
        self.command(&["INFO", section])
    }

    /// Any command; the elements of an array come one a line.
    ///
    /// # Panics
    /// It doesn't answer, or answers with an error.
    #[track_caller]
    pub fn command(&self, parts: &[&str]) -> String {
        let answer = resp::ask(self.port, self.password.as_deref(), parts);
        answer.unwrap_or_else(|problem| panic!("asking Redis {parts:?}: {problem}"))
    }

    /// SIGKILL. Nothing where it is down already.
    pub fn kill(&self) {
        self.process.kill();
    }

    /// SIGTERM, and waits for the end.
    ///
    /// # Panics
    /// It isn't running, or doesn't end.
    #[track_caller]
    pub fn stop(&self) {
        self.process.stop();
    }

    /// Starts it on the same port, empty, and waits until it answers.
    ///
    /// # Panics
    /// It is running, or doesn't start.
    #[track_caller]
    pub fn start_again(&self) {
        self.process.start_again(|pid| self.is_ready(pid));
    }

    /// SIGSTOP: connections stay, nobody answers.
    ///
    /// # Panics
    /// It isn't running.
    #[track_caller]
    pub fn pause(&self) {
        self.process.pause();
    }

    /// SIGCONT after [`Redis::pause`].
    ///
    /// # Panics
    /// It isn't running.
    #[track_caller]
    pub fn resume(&self) {
        self.process.resume();
    }

    /// Also while it is paused.
    pub fn is_running(&self) -> bool {
        self.process.is_running()
    }

    /// The process id.
    ///
    /// # Panics
    /// It isn't running.
    #[track_caller]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What it wrote since its last start.
    pub fn log(&self) -> Vec<String> {
        self.process.log()
    }

    /// Writes the configuration of a server that is not started yet.
    #[track_caller]
    fn prepare(password: Option<&str>) -> Self {
        let (folder, port) = (tempdir(), free_port());
        let dir = folder.path().display().to_string();
        let file = folder.path().join("redis.conf");
        let password = password.map(str::to_owned);
        let secret = password.as_ref().map(|password| format!("requirepass {password:?}\n")).unwrap_or_default();
        let config = format!("bind 127.0.0.1\nport {port}\nsave \"\"\nappendonly no\ndir {dir:?}\n{secret}");
        fs::write(&file, config).unwrap_or_else(|problem| panic!("writing {}: {problem}", file.display()));
        let process = Process::new(binary(&locate::REDIS), vec![file.display().to_string()]);
        Self { port, password, process, _folder: folder }
    }

    /// Our own server answers, and not somebody else's that took the port.
    fn is_ready(&self, pid: u32) -> bool {
        let own = format!("process_id:{pid}");
        let answer = resp::ask(self.port, self.password.as_deref(), &["INFO", "server"]);
        answer.is_ok_and(|info| info.lines().any(|line| line == own))
    }
}
