//! The client against a tiny local server: what arrives, and what is known when something breaks.
#![expect(clippy::unwrap_used, reason = "a failed set-up should end the test")]

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use tandem_contact::{Field, Fields, Value};
use tandem_limits::{BudgetKey, BudgetRate, Limits};
use tandem_outbound::{Client, ClientConfig, ConfigError, MAX_RESPONSE_BYTES, NotSent, SendError, Unknown};
use tandem_proto::Lane;
use tandem_providers::openphone::{ContactId, ExternalId, OpenPhoneView, TagTarget, request};
use tandem_providers::{Outcome, Request, Response, ghl};
use tandem_testkit::{Trick, TrickServer, answer};

const SECRET: &str = "very-secret-key";

fn config(base_url: &str) -> ClientConfig {
    ClientConfig {
        base_url: base_url.parse().unwrap(),
        timeout: Duration::from_secs(5),
        connect_timeout: Duration::from_secs(2),
    }
}

fn create() -> Request {
    let view = OpenPhoneView::plain("US", TagTarget::NotRepresentable);
    let fields = Fields::from([(Field::FirstName, Value::Text("Ana".to_owned()))]);
    request::create(&ExternalId::new("t1").unwrap(), &fields, &view)
}

fn get() -> Request {
    request::contact(&ContactId::new("c1").unwrap())
}

async fn send(client: &Client, request: Request, send_by: Option<Instant>) -> Result<Response, SendError> {
    client.send(request, &SecretString::from(SECRET), HeaderMap::new(), send_by).await
}

async fn send_to(trick: Trick, request: Request) -> (TrickServer, Result<Response, SendError>) {
    let server = TrickServer::start(trick).await;
    let client = Client::new(config(&server.url(""))).unwrap();
    let result = send(&client, request, None).await;
    (server, result)
}

fn unknown(result: Result<Response, SendError>) -> Unknown {
    match result {
        Err(SendError::Unknown { reason, .. }) => reason,
        other => panic!("expected an unknown outcome, got {other:?}"),
    }
}

fn not_sent(result: Result<Response, SendError>) -> NotSent {
    match result {
        Err(SendError::NotSent { reason, .. }) => reason,
        other => panic!("expected an unsent request, got {other:?}"),
    }
}

#[tokio::test]
async fn the_time_that_connecting_takes_is_known_once_a_connection_was_opened() {
    let server = TrickServer::start(Trick::Answer(answer("200 OK", "", "{}"))).await;
    let client = Client::new(config(&server.url(""))).unwrap();
    assert_eq!(client.connecting(), None);
    let began = Instant::now();
    send(&client, get(), None).await.unwrap();
    assert!(client.connecting().unwrap() < began.elapsed());
    let away = Client::new(config("http://127.0.0.1:1")).unwrap();
    send(&away, get(), None).await.unwrap_err();
    assert_eq!(away.connecting(), None, "a connection that was refused says nothing");
}

#[tokio::test]
async fn only_a_request_that_never_left_gives_its_permit_back() {
    let server = TrickServer::start(Trick::Answer(answer("200 OK", "", "{}"))).await;
    let client = Client::new(config(&server.url(""))).unwrap();
    let away = Client::new(config("http://127.0.0.1:1")).unwrap();
    let past = Instant::now().checked_sub(Duration::from_millis(1));
    let cases = [(&client, past, (false, true)), (&away, None, (false, false)), (&client, None, (true, false))];
    for (client, send_by, (is_answered, is_given_back)) in cases {
        let (limits, key) = (Limits::in_process(), BudgetKey("openphone:acme".into()));
        limits.register(key.clone(), BudgetRate { requests: 100, per: Duration::from_secs(1), per_day: Some(1) });
        let permit = limits.acquire(&key, Lane::Live, Duration::from_secs(1)).await.unwrap();
        let sent = send(client, get(), send_by).await;
        assert_eq!(sent.is_ok(), is_answered, "{sent:?}");
        client.end(permit, &sent, Duration::from_millis(1));
        let next = limits.acquire(&key, Lane::Live, Duration::from_secs(1)).await;
        assert_eq!(next.is_ok(), is_given_back, "{sent:?}");
    }
}

#[tokio::test]
async fn a_request_arrives_whole_and_its_answer_comes_back() {
    let server = TrickServer::start(Trick::Answer(answer("201 Created", "x-thing: 1\r\n", "{\"data\":1}"))).await;
    let client = Client::new(config(&server.url("/twin/"))).unwrap();
    let headers = HeaderMap::from_iter([(http::HeaderName::from_static("traceparent"), "00-1".parse().unwrap())]);
    let response = client.send(create(), &SecretString::from(SECRET), headers, None).await.unwrap();
    assert_eq!((response.status(), response.body().as_ref()), (StatusCode::CREATED, b"{\"data\":1}".as_ref()));
    assert_eq!(response.headers()["x-thing"], "1");
    let seen = server.requests();
    assert_eq!(seen.len(), 1);
    let head = seen[0].to_lowercase();
    assert!(head.starts_with("post /twin/v1/contacts http/1.1\r\n"), "{head}");
    for line in ["authorization: very-secret-key\r\n", "content-type: application/json\r\n", "traceparent: 00-1\r\n"] {
        assert!(head.contains(line), "{line} is not in {head}");
    }
    assert!(seen[0].contains("content-length: "), "the length is known, so it is not chunked: {head}");
    assert!(seen[0].ends_with(r#"{"defaultFields":{"firstName":"Ana"},"externalId":"t1","source":"tandem"}"#));
}

#[tokio::test]
async fn a_refusal_that_repeats_the_credential_loses_it() {
    let words = format!("{{\"message\":\"Bearer {SECRET} and {SECRET}{SECRET} are no good\"}}");
    let (_server, refused) = send_to(Trick::Answer(answer("400 Bad Request", "", &words)), create()).await;
    let stars = "*".repeat(SECRET.len());
    let expected = format!("{{\"message\":\"Bearer {stars} and {stars}{stars} are no good\"}}");
    assert_eq!(refused.unwrap().body().as_ref(), expected.as_bytes());
    let server = TrickServer::start(Trick::Answer(answer("400 Bad Request", "", "as it was"))).await;
    let client = Client::new(config(&server.url(""))).unwrap();
    let refused = client.send(create(), &SecretString::default(), HeaderMap::new(), None).await;
    assert_eq!(refused.unwrap().body().as_ref(), b"as it was", "there was none");
}

#[test]
fn where_requests_go_is_told_without_a_path() {
    let at = |base: &str| {
        let client = Client::new(config(base)).unwrap();
        let (host, port) = client.server();
        (host.to_owned(), port)
    };
    assert_eq!(at("https://api.example.com/v2/"), ("api.example.com".to_owned(), 443));
    assert_eq!(at("http://127.0.0.1:4001"), ("127.0.0.1".to_owned(), 4001));
}

#[tokio::test]
async fn ghl_gets_a_bearer_token_and_its_version() {
    let server = TrickServer::start(Trick::Answer(answer("404 Not Found", "", "{}"))).await;
    let client = Client::new(config(&server.url(""))).unwrap();
    let version = ghl::ApiVersion::new("2021-07-28").unwrap();
    let request = ghl::request::contact(&ContactId::new("c1").unwrap(), &version);
    let response = send(&client, request, None).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let head = server.requests()[0].to_lowercase();
    assert!(
        head.contains("authorization: bearer very-secret-key\r\n") && head.contains("version: 2021-07-28\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn a_reset_before_the_answer_leaves_the_outcome_unknown() {
    let (server, result) = send_to(Trick::Reset, create()).await;
    assert_eq!(unknown(result), Unknown::Broken);
    assert_eq!(server.requests().len(), 1, "a write is never repeated here");
}

#[tokio::test]
async fn silence_ends_with_an_unknown_outcome() {
    let server = TrickServer::start(Trick::Silence).await;
    let client = Client::new(ClientConfig { timeout: Duration::from_millis(200), ..config(&server.url("")) }).unwrap();
    let error = send(&client, create(), None).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert_eq!(unknown(Err(error)), Unknown::TimedOut);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_broken_or_endless_answer_leaves_the_outcome_unknown() {
    let cut = "HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{\"data\"".to_owned();
    let (_, result) = send_to(Trick::AnswerAndClose(cut), create()).await;
    assert_eq!(unknown(result), Unknown::Broken);
    let (_, result) = send_to(Trick::AnswerAndClose("SMTP ready\r\n\r\n".to_owned()), create()).await;
    assert_eq!(unknown(result), Unknown::Broken);
    let large = answer("200 OK", "", &"x".repeat(MAX_RESPONSE_BYTES + 1));
    let (_, result) = send_to(Trick::Answer(large), get()).await;
    assert_eq!(unknown(result), Unknown::TooLarge);
}

#[tokio::test]
async fn a_refused_connection_is_certainly_unsent() {
    // A port that was just free: nobody listens on it.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let free = listener.local_addr().unwrap();
    drop(listener);
    let client = Client::new(config(&format!("http://{free}"))).unwrap();
    let error = send(&client, create(), None).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotApplied);
    assert_eq!(not_sent(Err(error)), NotSent::Connect);
}

#[tokio::test]
async fn a_failed_tls_handshake_is_certainly_unsent() {
    let server = TrickServer::start(Trick::AnswerAndClose("no TLS here\r\n\r\n".to_owned())).await;
    let client = Client::new(ClientConfig {
        connect_timeout: Duration::from_millis(300),
        ..config(&format!("https://{}", server.address))
    })
    .unwrap();
    assert_eq!(not_sent(send(&client, create(), None).await), NotSent::Connect);
}

#[tokio::test]
async fn a_redirect_is_handed_back_and_not_followed() {
    let target = TrickServer::start(Trick::Answer(answer("200 OK", "", "{}"))).await;
    let location = format!("location: {}\r\n", target.url("/elsewhere"));
    for status in ["301 Moved", "303 See Other", "307 Temporary Redirect"] {
        let (_, result) = send_to(Trick::Answer(answer(status, &location, "")), create()).await;
        assert!(result.unwrap().status().is_redirection());
    }
    assert!(target.requests().is_empty());
}

#[tokio::test]
async fn past_the_deadline_nothing_is_sent() {
    let server = TrickServer::start(Trick::Answer(answer("200 OK", "", "{}"))).await;
    let client = Client::new(config(&server.url(""))).unwrap();
    let past = Instant::now().checked_sub(Duration::from_millis(1)).unwrap();
    for request in [create(), get()] {
        assert_eq!(not_sent(send(&client, request, Some(past)).await), NotSent::PastDeadline);
    }
    assert!(server.requests().is_empty());
    let ahead = Instant::now() + Duration::from_mins(1);
    assert!(send(&client, create(), Some(ahead)).await.is_ok());
}

#[tokio::test]
async fn a_worker_paused_while_connecting_sends_nothing() {
    let server = TrickServer::start(Trick::Answer(answer("200 OK", "", "{}"))).await;
    // In time when the request is handed over, a minute late when its body is about to be written.
    let start = Instant::now();
    let looks = Arc::new(AtomicU64::new(0));
    let clock = move || start + Duration::from_mins(1) * u32::from(looks.fetch_add(1, Ordering::Relaxed) > 0);
    let client = Client::with_clock(config(&server.url("")), clock).unwrap();
    let result = send(&client, create(), Some(start + Duration::from_secs(10))).await;
    assert_eq!(not_sent(result), NotSent::PastDeadline);
    assert!(server.requests().is_empty(), "{:?}", server.requests());
}

#[tokio::test]
async fn a_connection_that_died_while_idle_is_replaced() {
    let server = TrickServer::start(Trick::AnswerAndClose(answer("200 OK", "", "{}"))).await;
    let client = Client::new(config(&server.url(""))).unwrap();
    for _ in 0..20 {
        match send(&client, create(), None).await {
            // The close may be noticed only after the write: then nobody knows.
            Ok(_) | Err(SendError::Unknown { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert!(server.requests().len() <= 20, "something was sent twice");
}

#[tokio::test]
async fn errors_show_neither_address_nor_credential() {
    let (_, result) = send_to(Trick::Reset, request::List::all().page(Some("private-token"))).await;
    let error = result.unwrap_err();
    let mut shown = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        shown = format!("{shown} {cause} {cause:?}");
        source = cause.source();
    }
    assert!(!shown.contains(SECRET) && !shown.contains("private-token") && !shown.contains("/v1/"), "{shown}");
}

#[tokio::test]
async fn a_credential_that_is_no_header_is_refused_before_anything_happens() {
    let server = TrickServer::start(Trick::Answer(answer("200 OK", "", "{}"))).await;
    let client = Client::new(config(&server.url(""))).unwrap();
    let broken = SecretString::from("key\r\nx-injected: 1");
    let result = client.send(get(), &broken, HeaderMap::new(), None).await;
    assert_eq!(not_sent(result), NotSent::Invalid);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn only_the_configured_base_is_ever_addressed() {
    let server = TrickServer::start(Trick::Answer(answer("200 OK", "", "{}"))).await;
    let elsewhere = TrickServer::start(Trick::Answer(answer("200 OK", "", "{}"))).await;
    let client = Client::new(config(&server.url(""))).unwrap();
    for uri in [elsewhere.url("/v1/contacts"), "*".to_owned()] {
        let mut request = get();
        *request.http.uri_mut() = uri.parse().unwrap();
        assert_eq!(not_sent(send(&client, request, None).await), NotSent::Invalid, "{uri}");
    }
    let mut request = get();
    *request.http.uri_mut() = format!("//{}/x", elsewhere.address).parse().unwrap_or_default();
    drop(send(&client, request, None).await);
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn base_urls_with_hidden_parts_are_refused() {
    for bad in [
        "http://user:pass@example.com",
        "https://example.com/?a=b",
        "https://example.com/#x",
        "ftp://example.com",
        "data:x",
    ] {
        let result = Client::new(config(bad));
        assert!(matches!(result, Err(ConfigError::BaseUrl)), "{bad}");
    }
    let client = Client::new(config("https://api.example.com")).unwrap();
    assert_eq!(format!("{client:?}"), r#"Client { base: "https://api.example.com/", .. }"#);
}
