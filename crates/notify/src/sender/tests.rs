//! Names whose addresses the test chooses: where is connected to, and where not.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use super::*;
use crate::{Kind, Unknown};

/// Long enough to see a connection that must not come.
const MOMENT: Duration = Duration::from_millis(300);

/// A lookup with one answer, and how often it was asked.
fn lookup(answer: Result<&'static str, io::ErrorKind>) -> (Lookup, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let lookup: Lookup = Arc::new(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move { answer.map(|address| vec![address.parse().unwrap()]).map_err(io::Error::from) })
    });
    (lookup, asked)
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn send(url: &str, allowed: &[&str], lookup: &Lookup) -> Failure {
    let allowed = Allowed::new(allowed).unwrap();
    let channel = Channel::new(Kind::Url, url, &allowed).unwrap();
    let options = Options { allowed, timeout: Duration::from_secs(2) };
    let sender = Sender::with_lookup(options, lookup).unwrap();
    sender.send(&channel, &Message::new("hello")).await.unwrap_err()
}

#[tokio::test]
async fn a_public_name_with_a_private_address_is_never_connected_to() {
    let (listener, address) = listener().await;
    let (lookup, asked) = lookup(Ok("127.0.0.1:0"));
    let failure = send(&format!("https://hooks.example.com:{}/x", address.port()), &[], &lookup).await;
    assert_eq!(failure.why, Why::NotSent(NotSent::Private));
    assert!(failure.is_undelivered());
    assert_eq!(asked.load(Ordering::Relaxed), 1, "the name is asked for once");
    assert!(tokio::time::timeout(MOMENT, listener.accept()).await.is_err(), "somebody connected");
}

#[tokio::test]
async fn a_name_that_is_allowed_is_connected_to_whatever_its_address() {
    let (listener, address) = listener().await;
    let (lookup, asked) = lookup(Ok("127.0.0.1:0"));
    let url = format!("http://hooks.example.com:{}/x", address.port());
    let entry = format!("hooks.example.com:{}", address.port());
    let allowed = [entry.as_str()];
    // Takes the beginning and hangs up.
    let accept = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read(&mut [0; 4096]).await.unwrap()
    };
    let (failure, length) = tokio::join!(send(&url, &allowed, &lookup), accept);
    assert!(length > 0);
    assert!(matches!(failure.why, Why::Unknown(Unknown::Broken)), "{failure:?}");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_name_without_an_address_is_told() {
    let (lookup, _) = lookup(Err(io::ErrorKind::NotFound));
    let failure = send("https://hooks.example.com/s3cr3t", &[], &lookup).await;
    assert_eq!(failure.why, Why::NotSent(NotSent::Name));
    assert_eq!(failure.to_string(), "hooks.example.com: not sent: the name has no address");
}

#[tokio::test]
async fn a_lookup_that_takes_too_long_is_not_sent() {
    let lookup: Lookup = Arc::new(|_| Box::pin(std::future::pending()));
    let failure = send("https://hooks.example.com/s3cr3t", &[], &lookup).await;
    assert_eq!(failure.why, Why::NotSent(NotSent::TimedOut));
}
