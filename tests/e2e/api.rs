//! The management API: who may what, what can't be done, what is noted, and commands that ask over it.

mod schemathesis;

use std::time::Duration;

use serde_json::{Value, json};
use tandem_proto::Stream;
use tandem_tests::{Program, Shape, Stack, StackOptions, eventually, http};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::explain::event;
use crate::review::twice_with;

const LIMIT: Duration = Duration::from_secs(45);
const PHONE: &str = "+14155550171";
const ACME: &str = "/api/v1/connections/acme";

in_both_shapes! {
    whoever_shows_no_token_is_told_nothing,
    each_role_may_what_it_may,
    what_can_not_be_done_is_a_problem_of_its_own,
    a_mapping_that_is_set_holds_and_who_set_it_is_noted,
    commands_ask_a_tandem_elsewhere,
    scans_are_asked_for_and_watched_from_elsewhere,
    what_people_decide_is_decided_from_elsewhere,
    a_message_that_was_set_aside_is_mended_from_elsewhere,
}

/// A token of each role; the harness' environment has them.
fn tokens() -> String {
    let token = |role: &str| format!("{{ name: a-{role}, role: {role}, token: '${{{}_TOKEN}}' }}", role.to_uppercase());
    format!("api: {{ tokens: [{}] }}", ["viewer", "operator", "admin"].map(token).join(", "))
}

async fn start(shape: Shape) -> Stack {
    start_with(shape, None).await
}

async fn start_with(shape: Shape, mapping: Option<String>) -> Stack {
    let options = StackOptions { config: tokens(), mapping, ..StackOptions::of(shape) };
    let stack = Stack::start_with(options).await.unwrap();
    // Ingest answers before it has read the store.
    tandem_testkit::eventually("the store", LIMIT, async || {
        (call(&stack, "viewer", "GET /api/v1/connections", None).await.0 == 200).then_some(())
    })
    .await;
    stack
}

fn token<'a>(stack: &'a Stack, role: &'a str) -> &'a str {
    stack.environment.get(&format!("{}_TOKEN", role.to_uppercase())).map_or(role, String::as_str)
}

async fn answer(stack: &Stack, role: &str, line: &str, body: &[u8]) -> http::Reply {
    let shown = format!("Bearer {}", token(stack, role));
    let headers = [("authorization", shown.as_str()), ("content-type", "application/json")];
    http::send(stack.address, line, &headers, body).await.unwrap()
}

/// Status and body of an answer to whoever has this role.
async fn call(stack: &Stack, role: &str, line: &str, body: Option<Value>) -> (u16, Value) {
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let reply = answer(stack, role, line, body.as_bytes()).await;
    (reply.status, serde_json::from_str(&reply.body).unwrap_or_else(|_| panic!("{line}: {reply:?}")))
}

/// The answer to something that is done.
async fn done(stack: &Stack, role: &str, line: &str, body: Option<Value>) -> Value {
    let (status, answer) = call(stack, role, line, body).await;
    assert!((200..300).contains(&status), "{line}: {status} {answer}");
    answer
}

async fn whoever_shows_no_token_is_told_nothing(shape: Shape) {
    let stack = start(shape).await;
    let document = http::send(stack.address, "GET /api/v1/openapi.json", &[], b"").await.unwrap();
    let document: Value = serde_json::from_str(&document.body).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 20, "{:?}", paths.keys());
    for (path, methods) in paths {
        for method in methods.as_object().unwrap().keys() {
            let line = format!("{} {}", method.to_uppercase(), path.replace(['{', '}'], ""));
            for stranger in ["", "0123456789abcdef0123456789abcdef", &token(&stack, "admin")[1..]] {
                let reply = answer(&stack, stranger, &line, b"{}").await;
                assert_eq!(reply.status, 401, "{line}");
                assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{line}");
                assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{line}");
            }
        }
    }
    let audit = done(&stack, "admin", "GET /api/v1/audit", None).await;
    assert_eq!(audit["entries"], json!([]), "strangers are not noted");
}

async fn each_role_may_what_it_may(shape: Shape) {
    let stack = start(shape).await;
    let ghl = stack.ghl.create_contact(&json!({ "firstName": "Ana", "phone": PHONE })).unwrap();
    stack.arrives(&ghl, "the contact", |_| true).await;
    stack.quiet(LIMIT).await;
    let connections = done(&stack, "viewer", "GET /api/v1/connections", None).await;
    let expected = json!([{ "id": "acme", "location_id": "SandboxLocation00001", "is_stopped": false }]);
    assert_eq!(connections["connections"], expected);
    let record = done(&stack, "viewer", &format!("GET {ACME}/records/{ghl}"), None).await["record"].clone();
    assert_eq!((&record["person"]["name"], &record["is_in_step"]), (&json!("Ana"), &json!(true)), "{record}");
    let by_phone = done(&stack, "viewer", &format!("GET {ACME}/records/%2B1%20415%20555-0171"), None).await;
    assert_eq!(by_phone["record"]["person"], record["person"]);
    let preview = format!("POST {ACME}/records/{ghl}/preview");
    assert_eq!(done(&stack, "operator", &preview, None).await["previewed"]["written"], json!([]));
    for (least, line) in [
        ("operator", preview),
        ("operator", format!("POST {ACME}/resume")),
        ("operator", "POST /api/v1/dead/redrive".to_owned()),
        ("admin", format!("PUT {ACME}/mapping")),
        ("admin", "DELETE /api/v1/dead/1".to_owned()),
        ("admin", "GET /api/v1/audit".to_owned()),
    ] {
        takes(&stack, least, &line).await;
    }
    refusals_are_noted(&stack).await;
}

async fn refusals_are_noted(stack: &Stack) {
    let entries = done(stack, "admin", "GET /api/v1/audit?limit=1000", None).await["entries"].clone();
    let refused = |entry: &&Value| entry["status"] == 403;
    let refused: Vec<&Value> = entries.as_array().unwrap().iter().filter(refused).collect();
    // Two who may not resume or redrive, and two each who may not set a mapping or drop a message.
    assert_eq!(refused.len(), 6, "{entries}");
    assert!(refused.iter().all(|entry| entry["who"] != "a-admin" && entry["ended_at"].is_string()), "{refused:?}");
}

/// Whoever may less than this is refused, and nobody else.
async fn takes(stack: &Stack, least: &str, line: &str) {
    let roles = ["viewer", "operator", "admin"];
    let from = roles.iter().position(|role| *role == least).unwrap();
    for (at, role) in roles.into_iter().enumerate() {
        let (status, told) = call(stack, role, line, None).await;
        assert_eq!(status == 403, at < from, "{role} {line}: {status} {told}");
        if status == 403 {
            assert_eq!(told["detail"], format!("the token's role is {role}, and this takes {least}"));
        }
    }
}

async fn what_can_not_be_done_is_a_problem_of_its_own(shape: Shape) {
    let stack = start(shape).await;
    let large = format!("{{\"text\": \"{}\"}}", "x".repeat(2 << 20));
    let long_mapping = format!("{{\"text\": \"#{}\"}}", "x".repeat(512 << 10));
    let record = "0123456789abcdef0123456789abcdef";
    let long = "x".repeat(201);
    let mapping = format!("PUT {ACME}/mapping");
    for (line, body, status, told) in [
        ("GET /api/v1/nothing".to_owned(), "", 404, "no such route"),
        (format!("POST {ACME}/segments"), "", 405, "other methods"),
        ("GET /api/v1/connections/other/segments".to_owned(), "", 404, "no such connection"),
        ("GET /api/v1/connections/%FF/segments".to_owned(), "", 400, "the path"),
        (format!("GET {ACME}/records/nobody"), "", 404, "nothing is known of `nobody`"),
        (format!("GET {ACME}/records/{long}"), "", 400, "1 to 200 bytes"),
        (format!("POST {ACME}/records/a%20b/merge"), "", 400, "`a b` is not a valid id"),
        (format!("POST {ACME}/records/{record}/merge"), "{}", 404, "there is no record"),
        (format!("POST {ACME}/records/{record}/merge"), r#"{"dry": true}"#, 400, "unknown field `dry`"),
        (format!("POST {ACME}/records/{record}/fields/shoe_size/settle"), r#"{"side": "ghl"}"#, 400, "expected one of"),
        (format!("POST {ACME}/records/{record}/fields/role/settle"), r#"{"side": "left"}"#, 400, "unknown variant"),
        (format!("POST {ACME}/scans"), "", 400, "missing field `kind`"),
        (format!("POST {ACME}/resume"), r#"{"minutes": 0}"#, 400, "minutes from 1 to 1440"),
        (format!("GET {ACME}/mapping"), "", 404, "the built-in mapping holds"),
        (format!("GET {ACME}/mapping/versions/7"), "", 404, "there is no version 7"),
        (format!("GET {ACME}/mapping/versions/x"), "", 400, "the path"),
        (format!("GET {ACME}/segments/vip/members"), "", 404, "no segment `vip`"),
        (mapping.clone(), r#"{"text": "default_country: Narnia", "origin": "m.yaml"}"#, 422, "m.yaml:1"),
        (mapping.clone(), "no json", 400, "the body"),
        (mapping.clone(), &long_mapping, 422, "at most 524288 bytes"),
        (mapping.clone(), r#"{"text": "", "origin": "a\nb"}"#, 422, "in one line"),
        (mapping, &large, 413, "2 MiB"),
        ("GET /api/v1/dead/18446744073709551615".to_owned(), "", 404, "there is no message"),
        ("DELETE /api/v1/dead/999999".to_owned(), "", 404, "there is no message 999999"),
        ("POST /api/v1/dead/redrive".to_owned(), "{}", 400, "which ones?"),
        ("GET /api/v1/dead?colour=red".to_owned(), "", 400, "the query"),
        ("GET /api/v1/audit?limit=0".to_owned(), "", 400, "from 1 to 1000"),
        ("GET /api/v1/audit?before=yesterday".to_owned(), "", 400, "the id of an entry"),
    ] {
        let reply = answer(&stack, "admin", &line, body.as_bytes()).await;
        assert_eq!(reply.status, status, "{line}: {reply:?}");
        assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{line}");
        let problem: Value = serde_json::from_str(&reply.body).unwrap();
        assert!(problem["detail"].as_str().unwrap().contains(told), "{line}: {problem}");
        assert_eq!(problem["status"], status, "{line}");
    }
    // What was refused is noted like what was done.
    let audit = done(&stack, "admin", "GET /api/v1/audit?limit=1000", None).await["entries"].clone();
    let has = |status: u16| audit.as_array().unwrap().iter().any(|entry| entry["status"] == status);
    assert!(has(400) && has(404) && has(413) && has(422), "{audit}");
    assert!(!audit.to_string().contains("a b"), "what somebody said is noted: {audit}");
}

async fn a_mapping_that_is_set_holds_and_who_set_it_is_noted(shape: Shape) {
    let stack = start(shape).await;
    let text = "fields: [first_name, phones, source_link]\n";
    let set = done(&stack, "admin", &format!("PUT {ACME}/mapping"), Some(json!({ "text": text }))).await;
    assert_eq!(set, json!({ "mapping": { "holds": 1 } }));
    let shown = done(&stack, "viewer", &format!("GET {ACME}/mapping"), None).await["mapping"]["shown"].clone();
    assert_eq!((&shown["text"], &shown["version"]["origin"]), (&json!(text), &json!("the API, by a-admin")));
    done(&stack, "admin", &format!("PUT {ACME}/mapping"), Some(json!({ "text": "fields: [first_name]\n" }))).await;
    done(&stack, "admin", &format!("POST {ACME}/mapping/versions/1/use"), None).await;
    let history = done(&stack, "viewer", &format!("GET {ACME}/mapping/versions"), None).await;
    assert_eq!(history["mapping"]["history"]["holds"], 1, "{history}");
    // It holds for all processes within a moment.
    let arrived = async |number: u32| {
        let contact = json!({ "firstName": "Ana", "lastName": "Moss", "phone": format!("+1415555{number:04}") });
        let ghl = stack.ghl.create_contact(&contact).unwrap();
        let there = stack.arrives(&ghl, "the contact", |_| true).await;
        there["defaultFields"]["lastName"].is_null().then_some(())
    };
    let number = std::cell::Cell::new(200);
    tandem_testkit::eventually("that the mapping holds", LIMIT, async || {
        number.set(number.get() + 1);
        arrived(number.get()).await
    })
    .await;
    is_noted(&stack).await;
}

async fn is_noted(stack: &Stack) {
    // A dry run is no change.
    done(stack, "operator", "POST /api/v1/dead/redrive", Some(json!({ "all": true, "dry_run": true }))).await;
    done(stack, "operator", "POST /api/v1/dead/redrive", Some(json!({ "all": true }))).await;
    let first = done(stack, "admin", "GET /api/v1/audit?limit=2", None).await["entries"].clone();
    let [redriven, used] = first.as_array().unwrap().as_slice() else { panic!("{first}") };
    assert_eq!((&redriven["who"], &redriven["route"]), (&json!("a-operator"), &json!("/api/v1/dead/redrive")));
    let route = "/api/v1/connections/{connection}/mapping/versions/{number}/use";
    assert_eq!((&used["method"], &used["route"], &used["role"]), (&json!("POST"), &json!(route), &json!("admin")));
    assert_eq!(used["path"], format!("{ACME}/mapping/versions/1/use"));
    assert_eq!((&used["connection"], &used["status"]), (&json!("acme"), &json!(200)), "{used}");
    let before = used["id"].as_str().unwrap();
    let rest = done(stack, "admin", &format!("GET /api/v1/audit?before={before}"), None).await["entries"].clone();
    let routes: Vec<&Value> = rest.as_array().unwrap().iter().map(|entry| &entry["method"]).collect();
    assert_eq!(routes, ["PUT", "PUT"], "{rest}");
    assert!(!rest.to_string().contains("first_name"), "a mapping's text is noted: {rest}");
}

/// A command that knows no more than where to ask, and what to show; its exit code and what it prints.
fn command(stack: &Stack, token: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let url = format!("http://{}", stack.address);
    let environment = [("TANDEM_API_URL", url), ("TANDEM_API_TOKEN", token.to_owned())];
    let environment = environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let mut command = Program::new("tandem", arguments, stack.folder.path().to_owned());
    command.spawn(&environment);
    let status = tokio::task::block_in_place(|| command.wait());
    (status.code(), command.output().join("\n"))
}

fn said(stack: &Stack, arguments: &[&str]) -> Value {
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
    let (code, printed) = command(stack, token(stack, "admin"), &arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {printed}");
    // Those that wait tell meanwhile how far it is.
    let object = printed.lines().rev().find(|line| line.starts_with('{'));
    serde_json::from_str(object.unwrap_or(&printed)).unwrap()
}

async fn commands_ask_a_tandem_elsewhere(shape: Shape) {
    let stack = start(shape).await;
    let ghl = stack.ghl.create_contact(&json!({ "firstName": "Ana", "phone": PHONE })).unwrap();
    stack.arrives(&ghl, "the contact", |_| true).await;
    stack.quiet(LIMIT).await;
    let shown = said(&stack, &["records", "show", "acme", PHONE])["record"].clone();
    assert_eq!(shown["person"]["contacts"]["ghl"], json!(ghl), "{shown}");
    assert_eq!(said(&stack, &["preview", "acme", "--contact", &ghl])["previewed"]["written"], json!([]));
    let mapping = stack.folder.path().join("new.yaml");
    std::fs::write(&mapping, "fields: [first_name, phones, source_link]\n").unwrap();
    let mapping = mapping.to_str().unwrap();
    assert_eq!(
        said(&stack, &["preview", "acme", "--contact", &ghl, "--mapping", mapping])["previewed"]["written"],
        json!([])
    );
    assert_eq!(said(&stack, &["mapping", "set", "acme", mapping])["mapping"]["holds"], 1);
    let history = said(&stack, &["mapping", "history", "acme"]);
    assert_eq!(history["mapping"]["history"]["versions"][0]["origin"], json!(mapping), "{history}");
    for (arguments, answer) in [
        (vec!["segments", "list", "acme"], "segments"),
        (vec!["duplicates", "list", "acme"], "duplicates"),
        (vec!["conflicts", "list", "acme"], "conflicts"),
        (vec!["dead", "list", "--code", "undecodable"], "list"),
        (vec!["dead", "redrive", "--all"], "disposed"),
    ] {
        assert!(!said(&stack, &arguments)[answer].is_null(), "{arguments:?}");
    }
    let resumed = said(&stack, &["resume", "acme", "--minutes", "1"]);
    assert_eq!((&resumed["was_stopped"], &resumed["minutes"]), (&json!(false), &json!(1)));
    let refused = |token: &str, arguments: &[&str], told: &str| {
        let (code, printed) = command(&stack, token, arguments);
        assert!(code == Some(1) && printed.contains(told), "{arguments:?}: {code:?} {printed}");
    };
    let admin = token(&stack, "admin");
    refused(admin, &["records", "show", "acme", "nobody"], "nothing is known of `nobody`");
    refused(admin, &["dead", "show", "999999"], "there is no message 999999");
    refused(admin, &["segments", "list", "other"], "there is no such connection");
    refused(&admin[1..], &["segments", "list", "acme"], "doesn't know the token in TANDEM_API_TOKEN");
    refused("", &["segments", "list", "acme"], "TANDEM_API_TOKEN is not set");
    refused(token(&stack, "viewer"), &["resume", "acme"], "this takes operator");
    refused(admin, &["segments", "list", "acme", "--url", "http://sync.example.com"], "unencrypted");
    assert_eq!(stack.count(Stream::Dead).await, 0);
}

async fn scans_are_asked_for_and_watched_from_elsewhere(shape: Shape) {
    let stack = start(shape).await;
    stack.deliver(false);
    for number in 0..5 {
        let phone = format!("+1415555{:04}", 300 + number);
        stack
            .ghl
            .create_contact(&json!({ "firstName": "Ana", "lastName": format!("N{number}"), "phone": phone }))
            .unwrap();
    }
    let dry = said(&stack, &["backfill", "acme", "--dry-run"]);
    assert_eq!((&dry["ok"], &dry["dry_run"]), (&json!(true), &json!(true)), "{dry}");
    assert_eq!(
        (&dry["totals"]["ghl"], &dry["totals"]["outcomes"]["created openphone"]),
        (&json!(5), &json!(5)),
        "{dry}"
    );
    assert!(stack.openphone.contacts().is_empty(), "a dry run wrote");
    let (status, told) = call(&stack, "viewer", &format!("POST {ACME}/scans/preview"), None).await;
    assert_eq!(status, 403, "{told}");
    let done_so = said(&stack, &["backfill", "acme"]);
    assert_eq!((&done_so["ok"], &done_so["ghl"]["contacts"]), (&json!(true), &json!(5)), "{done_so}");
    eventually("everybody", LIMIT, || (stack.openphone.contacts().len() == 5).then_some(())).await;
    let shown = done(&stack, "viewer", &format!("GET {ACME}/scans"), None).await;
    assert_eq!((&shown["job"]["kind"], &shown["job"]["found"]), (&json!("backfill"), &json!(0)), "{shown}");
    assert!(shown["job"]["ended"]["at"].is_string() && shown["job"]["lease"].is_null(), "{shown}");
}

async fn what_people_decide_is_decided_from_elsewhere(shape: Shape) {
    let options = StackOptions { config: tokens(), ..StackOptions::of(shape) };
    let (stack, [first, second], record) = twice_with(options).await;
    let listed = said(&stack, &["duplicates", "list", "acme"])["duplicates"]["waiting"].clone();
    assert_eq!(listed[0]["person"]["record"], json!(record));
    let merge = |answer: Value| (answer["merged"]["is_dry"].clone(), answer["merged"]["left_alone"]["ghl"].clone());
    let shown = said(&stack, &["duplicates", "merge", "acme", &record]);
    assert_eq!(merge(shown), (json!(true), json!(second)));
    let line = format!("POST {ACME}/records/{record}/merge");
    let merged = done(&stack, "operator", &line, Some(json!({ "take": ["last_name"] }))).await;
    assert_eq!(merge(merged), (json!(false), json!(second)));
    stack.quiet(LIMIT).await;
    let undone = said(&stack, &["duplicates", "undo", "acme", &record]);
    assert_eq!(undone["unmerged"]["record"], json!(record));
    stack.arrives(&second, "a contact of their own", |_| true).await;
    assert!(stack.across(&first).is_some());
    // The dry run is no change, and whose records they were is said in our own words only.
    let entries = done(&stack, "admin", "GET /api/v1/audit", None).await["entries"].clone();
    let noted = |at: usize| (entries[at]["who"].clone(), entries[at]["path"].clone(), entries[at]["status"].clone());
    assert_eq!(entries.as_array().unwrap().len(), 2, "{entries}");
    let path = |verb: &str| json!(format!("{ACME}/records/{record}/{verb}"));
    assert_eq!(noted(0), (json!("a-admin"), path("unmerge"), json!(200)));
    assert_eq!(noted(1), (json!("a-operator"), path("merge"), json!(200)));
}

async fn a_message_that_was_set_aside_is_mended_from_elsewhere(shape: Shape) {
    let stack = start(shape).await;
    stack.deliver(false);
    let ghl = stack.ghl.create_contact(&json!({ "firstName": "Ana", "phone": PHONE })).unwrap();
    for id in ["e1", "e2"] {
        stack.queue().publish(event(id, "no json")).await.unwrap();
    }
    let listed = eventually("both to be set aside", LIMIT, || {
        let listed = said(&stack, &["dead", "list"])["list"].clone();
        listed.as_array().filter(|letters| letters.len() == 2).cloned()
    })
    .await;
    let [first, second] = [&listed[0]["number"], &listed[1]["number"]].map(Value::to_string);
    assert_eq!(said(&stack, &["dead", "show", &first])["shown"]["raw"], "no json");
    is_mended(&stack, &second, &ghl).await;
    let dropped = done(&stack, "admin", &format!("DELETE /api/v1/dead/{first}"), None).await["disposed"].clone();
    assert_eq!(dropped["done"][0]["number"].to_string(), first, "{dropped}");
    assert_eq!(stack.count(Stream::Dead).await, 0);
    let entries = done(&stack, "admin", "GET /api/v1/audit", None).await["entries"].clone();
    assert!(!entries.to_string().contains(&ghl), "what was said is noted: {entries}");
    let noted: Vec<_> = entries.as_array().unwrap().iter().map(|entry| entry["method"].as_str().unwrap()).collect();
    assert_eq!(noted, ["DELETE", "POST", "PUT"], "{entries}");
}

async fn is_mended(stack: &Stack, letter: &str, ghl: &str) {
    let body = stack.folder.path().join("body.json");
    std::fs::write(&body, json!({ "type": "ContactUpdate", "id": ghl }).to_string()).unwrap();
    let edited = said(stack, &["dead", "edit", letter, "--body", body.to_str().unwrap()])["edited"].clone();
    let now = edited["now"].to_string();
    assert_eq!(said(stack, &["dead", "redrive", &now])["disposed"]["is_dry"], true);
    assert_eq!(said(stack, &["dead", "redrive", &now, "--yes"])["disposed"]["done"][0]["number"].to_string(), now);
    eventually("the contact", LIMIT, || stack.across(ghl)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_is_done_where_whoever_asked_has_gone() {
    let stack = start(Shape::Embedded).await;
    let shown = format!("Bearer {}", token(&stack, "admin"));
    let body = json!({ "text": "fields: [first_name]\n" }).to_string();
    let request = http::render(&format!("PUT {ACME}/mapping"), &[("authorization", &shown)], body.as_bytes());
    for _ in 0..20 {
        let mut socket = TcpStream::connect(stack.address).await.unwrap();
        socket.write_all(&request).await.unwrap();
    }
    // Of those that were begun each has an end, and a version; the others have neither.
    tandem_testkit::eventually("the ends", LIMIT, async || {
        // Meanwhile these may be too many themselves.
        let (_, audit) = call(&stack, "admin", "GET /api/v1/audit?limit=1000", None).await;
        let entries = audit["entries"].as_array()?;
        let (_, history) = call(&stack, "viewer", &format!("GET {ACME}/mapping/versions"), None).await;
        let versions = history["mapping"]["history"]["versions"].as_array()?.len();
        let ended = entries.iter().filter(|entry| entry["status"] == 200).count();
        (!entries.is_empty() && ended == entries.len() && ended == versions).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_noted_is_not_done() {
    let stack = start(Shape::Distributed).await;
    let servers = stack.servers.as_ref().unwrap();
    servers.nats.kill();
    let set = Some(json!({ "text": "fields: [first_name]\n" }));
    for (line, body) in [(format!("GET {ACME}/mapping"), None), (format!("PUT {ACME}/mapping"), set)] {
        let (status, told) = call(&stack, "admin", &line, body).await;
        assert!(
            status == 503 && told["detail"].as_str().unwrap().contains("can't be reached"),
            "{line}: {status} {told}"
        );
    }
    servers.nats.start_again();
    tandem_testkit::eventually("the store", LIMIT, async || {
        let (status, _) = call(&stack, "admin", "GET /api/v1/audit", None).await;
        (status == 200).then_some(())
    })
    .await;
    let (status, told) = call(&stack, "admin", &format!("GET {ACME}/mapping"), None).await;
    assert!(status == 404 && told["detail"].as_str().unwrap().contains("built-in"), "{status} {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tokens_there_is_no_api() {
    let stack = Stack::start(Shape::Embedded).await.unwrap();
    for line in ["GET /api/v1/openapi.json", "GET /api/v1/connections", "PUT /api/v1/connections/acme/mapping"] {
        assert_eq!(answer(&stack, "admin", line, b"").await.status, 404, "{line}");
    }
}
