//! Ends a server when the test process is gone, however it went.

use std::process::{Child, Command, Stdio};

/// Waits for the end of a pipe that only we hold open, and kills then.
const SCRIPT: &str = r#"read -r line; kill -KILL "$0""#;

/// Watches while it is held.
#[derive(Debug)]
pub(super) struct Watcher(Child);

impl Watcher {
    #[track_caller]
    pub(super) fn of(id: u32) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, &id.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap_or_else(|problem| panic!("starting {command:?}: {problem}")))
    }
}

impl Drop for Watcher {
    /// Before the pipe closes: the server is ended by its handle, and its id may belong to another process by then.
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
