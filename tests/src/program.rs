//! One of our binaries as a child process that can be ended in every way and started again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use tandem_testkit::Child;

const LIMIT: Duration = Duration::from_mins(1);

/// A binary with its arguments and folder, running or not. Killed when dropped.
#[derive(Debug)]
pub struct Program {
    name: &'static str,
    arguments: Vec<String>,
    folder: PathBuf,
    running: Option<Child>,
    /// What processes that ended had printed.
    printed: Vec<String>,
}

impl Program {
    /// Not started yet; the folder is its working directory.
    pub fn new(name: &'static str, arguments: &[&str], folder: PathBuf) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { name, arguments, folder, running: None, printed: Vec::new() }
    }

    /// The binary's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Starts it, after killing what runs.
    ///
    /// # Panics
    /// When the binary is not built.
    pub fn spawn(&mut self, environment: &BTreeMap<String, String>) {
        self.kill();
        let mut command = Command::new(tandem_testkit::binary(self.name));
        command.args(&self.arguments).current_dir(&self.folder).env_clear().envs(environment);
        self.running = Some(Child::spawn(&mut command));
    }

    /// The running process.
    ///
    /// # Panics
    /// When it is not running.
    pub fn child(&self) -> &Child {
        let Some(child) = &self.running else { panic!("{} is not running", self.name) };
        child
    }

    /// Whether it was started and has not ended.
    pub fn is_running(&mut self) -> bool {
        self.running.as_mut().is_some_and(Child::is_running)
    }

    /// Waits until it listens.
    ///
    /// # Panics
    /// When it doesn't.
    pub fn listens(&self) {
        self.child().wait_for_line("the address it listens on", LIMIT, |line| line.contains("listening on http://"));
    }

    /// SIGKILL; what it had printed is kept.
    pub fn kill(&mut self) {
        let Some(mut child) = self.running.take() else { return };
        child.kill();
        self.printed.extend(child.lines());
    }

    /// SIGTERM, and the exit status.
    ///
    /// # Panics
    /// When it is not running, or doesn't end.
    pub fn stop(&mut self) -> ExitStatus {
        self.child().terminate();
        self.wait()
    }

    /// Waits for the process to end by itself.
    ///
    /// # Panics
    /// When it is not running, or doesn't end.
    pub fn wait(&mut self) -> ExitStatus {
        self.wait_for(LIMIT)
    }

    /// The same, with patience.
    ///
    /// # Panics
    /// When it is not running, or doesn't end.
    pub fn wait_for(&mut self, limit: Duration) -> ExitStatus {
        let Some(mut child) = self.running.take() else { panic!("{} is not running", self.name) };
        let status = child.wait(limit);
        self.printed.extend(child.lines());
        status
    }

    /// Everything that was printed, by processes that ended as well.
    pub fn output(&self) -> Vec<String> {
        let now = self.running.as_ref().map(Child::lines).unwrap_or_default();
        self.printed.iter().cloned().chain(now).collect()
    }
}
