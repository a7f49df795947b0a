//! The three services as the real programs, any number of each, over one NATS and one Redis.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use tandem::Part;
use tandem_jetstream::Options;
use tandem_proto::{ConnectionId, Stream};
use tandem_queue::{Depth, Queue, Settings};
use tandem_store::Store;
use tandem_twins::{GhlConfig, GhlTwin, OpenPhoneConfig, OpenPhoneTwin};
use tempfile::TempDir;

use crate::stack::config_text;
use crate::{Front, Program, Servers, environment, http, quick_ghl, quick_openphone};

const LIMIT: Duration = Duration::from_mins(1);

/// What differs from the ordinary set-up.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// Changes to the GHL twin.
    pub ghl: Option<GhlConfig>,
    /// Changes to the OpenPhone twin.
    pub openphone: Option<OpenPhoneConfig>,
    /// Environment variables of all services, laid over those of the harness.
    pub environment: Vec<(&'static str, String)>,
    /// The mapping file's text; none means the built-in mapping.
    pub mapping: Option<&'static str>,
    /// What NATS and Redis are to ask for.
    pub password: Option<&'static str>,
    /// How many there are of each.
    pub services: [(Part, usize); 3],
}

impl Default for ClusterOptions {
    fn default() -> Self {
        let services = [(Part::Ingest, 1), (Part::Mapper, 1), (Part::Writer, 1)];
        Self { ghl: None, openphone: None, environment: Vec::new(), mapping: None, password: None, services }
    }
}

/// Both twins, both servers, and the services between them.
pub struct Cluster {
    /// The GHL twin.
    pub ghl: GhlTwin,
    /// The OpenPhone twin.
    pub openphone: OpenPhoneTwin,
    /// NATS and Redis.
    pub servers: Servers,
    /// The folder that outlives the processes.
    pub folder: TempDir,
    /// The services, in the order an event meets them.
    pub services: Vec<Service>,
    _front: Front,
}

/// One service.
#[derive(Debug)]
pub struct Service {
    /// What it does.
    pub part: Part,
    /// For people: `writer-2`.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Environment variables of the next start.
    pub environment: BTreeMap<String, String>,
    /// Its process.
    pub program: Program,
}

impl Cluster {
    /// Starts twins and servers, and prepares the services; [`Self::up`] starts them.
    pub async fn prepare(options: ClusterOptions) -> anyhow::Result<Self> {
        let ghl = GhlTwin::start(options.ghl.unwrap_or_else(quick_ghl)).await.context("starting the GHL twin")?;
        let openphone = OpenPhoneTwin::start(options.openphone.unwrap_or_else(quick_openphone)).await;
        let openphone = openphone.context("starting the OpenPhone twin")?;
        let servers = options.password.map_or_else(Servers::start, Servers::start_with_password);
        let folder = TempDir::new().context("making a folder")?;
        let config = config_text(&ghl, &openphone, "", options.mapping.is_some());
        std::fs::write(folder.path().join("tandem.yaml"), config).context("writing the configuration")?;
        if let Some(mapping) = options.mapping {
            std::fs::write(folder.path().join("mapping.yaml"), mapping).context("writing the mapping")?;
        }
        let mut variables = environment();
        variables.extend(servers.environment());
        if let Some(password) = options.password {
            let url = format!("nats://tandem:{password}@127.0.0.1:{}", servers.nats.port());
            variables.insert("TANDEM_QUEUE__URL".to_owned(), url);
        }
        variables.extend(options.environment.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let mut services = Vec::new();
        for (part, count) in options.services {
            for number in 1..=count {
                services.push(Service::prepare((part, number), &variables, folder.path())?);
            }
        }
        let ingests = services.iter().filter(|service| service.part == Part::Ingest);
        let front = Front::before(ingests.map(|service| service.address).collect()).await?;
        let webhooks = format!("http://{}/webhooks", front.address());
        ghl.set_webhook_url(Some(format!("{webhooks}/ghl")));
        openphone.set_webhook_url(Some(format!("{webhooks}/openphone/acme")));
        Ok(Self { ghl, openphone, servers, folder, services, _front: front })
    }

    /// Starts everything, and waits until it is ready.
    pub async fn start(options: ClusterOptions) -> anyhow::Result<Self> {
        let mut cluster = Self::prepare(options).await?;
        cluster.up().await;
        Ok(cluster)
    }

    /// Starts the services, and waits until they are ready.
    ///
    /// # Panics
    /// When a binary is not built, or doesn't become ready.
    pub async fn up(&mut self) {
        for service in &mut self.services {
            service.spawn();
        }
        self.ready().await;
    }

    /// Waits until all services are ready.
    ///
    /// # Panics
    /// When one doesn't become ready.
    pub async fn ready(&self) {
        for service in &self.services {
            service.answers("/ready", 200).await;
        }
    }

    /// The first service of this kind.
    ///
    /// # Panics
    /// When there is none.
    pub fn first(&mut self, part: Part) -> &mut Service {
        let found = self.services.iter_mut().find(|service| service.part == part);
        let Some(service) = found else { panic!("there is no {part}") };
        service
    }

    /// A look at queue and store from outside.
    pub async fn inside(&self) -> anyhow::Result<Inside> {
        let options = Options::new([self.servers.nats.url().into()]);
        let jetstream = tandem_jetstream::connect_waiting(&options).await.context("connecting to NATS")?;
        let connection = ConnectionId::new("acme")?;
        let queue =
            Queue::jetstream(&jetstream, Settings::default(), &[connection]).await.context("opening the queue")?;
        let store = Store::jetstream(&jetstream).await.context("opening the store")?;
        Ok(Inside { queue, store })
    }
}

impl Service {
    /// A service on a port of its own, not started yet; the folder holds its configuration.
    pub fn prepare(
        (part, number): (Part, usize),
        variables: &BTreeMap<String, String>,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let (name, address) = (format!("{part}-{number}"), tandem_testkit::free_address());
        let mut environment = variables.clone();
        environment.insert("TANDEM_HTTP__LISTEN".to_owned(), address.to_string());
        environment.insert("TANDEM_DATA_DIR".to_owned(), folder.join(&name).display().to_string());
        let program = Program::new(Part::program(&[part]), &[], folder.to_owned());
        Ok(Self { part, name, address, environment, program })
    }

    /// Starts it.
    ///
    /// # Panics
    /// When the binary is not built.
    pub fn spawn(&mut self) {
        self.program.spawn(&self.environment);
    }

    /// The status of an answer, if there is one.
    pub async fn status(&self, path: &str) -> Option<u16> {
        Some(http::send(self.address, &format!("GET {path}"), &[], b"").await.ok()?.status)
    }

    /// Waits for this answer.
    ///
    /// # Panics
    /// When it doesn't come; what the process printed is told.
    pub async fn answers(&self, path: &str, wanted: u16) {
        let until = tokio::time::Instant::now() + LIMIT;
        loop {
            let status = self.status(path).await;
            if status == Some(wanted) {
                return;
            }
            let printed = || self.program.output().join("\n");
            let name = &self.name;
            assert!(tokio::time::Instant::now() < until, "{path} of {name} answers {status:?}:\n{}", printed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The value of a series in its `/metrics`, where it has one.
    pub async fn metric(&self, series: &str) -> Option<f64> {
        http::metric(self.address, series).await
    }
}

/// Queue and store, as a process of its own sees them.
#[derive(Debug)]
pub struct Inside {
    /// The queue.
    pub queue: Queue,
    /// The documents.
    pub store: Store,
}

impl Inside {
    /// Everything that is in a stream, if NATS answers now.
    pub async fn depth(&self, stream: Stream) -> Option<u64> {
        let asked = tokio::time::timeout(Duration::from_secs(1), self.queue.depth(stream)).await;
        let Depth { waiting, in_flight, delayed } = asked.ok()?.ok()?;
        Some(waiting + in_flight + delayed)
    }

    /// Waits until nothing is left to do.
    ///
    /// # Panics
    /// When something is left after the limit.
    pub async fn worked_off(&self, limit: Duration) {
        tandem_testkit::eventually("the queue to be worked off", limit, async || {
            let (events, commands) = (self.depth(Stream::Events).await, self.depth(Stream::Commands).await);
            tokio::time::sleep(Duration::from_millis(50)).await;
            (events == Some(0) && commands == Some(0)).then_some(())
        })
        .await;
    }
}
