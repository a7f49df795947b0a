//! `nats-server` with JetStream.

mod config;
mod wire;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::NatsCluster;
use super::locate;
use super::process::{Process, binary};
use crate::free_port;
use crate::tempdir;

pub use config::NatsBuilder;
pub(super) use config::Routes;
pub(super) use wire::get;

/// Somebody else may take a port before the server does.
pub(super) const ATTEMPTS: u32 = 5;

/// One `nats-server`. Killed when dropped. Every method may be called from any thread.
#[derive(Debug)]
pub struct Nats {
    name: String,
    port: u16,
    monitor: u16,
    folder: TempDir,
    process: Process,
}

impl Nats {
    /// With JetStream, every write synced to disk before it is acknowledged, no password.
    ///
    /// # Panics
    /// It doesn't start, or `cargo xtask servers` was not run.
    #[track_caller]
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// To start it in another way than [`Nats::start`] does.
    pub fn builder() -> NatsBuilder {
        NatsBuilder::default()
    }

    /// For clients; without a password also where one is needed.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// For clients.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's name: that of a stream's leader in a cluster.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder JetStream writes to. It stays over [`Nats::start_again`].
    pub fn store_dir(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// The answer of the monitoring endpoint to, for example, `/jsz` or `/connz`: JSON.
    ///
    /// # Panics
    /// It doesn't answer with success.
    #[track_caller]
    pub fn monitor(&self, path: &str) -> String {
        match get(self.monitor, path) {
            Ok((200, body)) => body,
            other => panic!("asking {} for {path}: {other:?}", self.name),
        }
    }

    /// SIGKILL, as in a power cut. Nothing where it is down already.
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

    /// Starts it on the same port, with the same data, and waits until clients can connect.
    ///
    /// # Panics
    /// It is running, or doesn't start.
    #[track_caller]
    pub fn start_again(&self) {
        self.process.start_again(|_| self.is_ready());
    }

    /// SIGSTOP: connections stay, nobody answers.
    ///
    /// # Panics
    /// It isn't running.
    #[track_caller]
    pub fn pause(&self) {
        self.process.pause();
    }

    /// SIGCONT after [`Nats::pause`].
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
    fn prepare(builder: &NatsBuilder, routes: Option<Routes<'_>>) -> Self {
        let (port, monitor) = (free_port(), free_port());
        let name = format!("nats-{}-{port}", std::process::id());
        let folder = tempdir();
        let file = folder.path().join("nats.conf");
        let ours =
            config::Place { name: &name, port, monitor, store: &folder.path().join("store").display().to_string() };
        write(&file, &builder.file(&ours, routes));
        let arguments = vec!["--config".to_owned(), file.display().to_string()];
        let process = Process::new(binary(&locate::NATS), arguments);
        Self { name, port, monitor, folder, process }
    }

    /// `false` if it ended, which it does where a port is taken.
    #[track_caller]
    fn try_start(&self) -> bool {
        self.process.try_start(|_| self.is_ready())
    }

    /// Our own server answers, and not somebody else's that took the port.
    fn is_ready(&self) -> bool {
        let own = format!("\"server_name\":\"{}\"", self.name);
        wire::greeting(self.port).is_ok_and(|info| info.contains(&own))
    }

    pub(super) fn is_healthy(&self) -> bool {
        get(self.monitor, "/healthz").is_ok_and(|(status, _)| status == 200)
    }
}

impl NatsBuilder {
    /// Starts one server.
    ///
    /// # Panics
    /// It doesn't start, or `cargo xtask servers` was not run.
    #[track_caller]
    pub fn start(&self) -> Nats {
        let mut log = Vec::new();
        for _ in 0..ATTEMPTS {
            let server = Nats::prepare(self, None);
            if server.try_start() {
                return server;
            }
            log = server.log();
        }
        panic!("nats-server ended {ATTEMPTS} times: {}", log.join("\n"));
    }

    /// Starts servers that form a cluster, and waits until its JetStream can be used.
    ///
    /// # Panics
    /// They don't start or don't find together, or `cargo xtask servers` was not run.
    #[track_caller]
    pub fn start_cluster(&self, size: usize) -> NatsCluster {
        NatsCluster::of(self, size)
    }

    #[track_caller]
    pub(super) fn node(&self, routes: Routes<'_>) -> Result<Nats, Vec<String>> {
        let node = Nats::prepare(self, Some(routes));
        if node.try_start() { Ok(node) } else { Err(node.log()) }
    }
}

#[track_caller]
fn write(file: &Path, content: &str) {
    fs::write(file, content).unwrap_or_else(|problem| panic!("writing {}: {problem}", file.display()));
}
