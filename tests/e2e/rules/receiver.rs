//! Somebody's channel: takes messages over HTTP and answers as it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What is done with a message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer {
    /// It is answered with this status.
    Status(u16),
    /// It is taken, and nothing comes back for long.
    Hang,
}

pub(super) struct Receiver {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Value>>>,
    answer: Arc<Mutex<Answer>>,
}

impl Receiver {
    pub(super) async fn start() -> Self {
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

    pub(super) fn url(&self) -> String {
        format!("http://{}/hook/secret-token", self.address)
    }

    pub(super) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(super) fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// The texts that came.
    pub(super) fn texts(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap();
        taken.iter().map(|message| message["text"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// One message per connection.
async fn take(mut stream: TcpStream, taken: Arc<Mutex<Vec<Value>>>, how: Answer) {
    let mut read = Vec::new();
    let body = loop {
        let mut part = [0; 4096];
        let Ok(count @ 1..) = stream.read(&mut part).await else { return };
        read.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            break body.to_owned();
        }
    };
    taken.lock().unwrap().push(serde_json::from_str(&body).unwrap_or_default());
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
