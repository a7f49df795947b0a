//! The configuration file of a `nats-server`.

/// How a [`Nats`](super::Nats) is started.
#[derive(Clone, Debug)]
pub struct NatsBuilder {
    jetstream: bool,
    sync_interval: String,
    max_file_store: Option<u64>,
    user: Option<(String, String)>,
    lines: Vec<String>,
}

impl Default for NatsBuilder {
    fn default() -> Self {
        Self { jetstream: true, sync_interval: "always".into(), max_file_store: None, user: None, lines: Vec::new() }
    }
}

impl NatsBuilder {
    /// Plain NATS.
    #[must_use]
    pub fn without_jetstream(mut self) -> Self {
        self.jetstream = false;
        self
    }

    /// When written data is synced to disk, for example `2m`, the server's own default. Ours is `always`.
    #[must_use]
    pub fn sync_interval(mut self, interval: &str) -> Self {
        interval.clone_into(&mut self.sync_interval);
        self
    }

    /// How many bytes all streams may take together: publishing fails beyond, as on a full disk.
    #[must_use]
    pub fn max_file_store(mut self, bytes: u64) -> Self {
        self.max_file_store = Some(bytes);
        self
    }

    /// Only this user may connect.
    #[must_use]
    pub fn user(mut self, name: &str, password: &str) -> Self {
        self.user = Some((name.into(), password.into()));
        self
    }

    /// Adds to the configuration file, outside of any block.
    #[must_use]
    pub fn config(mut self, lines: &str) -> Self {
        self.lines.push(lines.into());
        self
    }

    pub(super) fn file(&self, ours: &Place<'_>, routes: Option<Routes<'_>>) -> String {
        let Place { name, port, monitor, store } = ours;
        let mut lines = vec![
            format!("server_name: {name:?}"),
            format!("listen: \"127.0.0.1:{port}\""),
            format!("http: \"127.0.0.1:{monitor}\""),
        ];
        if self.jetstream {
            let limit = self.max_file_store.map(|bytes| format!(", max_file_store: {bytes}")).unwrap_or_default();
            let sync = &self.sync_interval;
            lines.push(format!("jetstream {{ store_dir: {store:?}, sync_interval: {sync:?}{limit} }}"));
        }
        if let Some((user, password)) = &self.user {
            lines.push(format!("authorization {{ user: {user:?}, password: {password:?} }}"));
        }
        lines.extend(routes.map(cluster));
        lines.extend(self.lines.iter().cloned());
        lines.join("\n")
    }
}

fn cluster(Routes { own, all }: Routes<'_>) -> String {
    let routes: Vec<String> = all.iter().map(|port| format!("\"nats://127.0.0.1:{port}\"")).collect();
    format!("cluster {{ name: \"test\", listen: \"127.0.0.1:{own}\", routes: [{}] }}", routes.join(", "))
}

/// What differs from server to server.
pub(super) struct Place<'a> {
    pub(super) name: &'a str,
    pub(super) port: u16,
    pub(super) monitor: u16,
    pub(super) store: &'a str,
}

/// The ports on which the servers of a cluster meet.
#[derive(Clone, Copy)]
pub(in super::super) struct Routes<'a> {
    pub(in super::super) own: u16,
    pub(in super::super) all: &'a [u16],
}
