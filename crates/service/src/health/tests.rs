use std::future::IntoFuture;
use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::Supervisor;

/// One request over a real socket.
async fn get(router: &Router, path: &str) -> (StatusCode, String) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(axum::serve(listener, router.clone()).into_future());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: tandem\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    server.abort();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

fn health() -> Health {
    Health::new(Metrics::new(), Supervisor::new(Duration::ZERO).readiness())
}

#[tokio::test]
async fn ready_names_the_check_that_fails_and_hides_its_reason() {
    let router = health()
        .check("store", || async { Ok::<(), String>(()) })
        .check("queue", || async { Err("disk path /secret is full".to_owned()) })
        .router();
    assert_eq!(get(&router, "/live").await.0, StatusCode::OK);
    let (status, body) = get(&router, "/ready").await;
    assert_eq!((status, body.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "not ready: queue\n"));
}

#[tokio::test]
async fn check_that_hangs_is_a_check_that_failed() {
    let router = health()
        .check("queue", std::future::pending::<Result<(), String>>)
        .check_limit(Duration::from_millis(10))
        .router();
    let (status, body) = get(&router, "/ready").await;
    assert_eq!((status, body.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "not ready: queue\n"));
}

#[tokio::test]
async fn ready_ends_with_the_stop_and_live_goes_on() {
    let supervisor = Supervisor::new(Duration::ZERO);
    let router = Health::new(Metrics::new(), supervisor.readiness()).router();
    assert_eq!(get(&router, "/ready").await, (StatusCode::OK, "ready\n".to_owned()));
    let (_stops, receiver) = tokio::sync::mpsc::channel(1);
    supervisor.run(receiver).await.unwrap();
    let (status, body) = get(&router, "/ready").await;
    assert_eq!((status, body.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "not ready: shutting down\n"));
    assert_eq!(get(&router, "/live").await.0, StatusCode::OK);
}

#[tokio::test]
async fn metrics_are_served_as_text() {
    let metrics = Metrics::new();
    metrics.event_accepted("ghl");
    let router = Health::new(metrics, Supervisor::new(Duration::ZERO).readiness()).router();
    let (status, body) = get(&router, "/metrics").await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("tandem_events_accepted_total{provider=\"ghl\"} 1"), "{body}");
}
