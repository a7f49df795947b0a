//! Streams and consumers that are there already, and requests.

use std::time::Duration;

use tandem_jetstream::async_nats::jetstream::consumer::{AckPolicy, pull};
use tandem_jetstream::async_nats::jetstream::stream::{Config, Info};
use tandem_jetstream::{Error, JetStream};
use tandem_policy::ErrorClass;
use tandem_testkit::servers::Nats;

use crate::connect;

fn config() -> Config {
    Config { name: "S".to_owned(), subjects: vec!["s.>".to_owned()], num_replicas: 1, ..Config::default() }
}

fn consumer(number: usize, ack_wait: Duration) -> pull::Config {
    pull::Config {
        durable_name: Some(format!("c{number}")),
        filter_subject: format!("s.{number}.>"),
        ack_policy: AckPolicy::Explicit,
        ack_wait,
        max_deliver: -1,
        ..pull::Config::default()
    }
}

#[tokio::test]
async fn a_stream_is_made_once_and_what_an_operator_adds_is_left_alone() {
    let server = Nats::start();
    let connection = connect(&server).await;
    connection.ensure_stream(config()).await.unwrap();
    connection.ensure_stream(config()).await.unwrap();
    let described = Config { description: Some("ours".to_owned()), ..config() };
    let _: Info = connection.api("STREAM.UPDATE.S", &described).await.unwrap();
    let found = connection.ensure_stream(config()).await.unwrap();
    assert_eq!(found.config.description.as_deref(), Some("ours"));
    let error = connection.ensure_stream(Config { max_bytes: 1_000_000, ..config() }).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Permanent);
    assert!(matches!(&error, Error::StreamDiffers { differences, .. } if differences.len() == 1), "{error:?}");
}

#[tokio::test]
async fn more_copies_than_servers_is_a_clear_error() {
    let server = Nats::start();
    let error = connect(&server).await.ensure_stream(Config { num_replicas: 3, ..config() }).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Permanent, "{error:?}");
    assert!(error.to_string().contains("replicas"), "{error}");
}

#[tokio::test]
async fn consumers_are_made_and_changed_and_listed_over_several_pages() {
    let server = Nats::start();
    let connection = connect(&server).await;
    let wait = Duration::from_secs(30);
    let configs = |ack_wait| (0..600).map(|number| consumer(number, ack_wait)).collect::<Vec<_>>();
    let missing = connection.ensure_consumers("S", configs(wait)).await.unwrap_err();
    assert!(JetStream::is_stream_missing(&missing), "{missing:?}");
    connection.ensure_stream(config()).await.unwrap();
    connection.ensure_consumers("S", configs(wait)).await.unwrap();
    assert_eq!(connection.consumers("S").await.unwrap().len(), 600);
    connection.ensure_consumers("S", configs(2 * wait)).await.unwrap();
    let found = connection.consumers("S").await.unwrap();
    assert!(found.len() == 600 && found.iter().all(|info| info.config.ack_wait == 2 * wait));
}
