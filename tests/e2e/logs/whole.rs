//! Both shapes through everything: a location connected by OAuth, a webhook made, changes, refusals of every kind in words that
//! repeat what was sent, pages, restarts, configurations that can't be.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tandem_testkit::Collector;
use tandem_tests::{Browser, ClusterOptions, Program, Shape, eventually, http, quick_ghl};
use tandem_twins::{GhlApp, GhlChoice, GhlConfig};

use super::search::Canaries;
use super::{SEED, every_bad_webhook};
use crate::house::{House, LIMIT};

/// Of an access token at the twin.
const LIFE: Duration = Duration::from_secs(10);
const LOCATION: &str = "SandboxLocation00001";
/// 32 bytes.
const MASTER: &str = "canary-master-key-0123456789abcd";
const CLIENT_SECRET: &str = "canary-client-secret-77e1";
/// NATS and Redis ask for it.
const PASSWORD: &str = "canary-server-password-3f7a";
/// Names that stand in no other test's data.
const NAME: &str = "Quetzalcoatlina";
const PERSONAL: &[(&str, &str)] = &[
    ("first name", NAME),
    ("last name", "Van Canaryhausen"),
    ("company", "Canary & Söns Ltd"),
    ("phone", "+14155550177"),
    ("phone as typed", "(415) 555-0177"),
    ("phone's end", "5550177"),
    ("email", "quetza.canary@example.com"),
    ("email's name", "quetza.canary"),
    ("tag", "canary-vip-tag"),
    ("field", "canary-custom-value"),
    ("anything", "canary"),
];

in_both_shapes!(nothing_is_put_out);

fn person(number: usize) -> Value {
    json!({
        "firstName": format!("{NAME}{number}"), "lastName": "Van Canaryhausen", "companyName": "Canary & Söns Ltd",
        "email": format!("quetza.canary{number}@example.com"), "tags": ["canary-vip-tag"],
        "phone": if number == 0 { "(415) 555-0177".to_owned() } else { format!("+1415555{:04}", 180 + number) },
        "source": "canary-custom-value",
    })
}

fn environment(shape: Shape, collector: &Collector) -> Vec<(&'static str, String)> {
    use base64::Engine as _;
    let format = if shape == Shape::Embedded { "text" } else { "json" };
    vec![
        ("QUO_KEY", "sandbox-key".to_owned()),
        ("TANDEM_ENCRYPTION_KEY", base64::prelude::BASE64_STANDARD.encode(MASTER)),
        ("TANDEM_PROVIDERS__GHL__CLIENT_SECRET", CLIENT_SECRET.to_owned()),
        ("TANDEM_TELEMETRY__LOG", "trace".to_owned()),
        ("TANDEM_TELEMETRY__LOG_FORMAT", format.to_owned()),
        ("TANDEM_TELEMETRY__OTLP_ENDPOINT", collector.url()),
    ]
}

async fn nothing_is_put_out(shape: Shape) {
    let collector = Collector::start();
    let app = GhlApp { client_secret: CLIENT_SECRET.to_owned(), access_life: LIFE, ..GhlApp::default() };
    let ghl = GhlConfig { app, signing_seed: Some(SEED), ..quick_ghl() };
    let (ghl, password, environment) = (Some(ghl), Some(PASSWORD), environment(shape, &collector));
    let options = ClusterOptions { ghl, password, environment, ..ClusterOptions::default() };
    let mut house = House::prepare(shape, options).await;
    house.up().await;
    let mut shown = connected(&house).await;
    arrives(&house, 0).await;
    shown.extend(printed(&house, &COMMANDS));
    let rehearsed = printed(&house, &REHEARSALS);
    shown.extend(every_bad_webhook(house.ingest()).await);
    refusals(&mut house).await;
    shown.extend(pages(&house).await);
    house.stop();
    let secrets = secrets(&house);
    kept_without(&secrets, &house);
    bad_configurations(&mut house);
    let spans = collector.spans();
    for status in ["400", "401", "403", "409", "422", "429", "500"] {
        assert!(spans.iter().any(|span| span.attribute("error.type") == status), "no span tells of {status}");
    }
    shown.extend(spans.into_iter().map(|span| span.whole));
    for text in &rehearsed {
        secrets.not_in("a dry run", text.as_bytes());
    }
    let everything = Canaries::default().with(PERSONAL);
    for text in shown.iter().chain(&house.output()) {
        secrets.not_in("what was put out", text.as_bytes());
        everything.not_in("what was put out", text.as_bytes());
    }
}

/// By the link of `tandem connect`, after a code that was refused.
async fn connected(house: &House) -> Vec<String> {
    house.ghl().choose(GhlChoice::Location(LOCATION.to_owned()));
    let link = house.link("acme");
    let commands: [&[&str]; 2] = [&["connect", "acme"], &["connect", "acme", "--json"]];
    let mut connecting = commands.map(|arguments| {
        let mut program = Program::new("tandem", arguments, house.folder().to_owned());
        program.spawn(house.environment());
        program.child().wait_for_line("the link", LIMIT, |line| line.contains(link.as_str()));
        program
    });
    let mut shown = Vec::new();
    let mut browser = Browser::default();
    for status in [400, 401, 500, 0] {
        if status > 0 {
            house.ghl_parrot.refuse("POST /oauth/token", status);
        }
        let away = browser.open(&link).await.unwrap();
        let back = browser.open(&away.target().unwrap()).await.unwrap();
        let done = browser.open(&back.target().unwrap()).await.unwrap();
        assert_eq!(done.status == 303, status == 0, "{done:?}");
        shown.extend([away, done].map(|reply| reply.head + &reply.body));
    }
    for program in &mut connecting {
        assert_eq!(program.wait().code(), Some(0), "{:?}", program.output());
        shown.extend(program.output());
    }
    shown
}

/// Commands beside the running programs.
const COMMANDS: [&[&str]; 11] = [
    &["--help"],
    &["connect", "--help"],
    &["connect", "nobody"],
    &["check", "--log", "trace"],
    &["check", "--json"],
    &["sweep", "acme"],
    &["sweep", "acme", "--json"],
    &["backfill", "acme", "--json"],
    &["backfill", "nobody"],
    &["resume", "acme"],
    &["resume", "acme", "--json"],
];
/// These show people to who asks for them, and no secret all the same.
const REHEARSALS: [&[&str]; 2] = [&["sweep", "acme", "--dry-run"], &["backfill", "acme", "--dry-run", "--json"]];

fn printed(house: &House, commands: &[&'static [&'static str]]) -> Vec<String> {
    let mut shown = Vec::new();
    for arguments in commands {
        let mut program = Program::new("tandem", arguments, house.folder().to_owned());
        program.spawn(house.environment());
        let status = program.wait();
        assert!([Some(0), Some(1), Some(2)].contains(&status.code()), "{arguments:?}: {:?}", program.output());
        assert!(!program.output().is_empty(), "{arguments:?}");
        shown.extend(program.output());
    }
    shown
}

fn contact(house: &House, number: usize) -> Option<Value> {
    let name = format!("{NAME}{number}");
    house.openphone().contacts().into_iter().find(|one| one["defaultFields"]["firstName"] == name)
}

async fn arrives(house: &House, number: usize) -> String {
    let id = house.ghl().create_contact(&person(number)).unwrap();
    eventually("the person", LIMIT, || contact(house, number)).await;
    id
}

/// Each on a contact of its own: a record that was refused is left alone.
async fn refusals(house: &mut House) {
    let mut number = 0;
    let mut next = || {
        number += 1;
        number
    };
    for status in [429, 500, 409, 422, 400, 401] {
        house.ghl_parrot.refuse("GET /contacts/", status);
        house.ghl().create_contact(&person(next())).unwrap();
        eventually("a refusal of GHL's", LIMIT, || (house.ghl_parrot.left() == 0).then_some(())).await;
    }
    for status in [429, 500, 409, 422, 400] {
        house.openphone_parrot.refuse("POST /v1/contacts", status);
        house.ghl().create_contact(&person(next())).unwrap();
        eventually("a refusal of OpenPhone's", LIMIT, || (house.openphone_parrot.left() == 0).then_some(())).await;
    }
    // It ends, and another one comes.
    tokio::time::sleep(LIFE).await;
    arrives(house, next()).await;
    assert!(house.ghl().oauth().refreshes > 0);
    // After these a connection is left alone for long.
    house.openphone_parrot.refuse("POST /v1/contacts", 401);
    house.ghl().create_contact(&person(next())).unwrap();
    eventually("a refused key", LIMIT, || (house.openphone_parrot.left() == 0).then_some(())).await;
    house.stop();
    house.up().await;
    house.ghl_parrot.refuse("GET /contacts/", 403);
    house.ghl().create_contact(&person(next())).unwrap();
    eventually("a refused location", LIMIT, || (house.ghl_parrot.left() == 0).then_some(())).await;
}

async fn pages(house: &House) -> Vec<String> {
    let canary = "canary%3Cquetza.canary%40example.com%3E";
    let mut lines: Vec<String> = ["start", "callback", "done", "status"]
        .iter()
        .flat_map(|page| {
            let page = format!("GET /oauth/ghl/{page}");
            [page.clone(), format!("{page}?connection=acme"), format!("{page}?connection={canary}")]
        })
        .collect();
    for query in [format!("code={canary}&state=acme.{canary}"), format!("error={canary}&state={canary}")] {
        lines.push(format!("GET /oauth/ghl/callback?{query}"));
    }
    lines.extend(["/metrics", "/live", "/ready", "/health", "/", "/webhooks/ghl"].map(|path| format!("GET {path}")));
    lines.extend([format!("DELETE /{canary}"), format!("POST /oauth/ghl/{canary}")]);
    let mut shown = Vec::new();
    for address in house.addresses() {
        for line in &lines {
            let reply = http::send(address, line, &[("cookie", "tandem-oauth=canary")], b"canary").await.unwrap();
            shown.push(reply.head + &reply.body);
        }
    }
    shown
}

/// What was configured, and what the providers handed out.
fn secrets(house: &House) -> Canaries {
    use base64::Engine as _;
    let encoded = base64::prelude::BASE64_STANDARD.encode(MASTER);
    let mut secrets = Canaries::default().with(&[
        ("the master key", MASTER),
        ("the master key as configured", &encoded),
        ("the client secret", CLIENT_SECRET),
        ("the servers' password", PASSWORD),
        ("the API key", "sandbox-key"),
    ]);
    let heard = [house.ghl_parrot.heard(), house.openphone_parrot.heard()].concat();
    let mut kinds = [("access_token", 0), ("refresh_token", 0), ("key", 0)];
    for body in heard.iter().filter_map(|(_, answer)| answer.split_once("\r\n\r\n")) {
        let body: Value = serde_json::from_str(body.1).unwrap_or_default();
        for (name, count) in &mut kinds {
            for value in [&body[*name], &body["data"][*name]].into_iter().filter_map(Value::as_str) {
                secrets.add(&format!("{name} {count}"), value.trim_start_matches("whsec_"));
                *count += 1;
            }
        }
    }
    assert!(kinds.iter().zip([2, 2, 1]).all(|((_, count), least)| *count >= least), "{kinds:?}");
    secrets
}

/// Tokens and secrets are kept encrypted; what Redis keeps says nothing about people either.
fn kept_without(secrets: &Canaries, house: &House) {
    let (folders, redis) = house.kept();
    let mut bytes = Vec::new();
    for folder in &folders {
        read(folder, &mut bytes);
    }
    assert!(Canaries::default().with(&[("", LOCATION)]).find(&bytes).is_some(), "what is kept was not read");
    secrets.not_in("what is kept", &bytes);
    secrets.not_in("Redis", redis.as_bytes());
    Canaries::default().with(PERSONAL).not_in("Redis", redis.as_bytes());
}

fn read(folder: &Path, bytes: &mut Vec<u8>) {
    for entry in folder.read_dir().unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            read(&entry.path(), bytes);
        } else {
            bytes.extend(std::fs::read(entry.path()).unwrap());
        }
    }
}

/// Secrets and people where they don't belong: the complaint doesn't repeat them.
fn bad_configurations(house: &mut House) {
    let file = house.folder().join("tandem.yaml");
    let good = std::fs::read_to_string(&file).unwrap();
    let variables = [
        ("TANDEM_ENCRYPTION_KEY", CLIENT_SECRET),
        ("TANDEM_PROVIDERS__GHL__BASE_URL", "http://quetza:canary-server-password-3f7a@example.com"),
        ("TANDEM_HTTP__PUBLIC_URL", "https://canary:canary-client-secret-77e1@example.com"),
        ("TANDEM_QUEUE__URL", "canary-server-password-3f7a"),
        ("TANDEM_LIMITS__URL", "redis//:canary-server-password-3f7a"),
        ("QUO_KEY", ""),
        ("TANDEM_TELEMETRY__OTLP_ENDPOINT", "http://canary:canary-server-password-3f7a@127.0.0.1:4317"),
    ];
    for variable in variables {
        house.refuse_to_start(&[variable]);
    }
    // It would be taken instead of what stands in the file.
    house.unset("TANDEM_ENCRYPTION_KEY");
    let texts = [
        good.replace("${QUO_KEY}", CLIENT_SECRET),
        good.replace("  - id: acme", &format!("  - id: acme\n    api_key: {CLIENT_SECRET}")),
        format!("{good}\nencryption_key: {MASTER}\n"),
        format!("{good}\nencryption_key: [{MASTER}\n"),
    ];
    for text in texts {
        std::fs::write(&file, text).unwrap();
        house.refuse_to_start(&[]);
    }
    std::fs::write(&file, good).unwrap();
}
