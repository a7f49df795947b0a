//! Whole files in, configurations or problems out.

use std::fs;

use secrecy::ExposeSecret;

use super::*;

const MINIMAL: &str = "
connections:
  - id: acme
    ghl: { location_id: ve9EPM428h8vShlRW1KT, private_token: '${ACME_GHL_TOKEN}' }
    openphone: { api_key: '${ACME_QUO_KEY}' }
";

fn environment(more: &[(&str, &str)]) -> Environment {
    let given = [("ACME_GHL_TOKEN", "pit-1"), ("ACME_QUO_KEY", "quo-1"), ("TOKEN", "0123456789abcdef0123456789abcdef")];
    let all = given.iter().chain(more);
    all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn parse(text: &str, more: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("conf/tandem.yaml"), &environment(more))
}

fn config(text: &str) -> Config {
    parse(text, &[]).unwrap_or_else(|problems| panic!("{problems}"))
}

/// All problems as a person sees them.
fn problems(text: &str, more: &[(&str, &str)]) -> String {
    parse(text, more).expect_err("the file was taken").to_string()
}

#[track_caller]
fn assert_problem(extra: &str, expected: &str) {
    let found = problems(&format!("{MINIMAL}{extra}"), &[]);
    assert_eq!(found.lines().count(), 1, "more than one problem:\n{found}");
    assert!(found.contains(expected), "expected `{expected}` in: {found}");
}

#[test]
fn defaults_fill_what_the_file_leaves_out() {
    let config = config(MINIMAL);
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.data_dir, Path::new("conf/./data"));
    assert_eq!(config.providers.ghl.base_url.as_str(), "https://services.leadconnectorhq.com/");
    assert_eq!(config.providers.ghl.app_url.as_str(), "https://app.gohighlevel.com/");
    assert_eq!(config.providers.ghl.api_version, "2021-07-28");
    let ten_seconds = Duration::from_secs(10);
    let rate = Rate { requests: 100, per: ten_seconds, per_day: Some(200_000) };
    assert_eq!(config.providers.ghl.rate, rate);
    assert_eq!(config.providers.openphone.rate.per_day, None);
    assert_eq!(config.providers.openphone.timing.late_apply, Duration::from_mins(1));
    assert_eq!((config.telemetry.log.as_str(), config.telemetry.log_format), ("info", Format::Text));
    assert_eq!(config.writer.in_flight_per_connection, 8);
    assert!(config.encryption_keys.is_empty() && config.http.public_url.is_none());
    let connection = &config.connections[0];
    assert_eq!(connection.id.as_str(), "acme");
    assert_eq!(connection.openphone.api_key.expose_secret(), "quo-1");
    assert_eq!(connection.mapping, Mapping::default());
}

#[test]
fn documented_file_is_taken_as_a_whole_and_by_key() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("m.yaml"), "default_country: DE\n").unwrap();
    let text = "
data_dir: /var/lib/tandem
http: { listen: '[::1]:9000', public_url: https://sync.example.com }
queue: { backend: embedded }
limits: { backend: embedded }
encryption_key: ${TANDEM_ENCRYPTION_KEY}
providers:
  ghl:
    base_url: http://127.0.0.1:4001
    client_id: ${GHL_CLIENT_ID}
    client_secret: ${GHL_CLIENT_SECRET}
    webhook_public_keys: []
    rate: { requests: 5, per_seconds: 0.5, per_day: 100 }
    timing: { timeout_seconds: 0.25, connect_timeout_seconds: .1, index_lag_seconds: 0 }
  openphone: { base_url: 'http://localhost:4002', rate: { requests: 1, per_seconds: 1 } }
connections:
  - id: acme
    ghl: { location_id: 007, private_token: 'Bearer ${ACME_GHL_TOKEN}' }
    openphone: { api_key: '${ACME_QUO_KEY}', webhook_secrets: ['${ACME_QUO_WHSEC}'], phone_number_id: PN123 }
    mapping: m.yaml
telemetry: { otlp_endpoint: '', log: 'warn,tandem_writer=debug', log_format: json }
shutdown: { grace_seconds: 45 }
sweep: { every_hours: 0.5 }
brake: { records: 20, percent: 0, minutes: 5 }
writer: { in_flight_per_connection: 2, in_flight: 8 }
";
    let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let given = environment(&[
        ("TANDEM_ENCRYPTION_KEY", key),
        ("GHL_CLIENT_ID", "app-1"),
        ("GHL_CLIENT_SECRET", "s"),
        ("ACME_QUO_WHSEC", "whsec_1"),
    ]);
    let config = Config::parse(text, &folder.path().join("tandem.yaml"), &given).unwrap();
    assert_eq!(config.data_dir, Path::new("/var/lib/tandem"));
    assert_eq!(config.http.public_url.unwrap().as_str(), "https://sync.example.com/");
    assert_eq!(config.encryption_keys[0].expose_secret(), b"0123456789abcdef0123456789abcdef");
    assert_eq!(config.providers.ghl.client_id.as_deref(), Some("app-1"));
    assert_eq!(config.providers.ghl.rate.per, Duration::from_millis(500));
    assert_eq!(config.providers.ghl.timing.timeout, Duration::from_millis(250));
    assert_eq!(config.providers.ghl.timing.late_apply, Duration::from_mins(1));
    let connection = &config.connections[0];
    assert_eq!(connection.ghl.location_id, "007");
    assert_eq!(connection.ghl.private_token.as_ref().unwrap().expose_secret(), "Bearer pit-1");
    assert_eq!(connection.openphone.webhook_secrets[0].expose_secret(), "whsec_1");
    assert_eq!(connection.mapping.default_country, "DE");
    assert_eq!(config.grace, Duration::from_secs(45));
    assert_eq!(config.sweep_every, Some(Duration::from_mins(30)));
    assert_eq!(config.brake, Brake { records: 20, percent: 0, within: Duration::from_mins(5) });
}

#[test]
fn sweeps_can_be_turned_off() {
    assert_eq!(parse(MINIMAL, &[]).unwrap().sweep_every, Some(Duration::from_hours(24)));
    assert_eq!(parse(&format!("{MINIMAL}\nsweep: {{ every_hours: 0 }}"), &[]).unwrap().sweep_every, None);
}

#[test]
fn servers_are_taken_with_passwords_from_the_environment_only() {
    let text = format!(
        "{MINIMAL}\nqueue: {{ backend: nats, url: 'nats://t:${{PW}}@a:4222, nats://b', replicas: 3, credentials: '${{PW}}' }}
limits: {{ backend: redis, url: 'rediss://:${{PW}}@127.0.0.1' }}
providers: {{ ghl: {{ allow_http: true, base_url: 'http://twins:4010' }} }}
telemetry: {{ otlp_endpoint: 'http://127.0.0.1:4317', sample: 0.25 }}"
    );
    let config = parse(&text, &[("PW", "hush")]).unwrap();
    let Queue::Nats(nats) = &config.queue else { panic!("{:?}", config.queue) };
    let urls: Vec<&str> = nats.urls.iter().map(ExposeSecret::expose_secret).collect();
    assert_eq!((urls, nats.replicas), (vec!["nats://t:hush@a:4222", "nats://b"], 3));
    assert_eq!(nats.credentials.as_ref().unwrap().expose_secret(), "hush");
    let Limits::Redis { url } = &config.limits else { panic!("{:?}", config.limits) };
    assert_eq!(url.expose_secret(), "rediss://:hush@127.0.0.1");
    assert_eq!(config.providers.ghl.base_url.as_str(), "http://twins:4010/");
    assert_eq!(config.telemetry.otlp_endpoint.as_ref().unwrap().port(), Some(4317));
    assert!(!format!("{config:?}").contains("hush"));
    // An override is from the environment, whatever it holds.
    let config = parse(&text, &[("PW", "hush"), ("TANDEM_QUEUE__URL", "nats://u:p@c")]).unwrap();
    assert!(matches!(&config.queue, Queue::Nats(nats) if nats.urls[0].expose_secret() == "nats://u:p@c"));
}

#[test]
fn example_file_is_taken() {
    let example = include_str!("../../../../config/tandem.example.yaml");
    let config = config(example);
    assert_eq!(config.connections.len(), 1);
}

#[test]
fn every_problem_is_told_at_once_with_its_line_and_key() {
    let text = "data_dir: ./data
http: { listen: nowhere }
nonsense: 1
providers:
  ghl:
    rate: { requests: lots }
connections:
  - id: a.b
    ghl:
      location_id: loc1
      private_token: pit-literal
    openphone:
      api_key: ${NOT_SET}
      webhook_secrets: one
telemetry: loud
";
    let expected = "\
conf/tandem.yaml:2: http.listen: expected an IP address and a port such as 127.0.0.1:8080 or 0.0.0.0:8080, found `nowhere`
conf/tandem.yaml:3: nonsense: unknown key (known here: data_dir, http, queue, limits, spool, encryption_key, providers, connections, telemetry, shutdown, sweep, brake, writer, notifications, api)
conf/tandem.yaml:6: providers.ghl.rate.requests: expected a whole number from 1 to 1000000, found `lots`
conf/tandem.yaml:8: connections[0].id: `a.b` is not a valid id: use 1 to 64 letters, digits, `_` or `-`
conf/tandem.yaml:11: connections[0].ghl.private_token: a secret must not stand in the file: write ${NAME} and export NAME, or write file:/path (and replace this secret if the file was shared)
conf/tandem.yaml:13: connections[0].openphone.api_key: environment variable NOT_SET is not set (export it or write the key's file as file:/path)
conf/tandem.yaml:14: connections[0].openphone.webhook_secrets: expected a list, found a single value
conf/tandem.yaml:15: telemetry: expected a group of keys, found a single value";
    assert_eq!(problems(text, &[]), expected);
}

#[test]
fn values_that_make_no_sense_are_refused() {
    for (extra, expected) in [
        ("queue: { backend: nats }", "queue: url is missing"),
        ("queue: { backend: nats, url: '127.0.0.1:4222' }", "expected an address such as nats://127.0.0.1:4222"),
        ("queue: { backend: nats, url: 'redis://127.0.0.1' }", "found the scheme `redis`"),
        ("queue: { backend: nats, url: 'nats://a,nats://u:secret@b' }", "a password must not stand in the file"),
        ("queue: { backend: nats, url: 'nats://a', replicas: 2 }", "expected 1, 3 or 5, found `2`"),
        ("queue: { backend: nats, url: 'nats://a', credentials: 'secret' }", "a secret must not stand in the file"),
        ("queue: { backend: kafka }", "unknown backend `kafka`: use `embedded` or `nats`"),
        ("limits: { backend: redis }", "limits: url is missing"),
        ("limits: { backend: redis, url: 'redis://:secret@127.0.0.1' }", "a password must not stand in the file"),
        ("spool: { max_messages: 0 }", "expected a whole number from 1"),
        ("spool: { max_bytes: 1000 }", "expected a number of bytes, at least 1048576"),
        ("queue: { url: 'nats://127.0.0.1' }", "queue.url: belongs to the backend `nats`"),
        ("telemetry: { otlp_endpoint: '127.0.0.1:4317' }", "is not a web address"),
        ("telemetry: { sample: 2 }", "expected a number from 0 to 1, found `2`"),
        ("telemetry: { log: loud }", "`loud` is not a level"),
        ("telemetry: { log_format: xml }", "expected `text` or `json`"),
        ("http: { public_url: sync.example.com }", "is not a web address"),
        ("http: { public_url: 'ftp://example.com' }", "must begin with https://"),
        ("providers: { openphone: { base_url: 'http://api.example.com' } }", "would send credentials unencrypted"),
        ("providers: { ghl: { allow_http: perhaps } }", "expected true or false"),
        ("providers: { openphone: { base_url: 'https://a:b@api.example.com' } }", "must not hold a user"),
        ("providers: { openphone: { rate: { requests: 0 } } }", "expected a whole number from 1"),
        ("providers: { openphone: { rate: { per_seconds: 0 } } }", "must be more than 0 seconds"),
        ("providers: { openphone: { rate: { per_seconds: NaN } } }", "expected seconds from 0"),
        ("providers: { ghl: { timing: { timeout_seconds: -1 } } }", "expected seconds from 0"),
        ("providers: { ghl: { timing: { connect_timeout_seconds: 31 } } }", "must not be more than timeout_seconds"),
        ("providers: { ghl: { webhook_public_keys: [absent.pem] } }", "can't read the public key conf/absent.pem"),
        ("sweep: { every_hours: daily }", "expected hours"),
        ("sweep: { every_hours: -1 }", "0 for never; found `-1`"),
        ("brake: { records: 0 }", "expected a whole number from 1 to 100000000, found `0`"),
        ("brake: { percent: 101 }", "expected a whole number from 0 to 100, found `101`"),
        ("brake: { minutes: never }", "expected a whole number from 0 to 1440, found `never`"),
        (
            "providers: { ghl: { api_version: V3 } }",
            "providers.ghl.api_version: is no version of GHL's API: write a date",
        ),
        ("shutdown: { grace_seconds: 30 }", "must be more than providers.ghl.timing.timeout_seconds (30)"),
        ("writer: { in_flight_per_connection: 4, in_flight: 3 }", "must not be more than writer.in_flight (3)"),
        ("encryption_key: '${ACME_QUO_KEY}'", "encryption_key: is not base64"),
        ("api: { tokens: yes }", "api.tokens: expected a list"),
        (
            "api: { tokens: [{ name: a b, role: admin, token: '${TOKEN}' }] }",
            "tokens[0].name: expected 1 to 64 letters",
        ),
        ("api: { tokens: [{ name: a, role: boss, token: '${TOKEN}' }] }", "expected `viewer`, `operator` or `admin`"),
        ("api: { tokens: [{ name: a, role: admin }] }", "tokens[0].token: is missing"),
        ("api: { tokens: [{ name: a, role: admin, token: literal }] }", "a secret must not stand in the file"),
        ("api: { tokens: [{ name: a, role: admin, token: '${ACME_QUO_KEY}' }] }", "expected at least 32 characters"),
        ("data_dir: [a]", "data_dir: expected a single value, found a list"),
        ("data_dir: '${OPEN'", "a reference is written ${NAME}"),
        ("data_dir: ''", "data_dir: is empty"),
    ] {
        let found = problems(&format!("{MINIMAL}{extra}\n"), &[]);
        assert!(found.contains(expected), "`{extra}`: expected `{expected}` in: {found}");
        assert!(found.starts_with("conf/tandem.yaml:6: "), "`{extra}` stands on another line: {found}");
    }
}

#[test]
fn tokens_of_the_api_have_names_and_values_of_their_own() {
    let (one, other) = ("1".repeat(32), "2".repeat(32));
    let set = [("ONE", one.as_str()), ("OTHER", other.as_str())];
    assert!(config(MINIMAL).api.tokens.is_empty());
    let tokens = |second: &str| {
        format!("{MINIMAL}api:\n  tokens:\n    - {{ name: a, role: viewer, token: '${{ONE}}' }}\n    - {second}\n")
    };
    let given = parse(&tokens("{ name: b, role: admin, token: '${OTHER}' }"), &set).unwrap().api.tokens;
    let roles: Vec<_> = given.iter().map(|token| (token.name.as_str(), token.role)).collect();
    assert_eq!(roles, [("a", Role::Viewer), ("b", Role::Admin)]);
    assert_eq!(given[1].token.expose_secret(), other);
    let found = problems(&tokens("{ name: a, role: admin, token: '${OTHER}' }"), &set);
    assert_eq!(found, "conf/tandem.yaml:9: api.tokens[1]: the name `a` is taken by api.tokens[0]");
    let found = problems(&tokens("{ name: b, role: admin, token: '${ONE}' }"), &set);
    assert!(found.contains("api.tokens[1]: has the same token as api.tokens[0]"), "{found}");
    assert!(!found.contains(&one), "a token is told: {found}");
}

#[test]
fn a_connection_without_a_token_is_connected_by_oauth() {
    let text = "
http: { public_url: 'https://sync.example.com' }
encryption_key: '${KEY}'
providers: { ghl: { client_id: 6878cec4-abc, client_secret: '${APP_SECRET}' } }
connections: [{ id: acme, ghl: { location_id: loc1 }, openphone: { api_key: '${ACME_QUO_KEY}' } }]
";
    let key = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, [7; 32]);
    let set = [("KEY", key.as_str()), ("APP_SECRET", "app-1")];
    let config = parse(text, &set).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(config.connections[0].ghl.private_token.is_none());
    let without = problems(&text.replace("encryption_key: '${KEY}'", ""), &set);
    assert!(without.contains("connecting by OAuth needs encryption_key as well"), "{without}");
}

#[test]
fn what_a_connection_needs_is_asked_for() {
    let bare = problems("connections: [{ id: acme, ghl: {}, openphone: {} }]", &[]);
    for expected in [
        "connections[0].ghl.location_id: is missing",
        "connections[0].ghl.private_token: is missing, and connecting by OAuth needs providers.ghl.client_id, \
         providers.ghl.client_secret, http.public_url, encryption_key as well: give a private integration token",
        "connections[0].openphone.api_key: is missing",
    ] {
        assert!(bare.contains(expected), "{expected} not in: {bare}");
    }
    let none = problems("connections: []", &[]);
    assert!(none.contains("connections: at least one connection is needed"), "{none}");
    let empty = problems("", &[]);
    assert!(empty.contains("at least one connection is needed"), "{empty}");
    let mapping = MINIMAL.replace("  - id: acme", "  - id: acme\n    mapping: absent.yaml");
    let mapping = problems(&mapping, &[]);
    assert!(
        mapping.contains("conf/tandem.yaml:4: connections[0].mapping: there is no file conf/absent.yaml"),
        "{mapping}"
    );
}

#[test]
fn id_and_location_are_taken_once() {
    let second = MINIMAL.replace("connections:\n", "");
    let found = problems(&format!("{MINIMAL}{second}"), &[]);
    assert!(found.contains("connections[1].id: `acme` is taken by connections[0]"), "{found}");
    assert!(
        found.contains("connections[1].ghl.location_id: `ve9EPM428h8vShlRW1KT` is taken by connections[0]"),
        "{found}"
    );
}

#[test]
fn text_that_is_not_yaml_is_told_with_its_line() {
    for (text, expected) in [
        ("http: { listen: x\nconnections: [", "conf/tandem.yaml:"),
        ("a: *b", "conf/tandem.yaml:1: "),
        ("x: &a 1\ny: *a", "conf/tandem.yaml:2: y: aliases"),
        ("- a\n- b", "expected keys such as `data_dir: ./data`, found a list"),
        ("data_dir: a\n---\ndata_dir: b", "more than one YAML document"),
        ("? [a]\n: b", "a key must be a plain word"),
        (&"[".repeat(50), "nested too deeply"),
        (&"[".repeat(50_000), "conf/tandem.yaml:1: "),
    ] {
        let found = problems(text, &[]);
        assert!(found.contains(expected), "expected `{expected}` in: {found}");
    }
    let tab = problems("http:\n\tlisten: x\n", &[]);
    assert!(tab.starts_with("conf/tandem.yaml:2: "), "{tab}");
}

#[test]
fn duplicate_key_is_told_with_the_other_problems() {
    let found = problems("http: { listen: a, listen: b }\nnonsense: 1\n", &[]);
    assert!(found.contains("conf/tandem.yaml:1: http: the key `listen` stands here a second time"), "{found}");
    assert!(found.contains("nonsense: unknown key"), "{found}");
}

#[test]
fn environment_overrides_file_and_defaults() {
    let given = [
        ("TANDEM_HTTP__LISTEN", "127.0.0.1:9"),
        ("tandem_providers__ghl__rate__requests", "7"),
        ("TANDEM_CONNECTIONS__0__ID", "other"),
        ("TANDEM_CONNECTIONS__0__OPENPHONE__API_KEY", "literal ${IS} fine"),
        ("TANDEM_CONNECTIONS__0__OPENPHONE__WEBHOOK_SECRETS__0", "whsec_a"),
        ("TANDEM_CONFIG", "elsewhere.yaml"),
        ("TANDEM_VENDOR_DIR", "/nowhere"),
        ("TANDEM_API_URL", "https://sync.example.com"),
        ("TANDEM_API_TOKEN", "shown by commands"),
        ("UNRELATED", "x"),
    ];
    let config = parse(MINIMAL, &given).unwrap();
    assert_eq!(config.http.listen.port(), 9);
    assert_eq!(config.providers.ghl.rate.requests, 7);
    let connection = &config.connections[0];
    assert_eq!(connection.id.as_str(), "other");
    assert_eq!(connection.openphone.api_key.expose_secret(), "literal ${IS} fine");
    assert_eq!(connection.openphone.webhook_secrets[0].expose_secret(), "whsec_a");
}

#[test]
fn override_is_named_as_the_source_of_its_problem() {
    for (name, value, expected) in [
        ("TANDEM_HTTP__LISTEN", "x", "environment variable TANDEM_HTTP__LISTEN: http.listen: expected an IP address"),
        ("TANDEM_HTP__LISTEN", "x", "environment variable TANDEM_HTP__LISTEN: htp: unknown key"),
        ("TANDEM_QUEUE__URL", "nats://x", "environment variable TANDEM_QUEUE__URL: queue.url: belongs to"),
        ("TANDEM_HTTP", "x", "environment variable TANDEM_HTTP: http: expected a group of keys"),
        ("TANDEM_HTTP__", "x", "a step of the name is empty"),
        ("TANDEM_CONNECTIONS__X__ID", "x", "`x` stands where a position in a list is due"),
        ("TANDEM_CONNECTIONS__5__ID", "x", "the next position is 1, not 5"),
    ] {
        let found = problems(MINIMAL, &[(name, value)]);
        assert!(found.contains(expected), "expected `{expected}` in: {found}");
    }
}

#[test]
fn variable_that_the_file_refers_to_is_no_override() {
    let text = MINIMAL.replace("ACME_QUO_KEY", "TANDEM_ACME_KEY");
    let config = parse(&text, &[("TANDEM_ACME_KEY", "quo-2")]).unwrap();
    assert_eq!(config.connections[0].openphone.api_key.expose_secret(), "quo-2");
}

#[test]
fn secrets_come_from_files_too_and_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key"), "from-a-file\n").unwrap();
    fs::write(folder.path().join("blank"), "\n").unwrap();
    let path = folder.path().join("tandem.yaml");
    let load = |reference: &str| {
        fs::write(&path, MINIMAL.replace("${ACME_QUO_KEY}", reference)).unwrap();
        Config::load(&path, &environment(&[]))
    };
    let config = load("file:key").unwrap();
    assert_eq!(config.connections[0].openphone.api_key.expose_secret(), "from-a-file");
    let shown = format!("{config:?}");
    assert!(!shown.contains("from-a-file") && !shown.contains("pit-1"), "{shown}");

    let blank = load("file:blank").unwrap_err().to_string();
    assert!(blank.contains("blank is empty"), "{blank}");
    let absent = load("file:absent").unwrap_err().to_string();
    assert!(absent.contains("can't read the file") && absent.contains("absent"), "{absent}");
    let literal = load("quo-secret-in-the-file").unwrap_err().to_string();
    assert!(!literal.contains("quo-secret-in-the-file"), "{literal}");
}

#[test]
fn public_key_is_a_text_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    fs::write(folder.path().join("ghl.pem"), pem).unwrap();
    let block = pem.replace('\n', "\n        ");
    let text =
        format!("{MINIMAL}providers:\n  ghl:\n    webhook_public_keys:\n      - ghl.pem\n      - |\n        {block}\n");
    let config = Config::parse(&text, &folder.path().join("tandem.yaml"), &environment(&[])).unwrap();
    assert_eq!(config.providers.ghl.webhook_public_keys, [pem, pem]);
    assert_problem(
        "providers: { ghl: { webhook_public_keys: ['-----BEGIN PRIVATE KEY-----'] } }",
        "expected a public key",
    );
}

#[test]
fn missing_file_says_how_to_start() {
    let problem = Config::load(Path::new("/nowhere/tandem.yaml"), &environment(&[])).unwrap_err();
    let shown = problem.to_string();
    for expected in ["/nowhere/tandem.yaml", "config/tandem.example.yaml", "tandem demo"] {
        assert!(shown.contains(expected), "{expected} not in: {shown}");
    }
    assert_eq!(problem.exit_code(), 64);
    let folder = Config::load(Path::new("/"), &environment(&[])).unwrap_err();
    assert!(matches!(folder, ConfigError::Unreadable { .. }), "{folder:?}");
}

#[test]
fn default_gives_way_to_a_smaller_limit_that_was_set() {
    let text = "writer: { in_flight: 3 }\nproviders: { ghl: { timing: { timeout_seconds: 2 } } }\n";
    let config = config(&format!("{MINIMAL}{text}"));
    assert_eq!(config.writer.in_flight_per_connection, 3);
    assert_eq!(config.providers.ghl.timing.connect_timeout, Duration::from_secs(2));
    assert_problem(
        "providers: { ghl: { timing: { timeout_seconds: 90 } } }",
        "conf/tandem.yaml: shutdown: grace_seconds (40) must be more than providers.ghl.timing.timeout_seconds (90)",
    );
}
