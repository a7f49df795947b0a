//! The real programs in either shape, with everything to be fetched by themselves: locations are connected by OAuth, webhooks
//! are made. A parrot stands before each provider.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tandem::Part;
use tandem_tests::{Browser, Cluster, ClusterOptions, Parrot, Process, ProcessOptions, Shape, eventually, http};
use tandem_twins::{GhlApp, GhlTwin, OpenPhoneTwin};
use url::Url;

/// 32 bytes.
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

enum Programs {
    One(Box<Process>),
    Three(Box<Cluster>),
}

/// Programs, twins, and what both say to each other.
pub(crate) struct House {
    programs: Programs,
    pub(crate) ghl_parrot: Parrot,
    pub(crate) openphone_parrot: Parrot,
}

impl House {
    /// Not started yet. In one process, number of services and passwords mean nothing.
    pub(crate) async fn prepare(shape: Shape, options: ClusterOptions) -> Self {
        let programs = match shape {
            Shape::Embedded => {
                let ClusterOptions { ghl, openphone, environment, .. } = options;
                let options = ProcessOptions { ghl, openphone, environment, ..ProcessOptions::default() };
                Programs::One(Box::new(Process::prepare(options).await.unwrap()))
            }
            Shape::Distributed => Programs::Three(Box::new(Cluster::prepare(options).await.unwrap())),
        };
        let (ghl, openphone) = twins(&programs);
        let ghl_parrot = Parrot::before(ghl.address()).await.unwrap();
        let openphone_parrot = Parrot::before(openphone.address()).await.unwrap();
        openphone.set_webhook_url(None);
        let bases = [(ghl.base_url(), ghl_parrot.url()), (openphone.base_url(), openphone_parrot.url())];
        let mut house = Self { programs, ghl_parrot, openphone_parrot };
        house.configure(|text| {
            let mut text = text.replace(", private_token: \"${GHL_TOKEN}\"", "");
            text = text.replace(", webhook_secrets: [\"${QUO_SECRET}\"]", "");
            for (twin, parrot) in &bases {
                text = text.replace(twin, parrot);
            }
            text
        });
        house.set_up_oauth();
        house
    }

    fn set_up_oauth(&mut self) {
        let GhlApp { client_id, client_secret, .. } = GhlApp::default();
        let authorize = format!("{}/v2/oauth/chooselocation", self.ghl().base_url());
        let usual = [
            ("TANDEM_ENCRYPTION_KEY", KEY.to_owned()),
            ("TANDEM_HTTP__PUBLIC_URL", format!("http://{}", self.ingest())),
            ("TANDEM_PROVIDERS__GHL__CLIENT_ID", client_id),
            ("TANDEM_PROVIDERS__GHL__CLIENT_SECRET", client_secret),
            ("TANDEM_PROVIDERS__GHL__AUTHORIZE_URL", authorize),
        ];
        for (name, value) in usual {
            for environment in self.environments() {
                environment.entry(name.to_owned()).or_insert_with(|| value.clone());
            }
        }
    }

    pub(crate) fn ghl(&self) -> &GhlTwin {
        twins(&self.programs).0
    }

    pub(crate) fn openphone(&self) -> &OpenPhoneTwin {
        twins(&self.programs).1
    }

    pub(crate) fn folder(&self) -> &Path {
        match &self.programs {
            Programs::One(process) => process.folder.path(),
            Programs::Three(cluster) => cluster.folder.path(),
        }
    }

    /// Who takes webhooks and shows pages.
    pub(crate) fn ingest(&self) -> SocketAddr {
        self.addresses()[0]
    }

    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        match &self.programs {
            Programs::One(process) => vec![process.address],
            Programs::Three(cluster) => cluster.services.iter().map(|service| service.address).collect(),
        }
    }

    /// Of ingest.
    pub(crate) fn environment(&self) -> &BTreeMap<String, String> {
        match &self.programs {
            Programs::One(process) => &process.environment,
            Programs::Three(cluster) => &cluster.services[0].environment,
        }
    }

    fn environments(&mut self) -> Vec<&mut BTreeMap<String, String>> {
        match &mut self.programs {
            Programs::One(process) => vec![&mut process.environment],
            Programs::Three(cluster) => cluster.services.iter_mut().map(|service| &mut service.environment).collect(),
        }
    }

    pub(crate) fn unset(&mut self, name: &str) {
        for environment in self.environments() {
            environment.remove(name);
        }
    }

    pub(crate) fn configure(&self, change: impl FnOnce(String) -> String) {
        let file = self.folder().join("tandem.yaml");
        std::fs::write(&file, change(std::fs::read_to_string(&file).unwrap())).unwrap();
    }

    pub(crate) async fn up(&mut self) {
        match &mut self.programs {
            Programs::One(process) => process.up(),
            Programs::Three(cluster) => cluster.up().await,
        }
        // Ingest takes webhooks before it has reached the store, but connects nothing.
        tandem_testkit::eventually("the store", LIMIT, async || {
            let reply = http::send(self.ingest(), "GET /oauth/ghl/callback?state=none", &[], b"").await.ok()?;
            (reply.status != 503).then_some(())
        })
        .await;
    }

    /// Holds the writers where they are, or lets them go on; where there is one process only, nothing is held.
    pub(crate) fn hold_writers(&self, is_held: bool) {
        let Programs::Three(cluster) = &self.programs else { return };
        for writer in cluster.services.iter().filter(|service| service.part == Part::Writer) {
            if is_held {
                writer.program.child().pause();
            } else {
                writer.program.child().resume();
            }
        }
    }

    /// One process after the other is stopped and started, the next one when the one before is ready.
    pub(crate) async fn restart_in_turn(&mut self) {
        match &mut self.programs {
            Programs::One(process) => {
                assert!(process.stop().success());
                process.up();
            }
            Programs::Three(cluster) => {
                for service in &mut cluster.services {
                    assert!(service.program.stop().success(), "{}", service.name);
                    service.spawn();
                    service.answers("/ready", 200).await;
                }
            }
        }
    }

    pub(crate) fn stop(&mut self) {
        match &mut self.programs {
            Programs::One(process) => assert!(process.stop().success()),
            Programs::Three(cluster) => {
                cluster.services.iter().for_each(|service| service.program.child().terminate());
                for service in &mut cluster.services {
                    assert!(service.program.wait().success(), "{}", service.name);
                }
            }
        }
    }

    /// SIGKILL for everybody.
    pub(crate) fn kill(&mut self) {
        match &mut self.programs {
            Programs::One(process) => process.kill(),
            Programs::Three(cluster) => cluster.services.iter_mut().for_each(|service| service.program.kill()),
        }
    }

    /// Starts what can't start with these variables; it ends with 64.
    pub(crate) fn refuse_to_start(&mut self, variables: &[(&str, &str)]) {
        let more = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let status = match &mut self.programs {
            Programs::One(process) => {
                let before = process.environment.clone();
                process.environment.extend(more);
                process.spawn();
                process.environment = before;
                process.wait()
            }
            Programs::Three(cluster) => {
                let writer = cluster.first(Part::Writer);
                let before = writer.environment.clone();
                writer.environment.extend(more);
                writer.spawn();
                writer.environment = before;
                writer.program.wait()
            }
        };
        assert_eq!(status.code(), Some(64), "{variables:?}");
    }

    pub(crate) fn output(&self) -> Vec<String> {
        match &self.programs {
            Programs::One(process) => process.output(),
            Programs::Three(cluster) => cluster.services.iter().flat_map(|service| service.program.output()).collect(),
        }
    }

    /// Waits until somebody has printed that.
    pub(crate) async fn says(&self, what: &str) {
        eventually(what, LIMIT, || self.output().iter().any(|line| line.contains(what)).then_some(())).await;
    }

    /// Folders where something is kept, and everything that Redis holds.
    pub(crate) fn kept(&self) -> (Vec<PathBuf>, String) {
        let mut folders = vec![self.folder().to_owned()];
        let Programs::Three(cluster) = &self.programs else { return (folders, String::new()) };
        folders.push(cluster.servers.nats.store_dir());
        (folders, redis(cluster))
    }

    /// Where a person begins to connect.
    pub(crate) fn link(&self, connection: &str) -> Url {
        format!("http://{}/oauth/ghl/start?connection={connection}", self.ingest()).parse().unwrap()
    }

    /// A person connects it, with what the twin was told to choose.
    pub(crate) async fn connect(&self, connection: &str) {
        let mut browser = Browser::default();
        let back = browser.consent(&self.link(connection)).await.unwrap();
        let done = browser.open(&back).await.unwrap();
        assert_eq!(done.status, 303, "{done:?}");
    }

    /// The OpenPhone contact with this first name.
    pub(crate) fn across(&self, first_name: &str) -> Option<Value> {
        let contacts = self.openphone().contacts();
        contacts.into_iter().find(|contact| contact["defaultFields"]["firstName"] == first_name)
    }

    pub(crate) async fn arrives(&self, first_name: &str) -> Value {
        eventually(first_name, LIMIT, || self.across(first_name)).await
    }

    /// The sum of a counter over all processes.
    pub(crate) async fn count(&self, series: &str) -> f64 {
        let mut sum = 0.0;
        for address in self.addresses() {
            sum += http::metric(address, series).await.unwrap_or_default();
        }
        sum
    }

    /// What the mapper has counted, also while the writers are held.
    pub(crate) async fn mapped(&self, series: &str) -> f64 {
        let mapper = match &self.programs {
            Programs::One(process) => Some(process.address),
            Programs::Three(cluster) => {
                cluster.services.iter().find(|service| service.part == Part::Mapper).map(|mapper| mapper.address)
            }
        };
        http::metric(mapper.unwrap(), series).await.unwrap_or_default()
    }

    /// One contact more in GHL.
    pub(crate) fn create(&self, first_name: &str, number: u32) -> String {
        let phone = format!("+1415555{number:04}");
        self.ghl().create_contact(&json!({ "firstName": first_name, "lastName": "Example", "phone": phone })).unwrap()
    }
}

fn twins(programs: &Programs) -> (&GhlTwin, &OpenPhoneTwin) {
    match programs {
        Programs::One(process) => (&process.ghl, &process.openphone),
        Programs::Three(cluster) => (&cluster.ghl, &cluster.openphone),
    }
}

/// Names and values of all keys.
fn redis(cluster: &Cluster) -> String {
    let script = "local all = {} for _, key in ipairs(redis.call('KEYS', '*')) do \
        local kind = redis.call('TYPE', key).ok all[#all + 1] = kind .. ' ' .. key \
        local read = ({ string = {'GET'}, hash = {'HGETALL'}, list = {'LRANGE', 0, -1}, set = {'SMEMBERS'}, \
        zset = {'ZRANGE', 0, -1} })[kind] \
        if read then all[#all + 1] = cjson.encode(redis.call(read[1], key, unpack(read, 2))) end end \
        return table.concat(all, '\\n')";
    cluster.servers.redis.command(&["EVAL", script, "0"])
}
