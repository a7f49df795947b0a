//! Notifications to a tiny local server: what arrives, what an answer means, and where nothing is ever sent.
#![expect(clippy::unwrap_used, reason = "a failed set-up should end the test")]

use std::error::Error as _;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tandem_notify::{Allowed, Channel, Failure, Kind, Message, NotSent, Options, Sender, Unknown, Why};
use tandem_testkit::{Trick, TrickServer, answer};

const PATH: &str = "/services/T0/s3cr3t?sig=s3cr3t";

fn allowed(entries: &[&str]) -> Allowed {
    Allowed::new(entries).unwrap()
}

fn sender(allowed: Allowed) -> Sender {
    Sender::new(Options { allowed, ..Options::default() }).unwrap()
}

async fn send_to(server: &TrickServer, kind: Kind, message: Message) -> Result<(), Failure> {
    let allowed = allowed(&[&server.address.to_string()]);
    let channel = Channel::new(kind, &server.url(PATH), &allowed).unwrap();
    sender(allowed).send(&channel, &message).await
}

async fn why(server: &TrickServer, kind: Kind) -> Why {
    send_to(server, kind, Message::new("hello")).await.unwrap_err().why
}

fn refused(status: u16, reason: Option<&str>) -> Why {
    Why::Refused { status, retry_after: None, reason: reason.map(str::to_owned) }
}

#[tokio::test]
async fn a_notification_arrives_whole() {
    let server = TrickServer::answering("200 OK", "").await;
    let extra = Map::from_iter([("rule".to_owned(), json!("vip"))]);
    let message = || Message::new("<!channel> *Ana*").with(extra.clone());
    for kind in [Kind::Slack, Kind::Teams, Kind::Url] {
        send_to(&server, kind, message()).await.unwrap();
    }
    let seen = server.requests();
    let bodies = [
        json!({ "text": "&lt;!channel&gt; *Ana*" }),
        json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "content": {
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": [{ "type": "TextBlock", "text": r"<!channel> \*Ana\*", "wrap": true }],
                },
            }],
        }),
        json!({ "text": "<!channel> *Ana*", "rule": "vip" }),
    ];
    assert_eq!(seen.len(), bodies.len());
    for (request, expected) in seen.iter().zip(bodies) {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("POST {PATH} HTTP/1.1\r\n")), "{head}");
        assert!(head.contains("content-type: application/json") && head.contains("content-length: "), "{head}");
        assert!(head.contains("user-agent: tandem/") && !head.contains("accept-encoding"), "{head}");
        assert_eq!(serde_json::from_str::<Value>(body).unwrap(), expected);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let target = TrickServer::answering("200 OK", "").await;
    let location = format!("location: {}\r\n", target.url("/elsewhere"));
    for (status, number) in [("301 Moved", 301), ("303 See Other", 303), ("307 Temporary Redirect", 307)] {
        let server = TrickServer::answering(status, &location).await;
        assert_eq!(why(&server, Kind::Url).await, Why::Unknown(Unknown::Answered(number)));
    }
    assert_eq!(target.connections(), 0);
}

#[tokio::test]
async fn silence_and_a_reset_leave_the_outcome_unknown() {
    let server = TrickServer::start(Trick::Silence).await;
    let allowed = allowed(&["127.0.0.1"]);
    let channel = Channel::new(Kind::Slack, &server.url(PATH), &allowed).unwrap();
    let sender = Sender::new(Options { allowed, timeout: Duration::from_millis(300) }).unwrap();
    let failure = sender.send(&channel, &Message::new("hello")).await.unwrap_err();
    assert_eq!(failure.why, Why::Unknown(Unknown::TimedOut));
    assert!(!failure.is_undelivered());
    let server = TrickServer::start(Trick::Reset).await;
    assert_eq!(why(&server, Kind::Slack).await, Why::Unknown(Unknown::Broken));
    assert_eq!(server.requests().len(), 1, "it is sent once only");
}

#[tokio::test]
async fn an_answer_is_understood() {
    let pause = Some(Duration::from_secs(30));
    let server = TrickServer::answering("429 Too Many Requests", "retry-after: 30\r\n").await;
    assert_eq!(why(&server, Kind::Slack).await, Why::Throttled { retry_after: pause });
    let server = TrickServer::start(Trick::Answer(answer("404 Not Found", "", "no_service"))).await;
    assert_eq!(why(&server, Kind::Slack).await, refused(404, Some("no_service")));
    let server = TrickServer::answering("410 Gone", "").await;
    let failure = send_to(&server, Kind::Url, Message::new("hello")).await.unwrap_err();
    assert!(failure.is_gone() && failure.is_undelivered());
    let server = TrickServer::answering("500 Internal Server Error", "").await;
    assert_eq!(why(&server, Kind::Url).await, Why::Unknown(Unknown::Answered(500)));
    let text =
        "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId x";
    let server = TrickServer::start(Trick::Answer(answer("200 OK", "", text))).await;
    assert_eq!(why(&server, Kind::Teams).await, Why::Throttled { retry_after: None });
}

#[tokio::test]
async fn an_endless_answer_is_left_after_its_beginning() {
    let server = TrickServer::start(Trick::Endless).await;
    let begin = Instant::now();
    send_to(&server, Kind::Url, Message::new("hello")).await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn what_is_not_allowed_is_never_connected_to() {
    let server = TrickServer::answering("200 OK", "").await;
    let port = server.address.port();
    // The channel was allowed when it was made; the sender's list is another one by now.
    let hosts = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "localhost.localdomain"];
    let once = allowed(&hosts);
    let url = |scheme: &str, host: &str| format!("{scheme}://{host}:{port}{PATH}");
    let urls: Vec<String> = hosts.iter().flat_map(|host| [url("http", host), url("https", host)]).collect();
    let others = [
        allowed(&[]),
        allowed(&["127.0.0.2", "example.com"]),
        allowed(&["127.0.0.1:1", "localhost:1", "[::ffff:127.0.0.1]:1"]),
    ];
    for list in others {
        let sender = sender(list);
        for url in &urls {
            let channel = Channel::new(Kind::Url, url, &once).unwrap();
            let failure = sender.send(&channel, &Message::new("hello")).await.unwrap_err();
            assert!(matches!(failure.why, Why::NotSent(NotSent::NotAllowed(_))), "{url}: {failure}");
        }
    }
    assert_eq!((server.connections(), server.requests().len()), (0, 0));
}

#[tokio::test]
async fn localhost_is_reached_when_it_is_allowed() {
    let server = TrickServer::answering("200 OK", "").await;
    let url = format!("http://localhost:{}{PATH}", server.address.port());
    assert!(Channel::new(Kind::Slack, &url, &allowed(&[])).is_err());
    for entry in ["localhost".to_owned(), format!("LOCALHOST.:{}", server.address.port())] {
        let allowed = allowed(&[&entry]);
        let channel = Channel::new(Kind::Slack, &url, &allowed).unwrap();
        sender(allowed).send(&channel, &Message::new("hello")).await.unwrap();
    }
    assert_eq!(server.requests().len(), 2);
}

/// Settings of the environment are those of a process, so another process runs the first test again.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_of_the_environment_is_not_used() {
    let proxy = TrickServer::answering("502 Bad Gateway", "").await;
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "a_notification_arrives_whole"]).env_remove("NO_PROXY").env_remove("no_proxy");
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        again.env(name, proxy.url(""));
    }
    let output = tokio::task::spawn_blocking(move || again.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(proxy.connections(), 0);
}

#[tokio::test]
async fn a_refused_connection_and_a_failed_handshake_are_certainly_unsent() {
    // A port that was just free: nobody listens on it.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let free = listener.local_addr().unwrap();
    drop(listener);
    let plain = TrickServer::answering("200 OK", "").await;
    let allowed = allowed(&["127.0.0.1"]);
    let sender = Sender::new(Options { allowed: allowed.clone(), timeout: Duration::from_millis(500) }).unwrap();
    for url in [format!("http://{free}{PATH}"), format!("https://{}{PATH}", plain.address)] {
        let channel = Channel::new(Kind::Url, &url, &allowed).unwrap();
        let failure = sender.send(&channel, &Message::new("hello")).await.unwrap_err();
        let is_expected = matches!(failure.why, Why::NotSent(NotSent::Connect | NotSent::TimedOut));
        assert!(is_expected && failure.is_undelivered(), "{failure:?}");
    }
    assert!(plain.requests().is_empty());
}

/// What it shows, and what its causes show.
fn everything_of(failure: &Failure) -> String {
    let mut shown = format!("{failure} {failure:?}");
    let mut source = failure.source();
    while let Some(cause) = source {
        shown = format!("{shown} {cause} {cause:?}");
        source = cause.source();
    }
    shown
}

#[tokio::test]
async fn failures_show_the_host_and_no_more() {
    let tricks = [
        Trick::Reset,
        Trick::Answer(answer("404 Not Found", "", "no such webhook: s3cr3t")),
        Trick::Answer(answer("302 Found", "location: http://127.0.0.1/s3cr3t\r\n", "s3cr3t")),
        Trick::Answer("SMTP ready s3cr3t\r\n\r\n".to_owned()),
    ];
    for trick in tricks {
        let server = TrickServer::start(trick).await;
        for kind in [Kind::Slack, Kind::Teams, Kind::Url] {
            let failure = send_to(&server, kind, Message::new("Ana Pérez")).await.unwrap_err();
            let shown = everything_of(&failure);
            assert!(failure.to_string().starts_with("127.0.0.1: "), "{failure}");
            assert!(!shown.contains("s3cr3t") && !shown.contains("services") && !shown.contains("Ana"), "{shown}");
        }
    }
}
