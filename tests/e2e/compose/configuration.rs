//! What the stack tells Tandem's services, read by the code that they read it with.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::Value;
use tandem_service::config::{Limits, Queue};
use tandem_service::{Config, Environment};

use super::stack::Stack;
use super::{assert_found, assert_none, root, text};

/// Services that read tandem.yaml.
const OWN: [&str; 6] = ["ingest", "ingest-b", "mapper", "writer", "check", "twins"];

/// Words in the names of variables that hold something secret.
const SECRET: [&str; 5] = ["KEY", "TOKEN", "SECRET", "PASSWORD", "WHSEC"];

/// `NAME=value` lines, as Compose reads them.
fn env_file(text: &str) -> Environment {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What a service's process finds in its environment.
fn environment(service: &Value) -> Environment {
    let mut environment = Environment::new();
    for file in super::texts(&service["env_file"]) {
        environment.extend(env_file(&text(file)));
    }
    for (name, value) in service["environment"].as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        environment.insert(name.clone(), value);
    }
    environment
}

/// The configuration that a service starts with, or everything that is wrong with it.
fn configuration(file: &str, environment: &Environment) -> Result<Config, Vec<String>> {
    let path = root().join(file);
    Config::parse(&text(file), &path, environment)
        .map_err(|error| error.to_string().lines().map(str::to_owned).collect())
}

fn secret_problems(service: &Value) -> Vec<String> {
    let entries = service["environment"].as_object().into_iter().flatten();
    let written = entries.filter(|(name, value)| {
        let words: Vec<&str> = name.split('_').collect();
        SECRET.iter().any(|secret| words.contains(secret)) && value.as_str().is_some_and(|value| !value.is_empty())
    });
    written.map(|(name, _)| format!("the value of {name} stands in the file")).collect()
}

/// The host of `scheme://host:port/`.
fn host(address: &str) -> String {
    let (_, rest) = address.split_once("://").unwrap();
    rest.split([':', '/']).next().unwrap().to_owned()
}

fn seconds(text: &str) -> Duration {
    Duration::from_secs(text.trim_end_matches('s').parse().unwrap())
}

#[test]
fn every_service_gets_a_configuration_without_a_fault() {
    for (name, stack) in Stack::shipped() {
        let own: Vec<(&str, &Value)> = stack.services().filter(|(name, _)| OWN.contains(name)).collect();
        assert_eq!(own.len(), if name.contains("ha") { 6 } else { 5 }, "{name}");
        for (service, value) in own {
            let config = configuration("deploy/tandem/tandem.yaml", &environment(value));
            let config = config.unwrap_or_else(|problems| panic!("{name}: {service}: {}", problems.join("\n")));
            let grace = seconds(value["stop_grace_period"].as_str().unwrap());
            assert!(service == "twins" || grace > config.grace, "{service} is killed before it has drained");
        }
    }
}

#[test]
fn services_are_told_the_servers_of_their_stack() {
    for ((name, stack), (servers, copies)) in Stack::shipped().into_iter().zip([(1, 1), (3, 3)]) {
        let hosts = stack.hosts();
        for (service, value) in stack.services().filter(|(name, _)| OWN.contains(name) && *name != "twins") {
            let config = configuration("deploy/tandem/tandem.yaml", &environment(value)).unwrap();
            let Queue::Nats(nats) = &config.queue else { panic!("{name}: {service} does not use NATS") };
            let Limits::Redis { url } = &config.limits else { panic!("{name}: {service} does not use Redis") };
            assert_eq!((nats.urls.len(), nats.replicas), (servers, copies), "{name}: {service}");
            let otlp = config.telemetry.otlp_endpoint.as_ref().unwrap().as_str();
            let servers = nats.urls.iter().chain([url]).map(|url| host(url.expose_secret()));
            for host in servers.chain([host(otlp)]) {
                assert!(hosts.contains(&host), "{name}: {service} is told {host}, which is not there");
            }
            assert!(config.http.listen.ip().is_unspecified() && config.http.listen.port() == 8080, "{service}");
        }
    }
}

#[test]
fn the_example_for_people_becomes_a_configuration() {
    let mut environment = env_file(&text("deploy/example/secrets.env.example"));
    assert!(environment.values().all(String::is_empty), "the example holds a value");
    assert!(environment.len() >= 2);
    for value in environment.values_mut() {
        "invented".clone_into(value);
    }
    let [(_, stack), _] = Stack::shipped();
    let (_, ingest) = stack.services().find(|(name, _)| *name == "ingest").unwrap();
    environment.extend(self::environment(ingest));
    let config = configuration("deploy/example/tandem.yaml", &environment);
    config.unwrap_or_else(|problems| panic!("{}", problems.join("\n")));
}

#[test]
fn the_twins_play_the_connection_that_the_services_have() {
    let [(_, stack), _] = Stack::shipped();
    let (_, twins) = stack.services().find(|(name, _)| *name == "twins").unwrap();
    let config = configuration("deploy/tandem/tandem.yaml", &environment(twins)).unwrap();
    let arguments = super::texts(&twins["command"]);
    for (provider, url) in
        [("ghl", &config.providers.ghl.base_url), ("openphone", &config.providers.openphone.base_url)]
    {
        let port = format!("--{provider}-port={}", url.port().unwrap());
        assert!(
            url.host_str() == Some("twins") && arguments.contains(&port.as_str()),
            "{provider}: {url} {arguments:?}"
        );
    }
    // The key that the sandbox signs with, and the secrets that its workspace has.
    let sandbox = tandem_twins::Workspace::default();
    let secrets = &config.connections[0].openphone.webhook_secrets;
    assert_eq!(secrets[0].expose_secret(), sandbox.webhook_secrets[0]);
    assert_eq!(config.providers.ghl.webhook_public_keys.len(), 1);
}

#[test]
fn no_secret_stands_in_a_compose_file() {
    for (_, stack) in Stack::shipped() {
        assert_none(&stack.services().flat_map(|(_, service)| secret_problems(service)).collect::<Vec<_>>());
    }
    let service = super::yaml("{ environment: { GRAFANA_PASSWORD: hunter2, KEYS: '1', API_KEY: '' } }");
    assert_eq!(secret_problems(&service), ["the value of GRAFANA_PASSWORD stands in the file"]);
}

#[test]
fn names_that_the_configuration_does_not_know_are_found() {
    let [(_, stack), _] = Stack::shipped();
    let (_, writer) = stack.services().find(|(name, _)| *name == "writer").unwrap();
    for (name, value, expected) in [
        ("TANDEM_QEUE__URL", "nats://nats:4222", "unknown key"),
        ("TANDEM_QUEUE__SHARDS", "3", "unknown key"),
        ("TANDEM_QUEUE__REPLICAS", "2", "expected 1, 3 or 5"),
    ] {
        let mut environment = environment(writer);
        environment.insert(name.to_owned(), value.to_owned());
        let problems = configuration("deploy/tandem/tandem.yaml", &environment).unwrap_err();
        assert_found(&problems, name);
        assert_found(&problems, expected);
    }
    let mut without_key = environment(writer);
    without_key.remove("DEMO_QUO_KEY");
    assert_found(&configuration("deploy/tandem/tandem.yaml", &without_key).unwrap_err(), "DEMO_QUO_KEY is not set");
}
