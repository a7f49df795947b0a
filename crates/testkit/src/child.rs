//! A child process whose output can be waited on and which never outlives its test.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::wait::eventually_blocking;

type Lines = Arc<Mutex<Vec<String>>>;

/// A running child. Killed when dropped.
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    lines: Lines,
    readers: Vec<thread::JoinHandle<()>>,
}

impl Child {
    /// Starts a command with its stdout and stderr captured.
    ///
    /// # Panics
    /// It can't be started.
    #[track_caller]
    pub fn spawn(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|problem| panic!("starting {command:?}: {problem}"));
        let lines = Lines::default();
        let stdout = process.stdout.take().map(|stdout| collect(stdout, &lines));
        let stderr = process.stderr.take().map(|stderr| collect(stderr, &lines));
        Self { process, lines, readers: stdout.into_iter().chain(stderr).collect() }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Every line so far, of stdout and stderr as they came.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for a line, one that came before included, and returns it.
    ///
    /// # Panics
    /// No such line within the limit: the panic shows what came instead.
    #[track_caller]
    pub fn wait_for_line(&self, what: &str, limit: Duration, wanted: impl Fn(&str) -> bool) -> String {
        let find = || self.lines().into_iter().find(|line| wanted(line));
        let deadline = std::time::Instant::now() + limit;
        loop {
            if let Some(line) = find() {
                return line;
            }
            assert!(
                std::time::Instant::now() < deadline,
                "waited {limit:?} for {what}; the child wrote:\n{}",
                self.lines().join("\n")
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Sends SIGTERM.
    ///
    /// # Panics
    /// The signal can't be sent.
    #[track_caller]
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends SIGINT, as Ctrl-C does.
    ///
    /// # Panics
    /// The signal can't be sent.
    #[track_caller]
    pub fn interrupt(&self) {
        self.signal("INT");
    }

    /// Sends SIGSTOP: the process is held where it is, its connections stay open and nobody answers on them.
    ///
    /// # Panics
    /// The signal can't be sent.
    #[track_caller]
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Sends SIGCONT: the process goes on.
    ///
    /// # Panics
    /// The signal can't be sent.
    #[track_caller]
    pub fn resume(&self) {
        self.signal("CONT");
    }

    #[track_caller]
    fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).status();
        assert!(sent.is_ok_and(|status| status.success()), "sending SIG{name} to {id}");
    }

    /// Sends SIGKILL and waits for the end: what a power cut looks like to everybody else.
    pub fn kill(&mut self) {
        // Both fail only where the process is over already, which is what is wanted.
        drop(self.process.kill());
        drop(self.process.wait());
    }

    /// Waits for the child to end by itself, and for what it had written.
    ///
    /// # Panics
    /// It doesn't within the limit.
    #[track_caller]
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        let process = &mut self.process;
        let status = eventually_blocking("the child to end", limit, || process.try_wait().ok().flatten());
        let is_read = || self.readers.iter().all(thread::JoinHandle::is_finished).then_some(());
        eventually_blocking("the end of its output", limit, is_read);
        status
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            eprintln!("the child wrote:\n{}", self.lines().join("\n"));
        }
    }
}

/// Reads on until the child closes its end, so that it never blocks on a full pipe.
fn collect(output: impl Read + Send + 'static, lines: &Lines) -> thread::JoinHandle<()> {
    let lines = Arc::clone(lines);
    thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    fn shell(script: &str) -> Child {
        Child::spawn(Command::new("sh").args(["-c", script]))
    }

    #[test]
    fn lines_of_both_outputs_can_be_waited_for() {
        let mut child = shell("echo out; echo err >&2; exit 3");
        assert_eq!(child.wait_for_line("stderr", LIMIT, |line| line.starts_with("er")), "err");
        assert_eq!(child.wait_for_line("stdout", LIMIT, |line| line == "out"), "out");
        assert_eq!(child.wait(LIMIT).code(), Some(3));
    }

    #[test]
    #[should_panic(expected = "waited 50ms for a line that never comes; the child wrote:\nonly this")]
    fn missing_line_shows_what_came_instead() {
        let child = shell("echo only this; exec sleep 60");
        child.wait_for_line("the first line", LIMIT, |line| line == "only this");
        child.wait_for_line("a line that never comes", Duration::from_millis(50), |_| false);
    }

    #[test]
    fn dropped_child_is_gone() {
        let child = shell("exec sleep 60");
        let id = child.id();
        drop(child);
        let alive = Command::new("kill").args(["-0", &id.to_string()]).stderr(Stdio::null()).status().unwrap();
        assert!(!alive.success());
    }

    #[test]
    fn terminated_child_may_clean_up() {
        let mut child = shell("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done");
        child.wait_for_line("the trap", LIMIT, |line| line == "up");
        child.terminate();
        assert!(child.wait(LIMIT).success());
        child.wait_for_line("the farewell", LIMIT, |line| line == "bye");
    }
}
