//! Both twins and the pipeline between them as real processes, in either shape, with any number of connections.

mod accounts;
mod inside;
mod processes;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tandem::Part;
use tandem_proto::ConnectionId;
use tandem_testkit::servers::Nats;
use tandem_tests::{
    Cluster, ClusterOptions, Process, ProcessOptions, Program, Servers, Shape, quick_ghl, quick_openphone,
};
use tandem_twins::{Fault, Faults, GhlConfig, GhlTwin, OpenPhoneConfig, OpenPhoneTwin};
use tempfile::TempDir;

pub(crate) use inside::Inside;
pub(crate) use processes::Measured;

/// More requests a second than any process on a few cores sends.
pub(crate) const UNTHROTTLED: u32 = 400;

/// What is to be measured.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) shape: Shape,
    pub(crate) connections: usize,
    /// How many writers there are in the distributed shape.
    pub(crate) writers: usize,
    /// Requests a second that the twins allow each account, GHL first; none is the published rate.
    pub(crate) rates: [Option<u32>; 2],
    /// Seeds GHL's signing key, where the webhooks are to be ours.
    pub(crate) signing_seed: Option<[u8; 32]>,
    /// Whether NATS syncs every write to the disk, as it must. Filling it with many records is quicker without.
    pub(crate) is_durable: bool,
}

impl Wish {
    /// One connection, one of each service, and no rate that holds anything up.
    pub(crate) fn of(shape: Shape) -> Self {
        Self { shape, connections: 1, writers: 1, rates: [Some(UNTHROTTLED); 2], signing_seed: None, is_durable: true }
    }

    fn ghl(&self) -> GhlConfig {
        let mut config = GhlConfig { signing_seed: self.signing_seed, ..quick_ghl() };
        config.locations.extend((1..self.connections).map(accounts::location));
        raise(&mut config.rate, self.rates[0]);
        config
    }

    fn openphone(&self) -> OpenPhoneConfig {
        let mut config = quick_openphone();
        let first = config.workspaces.first().cloned().unwrap_or_default();
        config.workspaces.extend((1..self.connections).map(|number| accounts::workspace(number, &first)));
        raise(&mut config.rate, self.rates[1]);
        config
    }
}

fn raise(rate: &mut tandem_twins::Rate, per_second: Option<u32>) {
    if let Some(per_second) = per_second {
        rate.requests = u32::try_from(rate.per.as_secs()).unwrap_or(1) * per_second;
        rate.per_day = None;
    }
}

/// The id of a connection by its number.
pub(crate) fn connection(number: usize) -> anyhow::Result<ConnectionId> {
    Ok(ConnectionId::new(accounts::id(number))?)
}

/// The GHL location of a connection by its number.
pub(crate) fn location(number: usize) -> String {
    accounts::location_id(number)
}

/// What runs.
pub(crate) struct System {
    kind: Kind,
    connections: usize,
}

enum Kind {
    Embedded(Box<Process>),
    Distributed(Box<Cluster>),
}

impl System {
    /// Starts twins and servers; nothing of ours yet.
    pub(crate) async fn prepare(wish: Wish) -> anyhow::Result<Self> {
        let (ghl, openphone) = (Some(wish.ghl()), Some(wish.openphone()));
        let kind = match wish.shape {
            Shape::Embedded => {
                let options = ProcessOptions { ghl, openphone, ..ProcessOptions::default() };
                let mut process = Process::prepare(options).await?;
                process.environment.extend(accounts::secrets(wish.connections));
                Kind::Embedded(Box::new(process))
            }
            Shape::Distributed => {
                let services = [(Part::Ingest, 1), (Part::Mapper, 1), (Part::Writer, wish.writers)];
                let options = ClusterOptions { ghl, openphone, services, ..ClusterOptions::default() };
                let mut cluster = Cluster::prepare(options).await?;
                if !wish.is_durable {
                    let nats = Nats::builder().sync_interval("2m").start();
                    cluster.servers.nats = nats;
                }
                for service in &mut cluster.services {
                    service.environment.extend(cluster.servers.environment());
                    service.environment.extend(accounts::secrets(wish.connections));
                }
                Kind::Distributed(Box::new(cluster))
            }
        };
        let system = Self { kind, connections: wish.connections };
        accounts::write(&system.folder().path().join("tandem.yaml"), wish.connections)?;
        system.take_webhooks()?;
        Ok(system)
    }

    pub(crate) async fn start(wish: Wish) -> anyhow::Result<Self> {
        let mut system = Self::prepare(wish).await?;
        system.up().await;
        Ok(system)
    }

    /// Starts our processes, and waits until they are ready.
    pub(crate) async fn up(&mut self) {
        match &mut self.kind {
            Kind::Embedded(process) => process.up(),
            Kind::Distributed(cluster) => {
                cluster.servers.have_been_up();
                cluster.up().await;
            }
        }
    }

    /// Starts what is not a writer, and later what is. All in one process, there is no difference: [`Self::up`] does it.
    pub(crate) async fn up_only(&mut self, is_writer: bool) {
        let Kind::Distributed(cluster) = &mut self.kind else { return };
        cluster.servers.have_been_up();
        for service in cluster.services.iter_mut().filter(|service| (service.part == Part::Writer) == is_writer) {
            service.spawn();
        }
        for service in cluster.services.iter().filter(|service| (service.part == Part::Writer) == is_writer) {
            service.answers("/ready", 200).await;
        }
    }

    /// Starts ingest alone.
    pub(crate) async fn up_ingest(&mut self) {
        let Kind::Distributed(cluster) = &mut self.kind else { return };
        let ingest = cluster.first(Part::Ingest);
        ingest.spawn();
        ingest.answers("/ready", 200).await;
    }

    /// A command of `tandem` with the configuration that runs, started.
    pub(crate) fn command(&self, arguments: &[&str]) -> anyhow::Result<Program> {
        let environment = match &self.kind {
            Kind::Embedded(process) => &process.environment,
            Kind::Distributed(cluster) => &cluster.services.first().context("no service")?.environment,
        };
        let mut command = Program::new("tandem", arguments, self.folder().path().to_owned());
        command.spawn(environment);
        Ok(command)
    }

    /// SIGTERM to all, and waits for their end.
    pub(crate) fn stop(&mut self) -> anyhow::Result<()> {
        match &mut self.kind {
            Kind::Embedded(process) => ensure!(process.stop().success(), "the process did not end in order"),
            Kind::Distributed(cluster) => {
                for service in &cluster.services {
                    service.program.child().terminate();
                }
                for service in &mut cluster.services {
                    ensure!(service.program.wait().success(), "{} did not end in order", service.name);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn ghl(&self) -> &GhlTwin {
        match &self.kind {
            Kind::Embedded(process) => &process.ghl,
            Kind::Distributed(cluster) => &cluster.ghl,
        }
    }

    pub(crate) fn openphone(&self) -> &OpenPhoneTwin {
        match &self.kind {
            Kind::Embedded(process) => &process.openphone,
            Kind::Distributed(cluster) => &cluster.openphone,
        }
    }

    /// Both twins take so long for each answer.
    pub(crate) fn answer_after(&self, delay: Duration) {
        let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        let faults = match millis {
            0 => Faults::none(),
            _ => Faults::none().chance(1.0, Fault::Latency { min_ms: millis, max_ms: millis }),
        };
        self.ghl().faults(faults.clone());
        self.openphone().faults(faults);
    }

    /// Where webhooks go.
    pub(crate) fn address(&self) -> SocketAddr {
        match &self.kind {
            Kind::Embedded(process) => process.address,
            // Straight to the one ingest there is: what stands before several of them is not measured.
            Kind::Distributed(cluster) => cluster.services[0].address,
        }
    }

    /// NATS and Redis, where there are any.
    pub(crate) fn servers(&self) -> Option<&Servers> {
        match &self.kind {
            Kind::Embedded(_) => None,
            Kind::Distributed(cluster) => Some(&cluster.servers),
        }
    }

    /// Points the webhooks of both twins at us, or nowhere.
    pub(crate) fn take_webhooks(&self) -> anyhow::Result<()> {
        self.ghl().set_webhook_url(Some(format!("http://{}/webhooks/ghl", self.address())));
        self.take_echoes()
    }

    /// Points `OpenPhone`'s webhooks at us: where only we write there, they tell of our own writes.
    pub(crate) fn take_echoes(&self) -> anyhow::Result<()> {
        let webhooks = format!("http://{}/webhooks", self.address());
        self.openphone().set_webhook_url(Some(format!("{webhooks}/openphone/{}", accounts::id(0))));
        for number in 1..self.connections {
            let url = format!("{webhooks}/openphone/{}", accounts::id(number));
            let is_there = self.openphone().set_webhook_url_of(&accounts::org(number), Some(url));
            ensure!(is_there, "the twin has no workspace {number}");
        }
        Ok(())
    }

    /// Queue and records, seen from outside. All in one process, it must not run meanwhile.
    pub(crate) async fn inside(&self) -> anyhow::Result<Inside> {
        match &self.kind {
            Kind::Embedded(process) => Inside::embedded(&process.data_dir()),
            Kind::Distributed(cluster) => {
                let ids = (0..self.connections).map(connection).collect::<anyhow::Result<Vec<_>>>()?;
                Inside::distributed(&cluster.servers.nats.url(), &ids).await.context("looking inside")
            }
        }
    }

    /// Our running processes by name, with their ids; with the servers behind them, where there are any.
    pub(crate) fn processes(&self) -> Vec<Measured> {
        let mut found = match &self.kind {
            Kind::Embedded(process) => vec![Measured::ours("tandem up", process.child().id())],
            Kind::Distributed(cluster) => {
                let services = cluster.services.iter();
                services.map(|service| Measured::ours(&service.name, service.program.child().id())).collect()
            }
        };
        if let Some(servers) = self.servers() {
            found.push(Measured::server("nats-server", servers.nats.pid()));
            found.push(Measured::server("redis-server", servers.redis.pid()));
        }
        found
    }

    /// What queue and store take on the disk, in bytes.
    pub(crate) fn on_disk(&self) -> anyhow::Result<u64> {
        match &self.kind {
            Kind::Embedded(process) => processes::size_of(&process.data_dir()),
            Kind::Distributed(cluster) => processes::size_of(&cluster.servers.nats.store_dir()),
        }
    }

    pub(crate) fn folder(&self) -> &TempDir {
        match &self.kind {
            Kind::Embedded(process) => &process.folder,
            Kind::Distributed(cluster) => &cluster.folder,
        }
    }
}

/// Names as people read them.
pub(crate) fn shape_name(shape: Shape) -> &'static str {
    match shape {
        Shape::Embedded => "all in one",
        Shape::Distributed => "three services",
    }
}

/// Environment variables by name.
type Variables = BTreeMap<String, String>;
