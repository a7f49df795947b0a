//! What waiting doesn't mend: one clear error, exit code 64.

use serde_json::{Value, json};
use tandem::Part;
use tandem_jetstream::{JetStream, Options};
use tandem_testkit::free_port;
use tandem_testkit::servers::{Nats, Redis};
use tandem_tests::{Service, environment};
use tempfile::TempDir;

/// Nobody gets as far as calling a provider.
const CONFIGURATION: &str = r#"
providers:
  ghl: { base_url: "http://127.0.0.1:9" }
  openphone: { base_url: "http://127.0.0.1:9" }
connections:
  - id: acme
    ghl: { location_id: SandboxLocation00001, private_token: "${GHL_TOKEN}" }
    openphone: { api_key: "${QUO_KEY}", webhook_secrets: ["${QUO_SECRET}"] }
"#;

/// Services without twins, started. Unless these variables say otherwise, nobody listens where NATS and Redis should be.
pub(super) fn alone(parts: &[Part], variables: &[(&str, String)]) -> (TempDir, Vec<Service>) {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("tandem.yaml"), CONFIGURATION).unwrap();
    let mut all = environment();
    let servers = [
        ("TANDEM_QUEUE__BACKEND", "nats".to_owned()),
        ("TANDEM_QUEUE__URL", format!("nats://127.0.0.1:{}", free_port())),
        ("TANDEM_LIMITS__BACKEND", "redis".to_owned()),
        ("TANDEM_LIMITS__URL", format!("redis://127.0.0.1:{}", free_port())),
    ];
    let given = variables.iter().cloned();
    all.extend(servers.into_iter().chain(given).map(|(name, value)| (name.to_owned(), value)));
    all.retain(|_, value| !value.is_empty());
    let mut services: Vec<Service> =
        parts.iter().map(|part| Service::prepare((*part, 1), &all, folder.path()).unwrap()).collect();
    services.iter_mut().for_each(Service::spawn);
    (folder, services)
}

/// Each ends by itself with 64 and one error that says all of this, without a panic or the password `hush`.
fn refuse(parts: &[Part], variables: &[(&str, String)], said: &[&str]) {
    let (_folder, mut services) = alone(parts, variables);
    for service in &mut services {
        let status = service.program.wait();
        let printed = service.program.output();
        let text = printed.join("\n");
        assert_eq!(status.code(), Some(64), "{}: {text}", service.name);
        let errors = printed.iter().filter(|line| line.starts_with("error: ")).count();
        assert_eq!(errors, 1, "{}: {text}", service.name);
        let error = text.find("error: ").map(|at| &text[at..]).unwrap();
        for words in said {
            assert!(error.contains(words), "{}: not {words:?}: {text}", service.name);
        }
        for words in ["hush", "panicked", "backtrace", "unfinished", "Error {"] {
            assert!(!text.contains(words), "{}: {words:?}: {text}", service.name);
        }
    }
}

fn queue(url: String) -> (&'static str, String) {
    ("TANDEM_QUEUE__URL", url)
}

#[test]
fn credentials_that_nats_refuses() {
    let nats = Nats::builder().user("tandem", "right").start();
    let address = format!("127.0.0.1:{}", nats.port());
    let said = format!("NATS at {address} refuses the credentials: check user, password");
    refuse(&Part::ALL, &[queue(format!("nats://tandem:hush@{address}"))], &[&said]);
    refuse(&[Part::Mapper], &[queue(nats.url())], &[&said]);
}

#[test]
fn nats_without_jetstream() {
    let nats = Nats::builder().without_jetstream().start();
    refuse(&Part::ALL, &[queue(nats.url())], &["runs without JetStream", "start it with `-js`"]);
}

#[test]
fn more_copies_than_there_are_servers() {
    let nats = Nats::start();
    let variables = [queue(nats.url()), ("TANDEM_QUEUE__REPLICAS", "3".to_owned())];
    refuse(&Part::ALL, &variables, &["NATS refused a request", "replicas"]);
}

#[test]
fn credentials_that_redis_refuses() {
    let redis = Redis::start_with_password("right");
    for user in ["", ":hush@"] {
        let url = format!("redis://{user}127.0.0.1:{}", redis.port());
        let variables = [("TANDEM_LIMITS__URL", url)];
        refuse(&[Part::Ingest, Part::Writer], &variables, &["limits.url", "Redis refuses us"]);
    }
}

#[test]
fn an_embedded_queue_or_limiter_says_what_to_set_instead() {
    let none = [("TANDEM_QUEUE__BACKEND", "embedded".to_owned()), queue(String::new())];
    for part in Part::ALL {
        let shares = format!("error: queue.backend: {} shares the queue", Part::program(&[part]));
        refuse(&[part], &none, &[&shares, "`queue: { backend: nats, url: ... }`", "`tandem up`"]);
    }
    let none = [("TANDEM_LIMITS__BACKEND", "embedded".to_owned()), ("TANDEM_LIMITS__URL", String::new())];
    let said = "error: limits.backend: tandem-writer shares the providers' request budgets";
    refuse(&[Part::Writer], &none, &[said, "`limits: { backend: redis, url: ... }`", "`tandem up`"]);
}

/// The services name what differs, and leave the stream as it is.
async fn differs(stream: &str, config: Value, said: &[&str]) {
    let nats = Nats::start();
    let jetstream = JetStream::connect(&Options::new([nats.url().into()])).await.unwrap();
    let _made: Value = jetstream.api(&format!("STREAM.CREATE.{stream}"), &config).await.unwrap();
    let named = format!("the stream {stream} has other settings than needed");
    let help = format!("nats stream edit {stream}");
    let said: Vec<&str> = [named.as_str(), help.as_str()].into_iter().chain(said.iter().copied()).collect();
    tokio::task::block_in_place(|| refuse(&Part::ALL, &[queue(nats.url())], &said));
    let found: Value = jetstream.api(&format!("STREAM.INFO.{stream}"), &()).await.unwrap();
    for (name, value) in config.as_object().unwrap() {
        assert_eq!(&found["config"][name], value, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_kept_in_memory() {
    let config = json!({ "name": "EVENTS", "subjects": ["event.>"], "storage": "memory", "retention": "workqueue" });
    differs("EVENTS", config, &["storage is Memory, not File"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_keeps_what_is_done() {
    let config = json!({ "name": "COMMANDS", "subjects": ["command.>"], "storage": "file", "retention": "limits" });
    differs("COMMANDS", config, &["retention is Limits, not WorkQueue"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_whose_documents_expire() {
    let day: u64 = 24 * 3_600 * 1_000_000_000;
    let config = json!({ "name": "KV_STATE", "subjects": ["$KV.STATE.>"], "storage": "file", "max_age": day });
    differs("KV_STATE", config, &["max_age is 86400s, not 0ns"]).await;
}
