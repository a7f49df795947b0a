//! Somebody's channel: takes messages over HTTP and answers as it is told.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tandem_tests::{eventually, http};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

const LIMIT: Duration = Duration::from_secs(45);

/// What is done with a message.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    /// It is answered with this status.
    Status(u16),
    /// It is taken, and nothing comes back for long.
    Hang,
}

pub(crate) struct Receiver {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Value>>>,
    answer: Arc<Mutex<Answer>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (taken, answer) = (Arc::<Mutex<Vec<Value>>>::default(), Arc::new(Mutex::new(Answer::Status(200))));
        let (ours, how) = (Arc::clone(&taken), Arc::clone(&answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take(stream, Arc::clone(&ours), *how.lock().unwrap()));
            }
        });
        Self { address, taken, answer }
    }

    /// The lines of a configuration with this channel in the place of Slack's, and its address in a file.
    pub(crate) fn configured(&self, folder: &Path, channels: &str) -> String {
        let secret = folder.join("channel");
        std::fs::write(&secret, format!("http://{}/hook/secret-token", self.address)).unwrap();
        let place = format!("url: \"file:{}\"", secret.display());
        let ours = channels.replace("slack: \"${SALES_SLACK_URL}\"", &place);
        assert_ne!(ours, channels, "there is no channel in {channels}");
        let (head, rest) = ours.split_once("notifications:").unwrap();
        let rest = rest.trim_end();
        format!("{head}notifications:{rest}\n  allowed_hosts: ['{}']", self.address)
    }

    /// The same, as environment variables of a program.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("TANDEM_NOTIFICATIONS__CHANNELS__SALES__URL", format!("http://{}/hook/secret-token", self.address)),
            ("TANDEM_NOTIFICATIONS__ALLOWED_HOSTS", self.address.to_string()),
        ]
    }

    /// Waits for these texts, in any order, and sees that there are no others.
    pub(crate) async fn told(&self, texts: &[&str]) {
        let mut expected: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        expected.sort();
        let sorted = || {
            let mut texts = self.texts();
            texts.sort();
            texts
        };
        eventually("the messages", LIMIT, || (sorted().len() >= expected.len()).then_some(())).await;
        // One too many would come about now.
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(sorted(), expected);
    }

    pub(crate) fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// The texts that came.
    pub(crate) fn texts(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap();
        taken.iter().map(|message| message["text"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// One message per connection.
async fn take(mut stream: TcpStream, taken: Arc<Mutex<Vec<Value>>>, how: Answer) {
    let Ok(message) = http::read(&mut stream).await else { return };
    let text = String::from_utf8_lossy(&message);
    let Some((_, body)) = text.split_once("\r\n\r\n") else { return };
    taken.lock().unwrap().push(serde_json::from_str(body).unwrap_or_default());
    let status = match how {
        Answer::Status(status) => status,
        Answer::Hang => {
            tokio::time::sleep(Duration::from_mins(2)).await;
            return;
        }
    };
    let answer = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
    // Whoever asked may have gone.
    drop(stream.write_all(answer.as_bytes()).await);
}
