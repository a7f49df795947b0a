//! What holds for every service: pinned, watched, contained, reachable from this machine only.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::stack::{FILES, Stack, mounts};
use super::{assert_found, assert_none, root, text, texts};

/// The version that this workspace builds, and its images are tagged with.
const OWN_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Started any number of times, so that nothing of theirs may be there once only.
const SCALED: [&str; 2] = ["mapper", "writer"];

/// Where webhooks come in: the only addresses that may be opened to other machines, by .env.
const OPENABLE: [&str; 2] = ["INGEST_BIND", "PROXY_BIND"];

/// True for a version in full, a dated snapshot or a digest.
fn is_pinned(image: &str) -> bool {
    if image.contains("@sha256:") {
        return true;
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    let Some((_, tag)) = name.split_once(':') else { return false };
    let parts: Vec<&str> = tag.trim_start_matches('v').split(['-', '.']).collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    parts.iter().take_while(|part| is_number(part)).count() >= 3
        || parts.iter().any(|part| part.len() == 8 && is_number(part))
}

/// Images that a Dockerfile starts from and stages that it names.
fn stages(dockerfile: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut bases, mut names) = (Vec::new(), Vec::new());
    for line in dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")) {
        let mut words = line.split_whitespace();
        bases.extend(words.next().filter(|base| !names.contains(base)));
        names.extend(words.nth(1));
    }
    (bases, names)
}

fn image_problems(service: &Value, dockerfile: impl Fn(&str) -> String) -> Vec<String> {
    let image = service["image"].as_str().unwrap_or_default();
    let mut problems = Vec::new();
    if !is_pinned(image) {
        problems.push(format!("image `{image}` is not pinned to a version"));
    }
    let Some(context) = service["build"]["context"].as_str() else { return problems };
    let dockerfile = dockerfile(context);
    let (bases, names) = stages(&dockerfile);
    problems.extend(bases.iter().filter(|base| !is_pinned(base)).map(|base| format!("FROM `{base}` is not pinned")));
    let target = service["build"]["target"].as_str();
    if let Some(target) = target.filter(|target| !names.contains(target)) {
        problems.push(format!("the Dockerfile has no stage `{target}`"));
    }
    let tag = image.rsplit(':').next().unwrap_or_default();
    let is_right = if context == "." { tag == OWN_VERSION } else { bases.iter().any(|base| base.contains(tag)) };
    if !is_right {
        problems.push(format!("image `{image}` is tagged with another version than it is built from"));
    }
    problems
}

fn containment_problems(service: &Value) -> Vec<String> {
    let user = service["user"].as_str().unwrap_or_default();
    // Runs once, when somebody asks for it.
    let is_once = texts(&service["profiles"]) == ["check"];
    let rules = [
        (!is_once && texts(&service["healthcheck"]["test"]).len() < 2, "has no health check"),
        (texts(&service["healthcheck"]["test"]).first() == Some(&"NONE"), "has its health check off"),
        (!is_once && !matches!(service["restart"].as_str(), Some("unless-stopped" | "always")), "is not started again"),
        (is_once && service["restart"] != "no", "is started again and again"),
        (service["stop_grace_period"].as_str().is_none(), "has no stop_grace_period"),
        (service["read_only"] != true, "may write to its root"),
        (!texts(&service["cap_drop"]).contains(&"ALL"), "keeps capabilities"),
        (!service["cap_add"].is_null() || service["privileged"] == true, "gets rights added"),
        (!texts(&service["security_opt"]).contains(&"no-new-privileges:true"), "may gain privileges"),
        (user.is_empty() || user.split(':').next() == Some("0") || user.starts_with("root"), "runs as root"),
        (service["mem_limit"].as_str().is_none(), "has no memory limit"),
        (!service["container_name"].is_null(), "has a name that only one container can have"),
        (!service["network_mode"].is_null() || !service["pid"].is_null(), "leaves its own namespace"),
    ];
    let broken = rules.into_iter().filter(|(is_broken, _)| *is_broken);
    broken.map(|(_, rule)| rule.to_owned()).collect()
}

fn port_problems(name: &str, service: &Value) -> Vec<String> {
    let ports = texts(&service["ports"]);
    let open = ports.iter().filter(|port| !port.starts_with("127.0.0.1:"));
    let mut problems: Vec<String> = open.map(|port| format!("port {port} is open to other machines")).collect();
    if SCALED.contains(&name) && !ports.is_empty() {
        problems.push("can't be scaled: its port can be taken once only".to_owned());
    }
    problems
}

fn mount_problems(service: &Value, volumes: &Value, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut problems = Vec::new();
    let mut targets = BTreeSet::new();
    for (source, target) in mounts(service) {
        let is_path = source.starts_with(['.', '/', '~']);
        if is_path && !exists(source) {
            problems.push(format!("mounts {source}, which is not in the repository"));
        } else if !is_path && volumes[source].is_null() {
            problems.push(format!("mounts the volume {source}, which is not declared"));
        }
        if !targets.insert(target) {
            problems.push(format!("mounts two things at {target}"));
        }
    }
    let files = texts(&service["env_file"]).into_iter().filter(|file| !exists(file));
    problems.extend(files.map(|file| format!("reads {file}, which is not in the repository")));
    problems
}

fn dependency_problems(stack: &Stack, service: &Value) -> Vec<String> {
    let known: BTreeSet<&str> = stack.services().map(|(name, _)| name).collect();
    let networks = &stack.content["networks"];
    let used: Vec<&str> = match service["networks"].as_object() {
        Some(named) => named.keys().map(String::as_str).collect(),
        None => texts(&service["networks"]),
    };
    let needed = service["depends_on"].as_object().into_iter().flatten();
    let unknown = needed.filter(|(name, _)| !known.contains(name.as_str()));
    let unknown = unknown.map(|(name, _)| format!("waits for {name}, which is not there"));
    let undeclared = used.iter().filter(|name| networks[**name].is_null());
    unknown.chain(undeclared.map(|name| format!("is in the network {name}, which is not declared"))).collect()
}

fn problems(stack: &Stack) -> Vec<String> {
    let dockerfile = |context: &str| text(&format!("{context}/Dockerfile"));
    let exists = |path: &str| root().join(path).exists();
    let of = |(name, service): (&str, &Value)| -> Vec<String> {
        let problems = [
            image_problems(service, dockerfile),
            containment_problems(service),
            port_problems(name, service),
            mount_problems(service, &stack.content["volumes"], exists),
            dependency_problems(stack, service),
        ];
        problems.concat().into_iter().map(|problem| format!("{name}: {problem}")).collect()
    };
    stack.services().flat_map(of).collect()
}

#[test]
fn every_service_is_pinned_watched_and_contained() {
    for (name, stack) in Stack::shipped() {
        assert!(stack.services().count() >= 13, "{name} has too few services");
        assert_none(&problems(&stack));
    }
}

#[test]
fn the_parts_that_were_promised_are_there() {
    let [(_, alone), (_, ha)] = Stack::shipped();
    let names = |stack: &Stack| -> BTreeSet<String> { stack.services().map(|(name, _)| name.to_owned()).collect() };
    let promised = "nats redis ingest mapper writer otel-collector jaeger prometheus grafana twins";
    for name in promised.split(' ') {
        assert!(names(&alone).contains(name), "{name} is missing");
    }
    for name in ["nats-b", "nats-c", "ingest-b", "proxy"] {
        assert!(names(&ha).contains(name), "{name} is missing");
    }
    let in_demo =
        |(name, service): (&str, &Value)| texts(&service["profiles"]).contains(&"demo").then(|| name.to_owned());
    assert_eq!(alone.services().filter_map(in_demo).collect::<Vec<_>>(), ["people", "twins"]);
}

#[test]
fn every_image_starts_a_program_that_is_built() {
    let dockerfile = text("Dockerfile");
    let copied: Vec<&str> =
        dockerfile.lines().filter_map(|line| line.strip_prefix("COPY --from=build /out/")?.split(' ').next()).collect();
    assert_eq!(copied, ["tandem-ingest", "tandem-mapper", "tandem-writer", "tandem"]);
    for program in copied {
        let source = if program == "tandem" { "main.rs".to_owned() } else { format!("bin/{program}.rs") };
        assert!(root().join("services/tandem/src").join(source).is_file(), "{program}");
        assert!(dockerfile.contains(&format!("ENTRYPOINT [\"{program}\"]")), "{program}");
    }
    let [(_, stack), _] = Stack::shipped();
    for (name, service) in stack.services().filter(|(name, _)| ["ingest", "mapper", "writer"].contains(name)) {
        assert_eq!(texts(&service["healthcheck"]["test"]), ["CMD", &format!("tandem-{name}"), "--healthcheck"]);
        assert!(mounts(service).iter().any(|(_, target)| *target == "/etc/tandem"), "{name}");
    }
    assert!(dockerfile.contains("\nENV TANDEM_CONFIG=/etc/tandem/tandem.yaml\n"));
}

#[test]
fn both_generations_of_compose_read_the_files() {
    for file in FILES {
        let content = super::yaml(&text(file));
        let keys: Vec<&str> = content.as_object().unwrap().keys().map(String::as_str).collect();
        // 1.29 refuses `name` and `include`, 2.x warns of `version`.
        let known = |key: &&str| key.starts_with("x-") || ["services", "networks", "volumes"].contains(key);
        assert!(keys.iter().all(known), "{file}: {keys:?}");
        assert!(!text(file).contains("!reset") && !text(file).contains("!override"), "{file}: tags that 1.29 refuses");
    }
}

#[test]
fn only_the_places_for_webhooks_can_be_opened() {
    let variable_binds = |file: &str| -> Vec<String> {
        let quoted = file.split('"').filter(|part| part.starts_with("${") && part.contains("_BIND"));
        quoted.map(|port| port[2..].split(':').next().unwrap_or_default().to_owned()).collect()
    };
    let binds: Vec<String> = FILES.iter().flat_map(|file| variable_binds(&text(file))).collect();
    assert_eq!(binds, OPENABLE);
}

#[test]
fn the_servers_keep_what_was_promised() {
    for file in ["deploy/nats/nats.conf", "deploy/nats/ha.conf"] {
        let text = text(file);
        assert!(text.contains("\n  sync_interval: always\n") && text.contains("store_dir: /data"), "{file}");
    }
    assert!(text("deploy/redis/redis.conf").contains("\nmaxmemory-policy noeviction\n"));
    for (_, stack) in Stack::shipped() {
        let servers =
            stack.services().filter(|(_, service)| service["image"].as_str().unwrap().contains("tandem-nats:"));
        let mut volumes = BTreeSet::new();
        for (name, service) in servers {
            let mounts = mounts(service);
            let data =
                mounts.iter().find(|(_, target)| *target == "/data").unwrap_or_else(|| panic!("{name} keeps nothing"));
            assert!(volumes.insert(data.0.to_owned()), "{name} shares its volume");
            let told = bytes(service["environment"]["GOMEMLIMIT"].as_str().unwrap_or_default());
            let limit = bytes(service["mem_limit"].as_str().unwrap_or_default());
            assert!(told > limit / 2 && told <= limit * 4 / 5, "{name} is told of {told} bytes of {limit}");
        }
        assert!(matches!(volumes.len(), 1 | 3));
    }
}

/// A size, as Docker or the Go runtime spells it.
fn bytes(size: &str) -> u64 {
    let (number, unit) = size.split_at(size.find(|c: char| !c.is_ascii_digit()).unwrap_or(size.len()));
    let shift = match unit {
        "m" | "MiB" => 20,
        "g" | "GiB" => 30,
        _ => panic!("`{size}` has no unit that is known here"),
    };
    number.parse::<u64>().unwrap() << shift
}

/// A service without fault, to be spoilt.
fn sound() -> Value {
    super::yaml(
        "{ image: 'a/b:1.2.3', healthcheck: { test: [CMD, x] }, restart: unless-stopped, stop_grace_period: 5s, \
         read_only: true, cap_drop: [ALL], security_opt: ['no-new-privileges:true'], user: '10:10', mem_limit: 1m }",
    )
}

#[test]
fn images_without_a_version_are_found() {
    for image in ["nats", "nats:latest", "nats:2", "nats:2.12-alpine", "localhost:5000/nats", "debian:bookworm-slim"] {
        assert!(!is_pinned(image), "{image}");
    }
    for image in ["nats:2.12.6-alpine", "a/b:v1.69.0-alpine", "debian:bookworm-20260824-slim", "x@sha256:0"] {
        assert!(is_pinned(image), "{image}");
    }
    let with = |yaml: &str, dockerfile: &str| image_problems(&super::yaml(yaml), |_| dockerfile.to_owned());
    assert_found(&with("{ image: 'a:latest' }", ""), "image `a:latest` is not pinned");
    assert_found(&with("{}", ""), "image `` is not pinned");
    let own = format!("{{ image: 'a:{OWN_VERSION}', build: {{ context: ., target: b }} }}");
    assert_found(&with(&own, "FROM rust:1.95 AS b"), "FROM `rust:1.95` is not pinned");
    assert_found(&with(&own, "FROM rust:1.95.0 AS c\nFROM c AS d"), "no stage `b`");
    assert_none(&with(&own, "FROM rust:1.95.0 AS c\nFROM c AS b"));
    let other = "{ image: 'a:9.9.9', build: { context: . } }";
    assert_found(&with(other, "FROM rust:1.95.0"), "tagged with another version");
    assert_found(
        &with("{ image: 'n:2.1.0', build: { context: ./n } }", "FROM nats:2.1.1-alpine"),
        "tagged with another",
    );
}

#[test]
fn services_that_may_too_much_are_found() {
    assert_none(&containment_problems(&sound()));
    let spoilt = |key: &str, value: &str| {
        let mut service = sound();
        service[key] = super::yaml(value);
        containment_problems(&service)
    };
    for (key, value, expected) in [
        ("healthcheck", "{ interval: 5s }", "no health check"),
        ("healthcheck", "{ test: [NONE, x] }", "health check off"),
        ("restart", "'no'", "not started again"),
        ("stop_grace_period", "null", "no stop_grace_period"),
        ("read_only", "false", "may write"),
        ("cap_drop", "[NET_RAW]", "keeps capabilities"),
        ("cap_add", "[SYS_ADMIN]", "rights added"),
        ("privileged", "true", "rights added"),
        ("security_opt", "[]", "gain privileges"),
        ("user", "'0:0'", "as root"),
        ("user", "null", "as root"),
        ("mem_limit", "null", "no memory limit"),
        ("container_name", "a", "only one container"),
        ("network_mode", "host", "own namespace"),
    ] {
        assert_found(&spoilt(key, value), expected);
        assert_eq!(spoilt(key, value).len(), 1, "{key}: {value}");
    }
}

#[test]
fn open_ports_and_missing_files_are_found() {
    let service = super::yaml("{ ports: ['8080:8080', '0.0.0.0:1:1', '127.0.0.1:2:2'] }");
    assert_eq!(port_problems("ingest", &service).len(), 2);
    assert_found(&port_problems("writer", &super::yaml("{ ports: ['127.0.0.1:2:2'] }")), "can't be scaled");
    let service = super::yaml("{ volumes: ['./a:/a:ro', './b:/b', 'v:/v', 'w:/v'], env_file: ['./c.env'] }");
    let found = mount_problems(&service, &super::yaml("{ v: {} }"), |path| Path::new(path) == Path::new("./a"));
    assert_found(&found, "mounts ./b, which is not in the repository");
    assert_found(&found, "the volume w, which is not declared");
    assert_found(&found, "two things at /v");
    assert_found(&found, "reads ./c.env");
    assert_eq!(found.len(), 4, "{found:?}");
    let stack =
        Stack::of(&["{ services: { a: { depends_on: { b: {} }, networks: [nowhere] } }, networks: { here: {} } }"]);
    let (_, service) = stack.services().next().unwrap();
    assert_found(&dependency_problems(&stack, service), "waits for b");
    assert_found(&dependency_problems(&stack, service), "the network nowhere");
}
