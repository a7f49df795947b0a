//! Plain HTTP/1.1: a client over one connection that is kept, cheap enough to load a server with, and free to misbehave; and what
//! servers of tests read.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

/// No answer of a server that works takes longer.
const LIMIT: Duration = Duration::from_secs(30);

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Status line and headers, as they were sent.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Reply {
    /// The value of a header, whose name is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.find_map(|(field, value)| (field.to_lowercase() == name).then_some(value.trim()))
    }

    /// Where a redirect leads.
    pub fn target(&self) -> Option<Url> {
        self.header("location")?.parse().ok()
    }
}

/// One kept connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a request as [`render`] made it and waits for the answer.
    pub async fn send(&mut self, request: &[u8]) -> io::Result<Reply> {
        tokio::time::timeout(LIMIT, self.exchange(request)).await?
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<Reply> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if let Some(reply) = whole(&self.buffer) {
                return Ok(reply);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// The bytes of a request; `line` is method and path.
pub fn render(line: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{line} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}

/// One request on a connection of its own.
pub async fn send(address: SocketAddr, line: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Reply> {
    Connection::open(address).await?.send(&render(line, headers, body)).await
}

/// The value of a series in a process's `/metrics`, where it has one.
pub async fn metric(address: SocketAddr, series: &str) -> Option<f64> {
    let reply = send(address, "GET /metrics", &[], b"").await.ok()?;
    value(&reply.body, series)
}

/// The value of a series in the text format.
pub(crate) fn value(text: &str, series: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
    line.parse().ok()
}

/// The answer, once all of it is there. Answers have a length, unless they say that there is nothing in them.
fn whole(bytes: &[u8]) -> Option<Reply> {
    let end = head_end(bytes)?;
    let head = String::from_utf8_lossy(&bytes[..end]).trim_end().to_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let until = if status == 204 { end } else { length(bytes)? };
    let body = bytes.get(end..until)?;
    Some(Reply { status, body: String::from_utf8_lossy(body).into_owned(), head })
}

/// A request or an answer; one without a length has no body.
pub async fn read(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(4096);
    let end = |bytes: &[u8]| length(bytes).or_else(|| head_end(bytes));
    while end(&bytes).is_none_or(|length| bytes.len() < length) {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(bytes)
}

/// How long a message is, body included, once its head is there.
pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
    let end = head_end(bytes)?;
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let body: usize = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.trim().parse().ok()?;
    Some(end + body)
}

/// Where the body begins, once it does.
pub(crate) fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}
