//! A sender that can misbehave: HTTP/1.1 by hand over a plain socket.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    /// The value of a header; names come in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find_map(|(field, value)| (field == name).then_some(value))
    }

    /// The status in the body of a 200.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.status == 200 && self.body == format!(r#"{{"status":"{word}"}}"#)
    }
}

/// One request on its way.
pub(crate) struct Exchange(TcpStream);

impl Exchange {
    /// Connects and sends the head; the body is announced as `length` bytes.
    pub(crate) async fn open(address: SocketAddr, line: &str, headers: &[(&str, &str)], length: usize) -> Self {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let mut head =
            format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n");
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        socket.write_all(head.as_bytes()).await.unwrap();
        Self(socket)
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    pub(crate) async fn reply(mut self) -> Reply {
        let mut bytes = Vec::new();
        tokio::time::timeout(Duration::from_secs(20), self.0.read_to_end(&mut bytes)).await.unwrap().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Reply { status, head: head.to_owned(), body: body.to_owned() }
    }
}

pub(crate) async fn send(address: SocketAddr, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut exchange = Exchange::open(address, line, headers, body.len()).await;
    exchange.send(body).await;
    exchange.reply().await
}
