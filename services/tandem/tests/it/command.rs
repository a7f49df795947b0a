//! Starting `tandem`.

use std::process::{Command, Output};
use std::time::Duration;

/// How long anything may take on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// `tandem` with these arguments, and nothing of the tester's own configuration.
pub(crate) fn tandem(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
    command.args(arguments);
    let ours = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TANDEM_"));
    for (name, _) in ours {
        command.env_remove(name);
    }
    command
}

/// Runs it to its end.
pub(crate) fn ended(mut command: Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}
