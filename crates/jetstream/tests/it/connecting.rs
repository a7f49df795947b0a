//! What the first connect tells apart.

use std::time::Duration;

use secrecy::SecretString;
use tandem_jetstream::{Credentials, Error, JetStream, Options, connect_waiting};
use tandem_policy::ErrorClass;
use tandem_testkit::servers::Nats;
use tandem_testkit::{eventually, free_port};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::{LONG, connect, options};

async fn refused(options: &Options) -> Error {
    let error = JetStream::connect(options).await.unwrap_err();
    assert!(!error.to_string().contains("hush"), "{error}");
    error
}

#[tokio::test]
async fn nobody_there_is_worth_waiting_for() {
    let error = refused(&options(format!("nats://ann:hush@127.0.0.1:{}", free_port()))).await;
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert_eq!(error.class(), ErrorClass::Transient);
    let error = refused(&options("nats://ann:hush@nowhere.invalid")).await;
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn waiting_ends_when_the_server_comes() {
    let server = Nats::start();
    server.stop();
    let options = options(server.url());
    let waiting = tokio::spawn(async move { connect_waiting(&options).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    server.start_again();
    let connection = tokio::time::timeout(LONG, waiting).await.unwrap().unwrap().unwrap();
    assert!(connection.is_connected());
}

#[tokio::test]
async fn wrong_credentials_are_refused_for_good_and_right_ones_work_in_each_form() {
    let server = Nats::builder().user("ann", "right").start();
    let address = format!("127.0.0.1:{}", server.port());
    for wrong in ["", "ann:hush@", "hush@"] {
        let options = options(format!("nats://{wrong}{address}"));
        let error = refused(&options).await;
        assert!(matches!(error, Error::Refused { .. }), "{error:?}");
        assert!(error.to_string().contains(&address), "{error}");
        // Waiting would be in vain.
        let waited = tokio::time::timeout(LONG, connect_waiting(&options)).await.unwrap();
        assert_eq!(waited.unwrap_err().class(), ErrorClass::Permanent);
    }
    JetStream::connect(&options(format!("nats://ann:right@{address}"))).await.unwrap();
    let password = Credentials::Password { user: "ann".to_owned(), password: SecretString::from("right") };
    let options = Options { credentials: password, ..options(format!("nats://{address}")) };
    let connection = JetStream::connect(&options).await.unwrap();
    assert_eq!(connection.servers(), address);
    assert!(!format!("{connection:?} {options:?}").contains("right"));
}

#[tokio::test]
async fn a_server_without_jetstream_is_named_as_one() {
    let server = Nats::builder().without_jetstream().start();
    let error = refused(&options(server.url())).await;
    assert!(matches!(error, Error::NoJetStream { .. }), "{error:?}");
    assert_eq!(error.class(), ErrorClass::Permanent);
}

#[tokio::test]
async fn a_server_that_is_too_old_is_refused_with_its_version() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let info = "{\"server_id\":\"old\",\"version\":\"2.9.10\",\"max_payload\":1048576,\"headers\":true,\"jetstream\":true}";
        socket.write_all(format!("INFO {info}\r\n").as_bytes()).await.unwrap();
        let mut heard = vec![0; 4096];
        while socket.read(&mut heard).await.is_ok_and(|count| count > 0) {
            socket.write_all(b"PONG\r\n").await.unwrap();
        }
    });
    let error = refused(&options(format!("nats://127.0.0.1:{port}"))).await;
    assert_eq!(error.class(), ErrorClass::Permanent);
    let text = error.to_string();
    assert!(text.contains("2.9.10") && text.contains("2.12.0"), "{text}");
}

#[tokio::test]
async fn a_credentials_file_that_is_none_is_said_to_be_so() {
    let credentials = Credentials::CredentialsFile(SecretString::from("hush"));
    let error = refused(&Options { credentials, ..options("nats://127.0.0.1:4222") }).await;
    assert!(matches!(error, Error::Options(_)) && error.to_string().contains("credentials file"), "{error:?}");
}

#[tokio::test]
async fn a_connection_comes_back_by_itself() {
    let server = Nats::start();
    let connection = connect(&server).await;
    server.kill();
    eventually("the loss to be noticed", LONG, async || (!connection.is_connected()).then_some(())).await;
    server.start_again();
    eventually("the connection", LONG, async || connection.is_connected().then_some(())).await;
    let _: tandem_jetstream::async_nats::jetstream::account::Account = connection.api("INFO", &()).await.unwrap();
}
