//! A stop: nothing new is accepted, what is in flight gets its answer.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::eventually::eventually;
use crate::server::{Server, config, contact_update, memory};

const LIMIT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn what_is_in_flight_is_finished_and_nothing_new_is_accepted() {
    let config = tandem_ingest::Config { max_in_flight: 1, ..config() };
    let server = Server::start_with(config, memory(), jiff::Timestamp::now).await;
    let body = contact_update("w1");
    let mut slow = server.ghl_head(&body).await;
    slow.send(&body[..10]).await;
    eventually("the request is under way", async || server.ghl(b"{}").await.status == 429).await;
    server.shutdown.cancel();
    eventually("the port is closed", async || TcpStream::connect(server.address).await.is_err()).await;
    assert!(!server.task.is_finished());
    slow.send(&body[10..]).await;
    assert!(slow.reply().await.is("accepted"));
    assert_eq!(server.stored().await.len(), 1);
    tokio::time::timeout(LIMIT, server.task).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn half_a_request_head_does_not_hold_up_the_stop() {
    let server = Server::start(memory()).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    silent.write_all(b"POST /webhooks/ghl HTTP/1.1\r\nhost: ").await.unwrap();
    assert!(server.ghl(&contact_update("w1")).await.is("accepted"));
    server.shutdown.cancel();
    tokio::time::timeout(LIMIT, server.task).await.unwrap().unwrap().unwrap();
}
