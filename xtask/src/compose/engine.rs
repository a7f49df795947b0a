//! Docker and Compose, by their command lines: `docker compose` (2.x) or `docker-compose` (1.29).

use std::process::{Command, Stdio};

use super::Waiting;
use super::scan::unhealthy;
use crate::{Failure, root};

/// Apart from the stack that somebody may be running.
const PROJECT: &str = "tandem-xtask";

/// A Compose that an engine stands behind.
pub(super) struct Compose {
    pub(super) engine_version: String,
    pub(super) version: String,
    program: &'static [&'static str],
    variables: Vec<(&'static str, String)>,
}

/// Looks for an engine and a Compose; says what is missing.
pub(super) fn find(variables: Vec<(&'static str, String)>) -> Result<Compose, Failure> {
    let engine_version = said(&["docker", "version", "--format", "{{.Server.Version}}"])?;
    let generations: [&'static [&'static str]; 2] = [&["docker", "compose"], &["docker-compose"]];
    for program in generations {
        if let Ok(version) = said(&[program, &["version", "--short"]].concat()) {
            let version = format!("{} {version}", program.join(" "));
            return Ok(Compose { engine_version, version, program, variables });
        }
    }
    Err("neither `docker compose` nor `docker-compose` is there".to_owned())
}

impl Compose {
    /// Runs a command, passing on what it prints.
    pub(super) fn run(&self, what: &str, arguments: &[&str]) -> Result<(), Failure> {
        println!("{what}");
        let mut command = self.command(arguments);
        let status = command.status().map_err(|problem| format!("{what}: starting {command:?}: {problem}"))?;
        if status.success() { Ok(()) } else { Err(format!("{what} failed")) }
    }

    /// Whether every container is healthy, and there are so many writers.
    pub(super) fn all_healthy(&self, writers: usize) -> Result<Waiting, Failure> {
        let ids = output(self.command(&["--profile", "demo", "ps", "--quiet"]))?;
        let ids: Vec<&str> = ids.split_whitespace().collect();
        if ids.is_empty() {
            return Ok(Err("there is no container".to_owned()));
        }
        let mut inspect = Command::new("docker");
        inspect.args(["inspect", "--format", "{{.Name}} {{.State.Status}} {{.State.Health.Status}}"]).args(ids);
        let states = output(inspect)?;
        if let Some(state) = unhealthy(&states) {
            return Ok(Err(state.to_owned()));
        }
        let found = states.lines().filter(|line| line.contains("writer")).count();
        Ok(if found == writers { Ok(()) } else { Err(format!("{found} of {writers} writers")) })
    }

    /// The last words of every container.
    pub(super) fn show_logs(&self) {
        drop(self.run("the last lines of every log:", &["--profile", "demo", "logs", "--tail", "30"]));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program[0]);
        command.args(&self.program[1..]).args(["--project-name", PROJECT]).args(arguments);
        command.current_dir(root()).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

fn said(words: &[&str]) -> Result<String, Failure> {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    output(command).map(|output| output.trim().to_owned())
}

fn output(mut command: Command) -> Result<String, Failure> {
    let done = command.stdin(Stdio::null()).output();
    let done = done.map_err(|problem| format!("starting {}: {problem}", command.get_program().display()))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    Err(String::from_utf8_lossy(&done.stderr).lines().last().unwrap_or("it failed without a word").trim().to_owned())
}
